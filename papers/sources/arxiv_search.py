"""What arXiv's search tells on request: past days, for filling gaps, and single papers that somebody likes."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import arxiv
from arxiv import _feed
from django.conf import settings

from papers.sources.answers import check_xml
from papers.sources.arxiv import NAME, check_categories, github_url_in, service_at
from papers.sources.base import MAX_ABSTRACT, MAX_TITLE, PaperRecord, RowError, SourceError
from papers.sources.fields import RowRefused, check_arxiv_id, check_text, check_title
from papers.sources.http import BUDGET, Answer, Visit
from papers.text import readable

SEARCH_URL = "https://export.arxiv.org/api/query"
# arXiv allows two thousand, and takes its time for them.
PAGE_SIZE = 500
BUDGET_OF_A_DAY = timedelta(minutes=5)
# An entry that says that something is wrong with the question, in an answer that is otherwise good.
MARK_OF_ERROR = b"arxiv.org/api/errors"


class ArxivSearch:
    """The papers that were submitted from the day `first` to the day `last` (GMT) in the categories of the settings."""

    name = NAME
    every = timedelta(days=1)

    def __init__(self, first: date, last: date, url: str = SEARCH_URL, categories: Sequence[str] | None = None) -> None:
        self.first, self.last, self.url = first, last, url
        self.categories = list(settings.PAPERS_ARXIV_CATEGORIES if categories is None else categories)

    def question(self, at: datetime) -> str:
        return f"submissions from {self.first} to {self.last} in {', '.join(self.categories)}"

    def why_empty(self, at: datetime) -> str:
        return "Nothing was submitted on these days, or it is not announced yet."

    def fetch(self, at: datetime) -> Iterator[PaperRecord | RowError]:
        """Yield the papers day by day, so that no question has more answers than arXiv gives."""
        day = self.first
        while day <= self.last:
            with Visit(service_at(self.url), at, budget=BUDGET_OF_A_DAY) as visit:
                for number, result in enumerate(_PacedClient(visit, self.url).results(self._search(day)), start=1):
                    yield _row(result, f"{day} entry {number}")
            day += timedelta(days=1)

    def _search(self, day: date) -> arxiv.Search:
        # One question for all categories: a paper that is in several comes once.
        categories = " OR ".join(f"cat:{category}" for category in self.categories)
        return arxiv.Search(
            query=f"({categories}) AND submittedDate:[{day:%Y%m%d}0000 TO {day:%Y%m%d}2359]",
            max_results=None,
            sort_by=arxiv.SortCriterion.SubmittedDate,
            sort_order=arxiv.SortOrder.Ascending,
        )


class ArxivPapers:
    """The papers with these ids, in one answer. Ids of no paper are left out of it."""

    # Not that of the feed: how the one fares says nothing of the other.
    name = "arxiv by id"
    every = timedelta(minutes=1)

    def __init__(self, arxiv_ids: Sequence[str], url: str = SEARCH_URL, budget: timedelta = BUDGET) -> None:
        self.arxiv_ids, self.url, self.budget = list(arxiv_ids), url, budget

    def question(self, at: datetime) -> str:
        return f"{len(self.arxiv_ids)} papers by their ids"

    def why_empty(self, at: datetime) -> str:
        return "arXiv knows none of these ids."

    def fetch(self, at: datetime) -> Iterator[PaperRecord | RowError]:
        """Yield the papers that arXiv knows. Raises SourceError when it cannot be read."""
        ids, count = ",".join(self.arxiv_ids), len(self.arxiv_ids)
        with Visit(service_at(self.url), at, budget=self.budget) as visit:
            answer = visit.get(self.url, {"id_list": ids, "start": 0, "max_results": count}, check=_check_by_id)
        for number, result in enumerate(_feed.parse(answer.body).results, start=1):
            yield _row(result, f"entry {number}")


class _PacedClient(arxiv.Client):  # type: ignore[misc]  # it ships no types
    """The library's client, which knows the pages and the format; it asks through a visit, which knows how to ask."""

    def __init__(self, visit: Visit, url: str) -> None:
        super().__init__(page_size=PAGE_SIZE, delay_seconds=0, num_retries=0)
        self._visit = visit
        self.query_url_format = url + "?{}"

    def _parse_feed(self, url: str, first_page: bool = True, _try_index: int = 0) -> _feed.ParsedFeed:
        start = int(dict(parse_qsl(urlsplit(url).query))["start"])
        answer = self._visit.get(url, check=lambda answer: _check(answer, start))
        return _feed.parse(answer.body)


def _check(answer: Answer, start: int) -> None:
    """Raise SourceError for a page that is none, or that has nothing where there is more: both happen, and pass."""
    feed = _read_page(answer)
    if not feed.results and feed.header.total_results > start:
        raise _empty_page(feed)


def _check_by_id(answer: Answer) -> None:
    """Raise SourceError as for other pages. One that has entries is not empty: those of unknown ids say nothing."""
    feed = _read_page(answer)
    if MARK_OF_ERROR in answer.body:
        raise SourceError(f"{NAME} answered that the question is wrong.", permanent=True)
    if b"<entry" not in answer.body and feed.header.total_results:
        raise _empty_page(feed)


def _read_page(answer: Answer) -> _feed.ParsedFeed:
    check_xml(answer.body, NAME, "feed")
    try:
        feed = _feed.parse(answer.body)
    except ValueError as err:
        raise SourceError(f"{NAME} answered with a date that is none: {err}.", permanent=False) from err
    if feed.malformed:
        raise SourceError(f"{NAME} answered with XML that is broken: {feed.error}.", permanent=False)
    return feed


def _empty_page(feed: _feed.ParsedFeed) -> SourceError:
    return SourceError(f"{NAME} answered with an empty page, of {feed.header.total_results:,} papers.", permanent=False)


def _row(result: arxiv.Result, position: str) -> PaperRecord | RowError:
    try:
        return _record(result)
    except RowRefused as err:
        return RowError(position, str(err))


def _record(result: arxiv.Result) -> PaperRecord:
    abstract = check_text(result.summary, "summary", MAX_ABSTRACT)
    comment = check_text(result.comment, "comment", MAX_ABSTRACT)
    names = (readable(check_text(author.name, "author", MAX_TITLE)) for author in result.authors)
    return PaperRecord(
        arxiv_id=check_arxiv_id(result.get_short_id()),
        doi=check_text(result.doi, "DOI", MAX_TITLE) or None,
        title=check_title(result.title),
        authors=tuple(name for name in names if name),
        abstract=readable(abstract),
        categories=check_categories([result.primary_category, *result.categories]),
        published_on=result.published.date(),
        github_url=github_url_in(f"{comment}\n{abstract}"),
    )
