"""arXiv's announcement of the day: the feed `https://rss.arxiv.org/rss/cs.AI+cs.CL`. Metadata are CC0."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any
from xml.sax import SAXException

import feedparser
from django.conf import settings

from papers.calendar import DAY, EASTERN, announces_on, is_listing_day, latest_feed_day
from papers.sources.answers import check_xml
from papers.sources.base import MAX_ABSTRACT, MAX_TITLE, PaperRecord, RowError, SourceError, StaleAnswer
from papers.sources.fields import RowRefused, check_arxiv_id, check_text, check_title, repository_in
from papers.sources.http import Service, Visit
from papers.sources.pace import take_turns
from papers.text import readable

NAME = "arxiv"
FEED_URL = "https://rss.arxiv.org/rss/"
HOSTS = frozenset({"arxiv.org", "rss.arxiv.org", "export.arxiv.org"})
# One request every three seconds and one connection at a time, over all of its services and all of our machines.
PAUSE = timedelta(seconds=3)
# A new paper, and one that is new in a category we read. The others are new versions of old papers.
NEW = frozenset({"new", "cross"})
REPLACED = frozenset({"replace", "replace-cross"})
CATEGORY = re.compile(r"[a-z]{1,8}(?:-[a-z]{2,4})?(?:\.[A-Za-z-]{2,9})?", re.ASCII)
# "Ada Lovelace, Alan Turing", where a comma may also stand before Jr.
BETWEEN_AUTHORS = re.compile(r",\s+(?!(?:Jr|Sr)\b|I{1,3}V?\b(?=,|$))")


def service_at(url: str) -> Service:
    return Service(NAME, url, HOSTS, take_turns(NAME, PAUSE))


class Arxiv:
    """The latest announcement in the categories of the settings. It says nothing of when a paper is listed or read."""

    name = NAME
    every = timedelta(hours=6)

    def __init__(self, url: str = FEED_URL, categories: Sequence[str] | None = None) -> None:
        self.url = url
        self.categories = list(settings.PAPERS_ARXIV_CATEGORIES if categories is None else categories)

    def question(self, at: datetime) -> str:
        return f"the announcement of {', '.join(self.categories)}"

    def why_empty(self, at: datetime) -> str:
        day = at.astimezone(EASTERN).date()
        if announces_on(day - DAY):
            return "The feed has no papers, although an announcement was due."
        return f"No announcement: {'a holiday at arXiv' if is_listing_day(day) else 'it is the weekend'}."

    def fetch(self, at: datetime) -> Iterator[PaperRecord | RowError | StaleAnswer]:
        """Yield every paper of the feed. Raises SourceError when it cannot be read."""
        with Visit(service_at(self.url), at) as visit:
            url = self.url + "+".join(self.categories)
            answer = visit.get(url, check=lambda answer: check_xml(answer.body, NAME, "rss"))
        feed = _parse(answer.body)
        yield from (_row(entry, number) for number, entry in enumerate(feed.entries, start=1))
        yield from _report_stale(feed, at)


def _parse(body: bytes) -> Any:
    """Return the feed as feedparser reads it. The text of arXiv is plain, so nothing in it is taken for HTML."""
    feed = feedparser.parse(BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    if isinstance(feed.get("bozo_exception"), SAXException):
        raise SourceError(f"{NAME} answered with XML that is broken: {feed.bozo_exception}.", permanent=False)
    return feed


def _report_stale(feed: Any, at: datetime) -> Iterator[StaleAnswer]:
    """Say so when the feed is older than the latest announcement. On days without one it may be dated today, or not."""
    told, due = _day_of(feed.feed.get("published", "")), latest_feed_day(at)
    if told is None:
        yield StaleAnswer(f"Expected the announcement of {due}; the feed does not say of which day it is.")
    elif told < due:
        yield StaleAnswer(f"Expected the announcement of {due}; the feed is that of {told}.")


def _day_of(published: str) -> date | None:
    try:
        return parsedate_to_datetime(published).astimezone(EASTERN).date()
    except ValueError:
        return None


def _row(entry: Any, number: int) -> PaperRecord | RowError:
    try:
        return _record(entry)
    except RowRefused as err:
        return RowError(f"feed item {number}", str(err))


def _record(entry: Any) -> PaperRecord:
    kind = entry.get("arxiv_announce_type", "")
    if kind not in NEW | REPLACED:
        raise RowRefused(f"unknown announce type {kind[:30]!r}")
    _, marked, told = check_text(entry.get("summary"), "description", MAX_ABSTRACT).partition("Abstract:")
    abstract = told if marked else ""
    return PaperRecord(
        arxiv_id=check_arxiv_id(entry.get("link", "").rpartition("/abs/")[2]),
        doi=check_text(entry.get("arxiv_doi"), "DOI", MAX_TITLE) or None,
        title=check_title(entry.get("title")),
        authors=split_authors(check_text(entry.get("author"), "creator", MAX_ABSTRACT)),
        abstract=readable(abstract),
        categories=check_categories([tag.get("term") for tag in entry.get("tags", [])]),
        github_url=github_url_in(abstract),
        is_update=kind in REPLACED,
    )


def split_authors(told: str) -> tuple[str, ...]:
    names = (readable(name) for name in BETWEEN_AUTHORS.split(told))
    return tuple(name for name in names if name)


def check_categories(codes: Sequence[object]) -> tuple[str, ...]:
    """Return the categories, the primary one first: every paper has one. What is no category is left out."""
    known = [code for code in codes if isinstance(code, str) and CATEGORY.fullmatch(code)]
    if not known:
        raise RowRefused("no category")
    return tuple(dict.fromkeys(known))


def github_url_in(text: str) -> str:
    """Return the address of the first GitHub repository that the authors' own words link to, or nothing."""
    repository = repository_in(text)
    return f"https://github.com/{repository}" if repository else ""
