"""What editors say above the papers: plain text, in paragraphs, in which addresses of pages become links. Pure."""

import re
from collections.abc import Iterator
from html import escape

from django.utils.safestring import SafeString, mark_safe

URL = re.compile(r"https?://[^\s<>\"”]+")
# What ends a sentence, or closes what was opened before the address, is none of it.
AFTER = ".,;:!?'’»"
BRACKETS = {")": "(", "]": "["}


def paragraphs_of(note: str) -> list[str]:
    """Return the paragraphs of `note`, which empty lines part; a paragraph may have several lines."""
    return [part.strip("\n") for part in re.split(r"\n\n+", note) if part.strip()]


def linked(paragraph: str) -> SafeString:
    """Return a paragraph as HTML: words escaped, lines kept, addresses of pages as links to them."""
    parts, end = [], 0
    for start, url in _urls(paragraph):
        parts += [_escaped(paragraph[end:start]), f'<a href="{escape(url)}">{escape(url)}</a>']
        end = start + len(url)
    return mark_safe("".join([*parts, _escaped(paragraph[end:])]))  # noqa: S308  each part is escaped above


def links_in(words: str) -> list[str]:
    """Return the addresses of pages in `words`."""
    return [url for _, url in _urls(words)]


def _urls(words: str) -> Iterator[tuple[int, str]]:
    """Yield where in `words` an address of a page begins, and the address."""
    for found in URL.finditer(words):
        yield found.start(), _without_what_follows(found.group())


def _escaped(words: str) -> str:
    return escape(words).replace("\n", "<br />")


def _without_what_follows(url: str) -> str:
    url = url.rstrip(AFTER)
    while (opening := BRACKETS.get(url[-1])) and url.count(url[-1]) > url.count(opening):
        url = url[:-1].rstrip(AFTER)
    return url
