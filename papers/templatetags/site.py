from django import template

from papers.pages import absolute

register = template.Library()

# {{ path|absolute }}: the address under which the world reaches a path.
register.filter("absolute", absolute)
