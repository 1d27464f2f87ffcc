from django import template

from papers.links import absolute

register = template.Library()

# {{ path|absolute }}: the address under which the world reaches a path.
register.filter("absolute", absolute)
