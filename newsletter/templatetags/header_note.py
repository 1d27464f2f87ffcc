"""The note above the papers, for mails and pages."""

from django import template

from newsletter.header_note import linked, paragraphs_of

register = template.Library()
register.filter("paragraphs_of", paragraphs_of)
register.filter("linked", linked)
