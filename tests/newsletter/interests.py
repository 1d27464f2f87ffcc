"""The page of what we think a reader likes, as tests read it."""

import re
from html import unescape

from papers.models import Paper
from subscribers.links import preferences_url
from subscribers.models import Subscriber
from tests.subscribers.links import path_of as link_of

OFFERED = (1, 2, 101, 102, 201, 202, 301, 302)
Papers = dict[int, Paper]


def path_of(reader: Subscriber) -> str:
    return link_of(preferences_url, reader).replace("/preferences/", "/interests/")


def stored(reader: Subscriber) -> Subscriber:
    return Subscriber.objects.get(pk=reader.pk)


def text_of(page: str) -> str:
    """What a page says, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main>")[0])).split())


def buttons(page: str) -> list[tuple[str, str]]:
    return [(name, unescape(value)) for name, value in re.findall(r'<button name="(\w+)" value="([^"]*)"', page)]
