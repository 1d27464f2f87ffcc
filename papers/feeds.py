"""The lists as feeds, Atom and RSS alike: every address is the public one, and the same list gives the same bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from xml.sax.xmlreader import AttributesImpl

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.xmlutils import SimplerXMLGenerator

from papers.finding import NotFound, topic_named, words_asked
from papers.keeping import public_page
from papers.links import absolute
from papers.models import Paper, TrendingScore
from papers.search import search

SIZE = 30
# A search is in the order of relevance; of so many best matches the newest are the news.
SEARCHED = 200
AUTHOR = "Paper Route"
# When a feed without entries changed: a moment that moves would announce news at every reading.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# What XML 1.0 cannot hold, escaped or not.
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Item:
    """What one entry of a feed says; `path` is the page about it, and its id for ever."""

    title: str
    path: str
    html: SafeString
    at: datetime
    authors: Sequence[str] = ()


@dataclass(frozen=True)
class Listing:
    """A list as feeds show it; `path` is its page, and `query` what it searches for.

    It changed when its newest item did: that papers change places is no news, nor is another scoring of the same list.
    """

    title: str
    description: str
    path: str
    items: Sequence[Item]
    query: str = ""

    @property
    def changed_at(self) -> datetime:
        return max((item.at for item in self.items), default=NEVER)


class Rss(Rss201rev2Feed):
    def latest_post_date(self) -> datetime:
        changed_at: datetime = self.feed["changed_at"]
        return changed_at


class Atom(Atom1Feed):
    def latest_post_date(self) -> datetime:
        changed_at: datetime = self.feed["changed_at"]
        return changed_at

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        """As Django does, but with each author on their own."""
        super().add_item_elements(handler, item | {"author_name": None})
        for name in item["authors"]:
            handler.startElement("author", AttributesImpl({}))
            handler.addQuickElement("name", name)
            handler.endElement("author")


FORMATS: dict[str, type[Atom] | type[Rss]] = {"atom": Atom, "rss": Rss}


def answer(listing: Listing, request: HttpRequest, form: str) -> HttpResponse:
    """Return `listing` as a feed in the format `form`, at the address it was asked for."""
    address = absolute(request.path + (f"?{urlencode({'q': listing.query})}" if listing.query else ""))
    feed = FORMATS[form](
        title=_xml(listing.title),
        link=absolute(listing.path),
        description=_xml(listing.description),
        subtitle=_xml(listing.description),
        language="en",
        author_name=AUTHOR,
        feed_url=address,
        feed_guid=address,
        changed_at=listing.changed_at,
    )
    for item in listing.items:
        _add(feed, item)
    body = BytesIO()
    feed.write(body, "utf-8")
    return HttpResponse(body.getvalue(), content_type=feed.content_type)


def _add(feed: SyndicationFeed, item: Item) -> None:
    authors = [name for name in map(_xml, item.authors) if name]
    feed.add_item(
        title=_xml(item.title),
        link=absolute(item.path),
        description=_xml(item.html),
        unique_id=absolute(item.path),
        unique_id_is_permalink=True,
        pubdate=item.at,
        updateddate=item.at,
        author_name=", ".join(authors) or None,
        authors=authors,
    )


def _xml(text: str) -> str:
    return NOT_IN_XML.sub("", text)


def about(paper: Paper, *, attention: str = "", note: str = "", at: datetime | None = None) -> Item:
    """Return a paper as an item: news since `at`, or since it became known."""
    said = note or paper.editor_note
    return Item(
        title=paper.title,
        path=paper.get_absolute_url(),
        html=paragraphs(attention, paper.blurb, f"Editor’s note: {said}" if said else ""),
        at=at or paper.news_since,
        authors=paper.authors,
    )


def paragraphs(*texts: str) -> SafeString:
    return format_html_join("", "<p>{}</p>", ([text] for text in texts if text))


@public_page()
def trending(request: HttpRequest, window: str, form: str) -> HttpResponse:
    if window not in TrendingScore.Window.values:
        raise NotFound("There are feeds of what trends by day, by week and by month.")
    day = TrendingScore.objects.latest_day(window)
    scores = list(TrendingScore.objects.ranked(window, day)[:SIZE]) if day else []
    listing = Listing(
        title=f"Paper Route: trending by {window}",
        description=f"The research papers that gained most attention by {window}.",
        path=reverse("trending", args=[window]),
        items=[about(score.paper, attention=score.in_words) for score in scores],
    )
    return answer(listing, request, form)


@public_page()
def topic(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    found = topic_named(slug)
    papers = Paper.objects.visible().filter(topics=found).newest_first()[:SIZE]
    listing = Listing(
        title=f"Paper Route: {found.name}",
        description=f"The newest research papers on {found.name}.",
        path=found.get_absolute_url(),
        items=[about(paper) for paper in papers],
    )
    return answer(listing, request, form)


@public_page(reads=["q"])
def searched(request: HttpRequest, form: str) -> HttpResponse:
    query = words_asked(request)
    papers = sorted(search(query)[:SEARCHED], key=lambda paper: (paper.news_since, paper.key), reverse=True)
    listing = Listing(
        title=f"Paper Route: papers about “{query}”" if query else "Paper Route: a search for nothing",
        description="The newest of the papers that match best.",
        path=f"{reverse('search')}?{urlencode({'q': query})}",
        items=[about(paper) for paper in papers[:SIZE]],
        query=query,
    )
    return answer(listing, request, form)
