"""The lists and papers of the site for programs: read-only JSON."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, P, PathEx, Query, Router, Schema

from papers.finding import NotFound, topic_named, visible_paper
from papers.links import absolute
from papers.models import Paper, Topic, TrendingScore
from papers.search import MAX_QUERY, search
from papers.text import collapse

router = Router(tags=["papers"])

Row = TypeVar("Row")


class Problem(Schema):
    """Why there is no answer."""

    detail: str


class Complaint(Schema):
    """What is wrong with one part of a request."""

    type: str
    loc: list[str | int] = Field(description="Where it stands, from the outside in.")
    msg: str


class Invalid(Schema):
    """A request that cannot be understood."""

    detail: list[Complaint]


# What any request may meet; NOT_FOUND where it names something.
ERRORS = {422: Invalid, 429: Problem}
NOT_FOUND = {404: Problem} | ERRORS


class Paging(Schema):
    """Which part of a list is asked for."""

    limit: int = Field(20, ge=1, le=100, description="How many at most.")
    offset: int = Field(0, ge=0, le=10_000, description="How many to leave out before them.")

    def cut(self, rows: Sequence[Row] | QuerySet[Any, Row]) -> tuple[int, list[Row]]:
        """Return how many rows there are, and those that are asked for."""
        count = rows.count() if isinstance(rows, QuerySet) else len(rows)
        return count, list(rows[self.offset : self.offset + self.limit])

    def part_of(self, count: int) -> dict[str, int]:
        """Return what a PartOfList says of itself."""
        return {"count": count, "limit": self.limit, "offset": self.offset}


class AskedList(Paging):
    day: date | None = Field(None, description="The latest list unless a day is given.")


class AskedWords(Paging):
    q: str = Field(max_length=MAX_QUERY, description="Words of a title, an author’s name, a keyword.")


class PartOfList(Schema):
    count: int = Field(description="How many the whole list has.")
    limit: int
    offset: int


class TopicOut(Schema):
    """What papers are about: a subject that editors keep, or an arXiv category."""

    slug: str
    name: str
    kind: Literal["category", "keywords"]
    url: str = Field(description="Its page.")

    @staticmethod
    def resolve_url(topic: Topic) -> str:
        return absolute(topic.get_absolute_url())


class CountedTopic(TopicOut):
    paper_count: int


class Topics(Schema):
    items: list[CountedTopic]


class PaperOut(Schema):
    """A paper. Ids, dates and texts that no source told are null or empty."""

    id: int
    url: str = Field(description="Its page here.")
    title: str
    authors: list[str]
    summary: str
    abstract: str
    keywords: list[str]
    arxiv_id: str | None
    doi: str | None
    published_on: date | None
    listed_on: date | None = Field(description="The day it came on a daily list.")
    primary_category: str
    topics: list[TopicOut]
    counts: dict[str, int] = Field(description="The last count read of each kind of attention.")
    source_url: str
    github_url: str
    project_url: str
    is_sample: bool = Field(description="Whether it comes from the bundled catalogue, its days moved to the present.")

    @staticmethod
    def resolve_url(paper: Paper) -> str:
        return absolute(paper.get_absolute_url())


class Papers(PartOfList):
    items: list[PaperOut]


class PartOut(Schema):
    """What one kind of attention adds to a score; /about/trending explains it."""

    kind: str
    points: float
    gain: int | None = None
    since: str | None = None
    decayed: float | None = None
    usual: float | None = None
    times: float | None = None
    cohort: str | None = None


class ScoredPaper(Schema):
    rank: int
    score: float
    attention: str = Field(description="The parts in words.")
    parts: list[PartOut]
    paper: PaperOut


class Trending(PartOfList):
    """A list of what trends, as it stood at the end of `day`."""

    window: Literal["day", "week", "month"]
    day: date | None = Field(description="Null when nothing has been ranked yet.")
    items: list[ScoredPaper]


@router.get("/trending/{window}", response={200: Trending} | NOT_FOUND, summary="What trends by day, week or month")
def list_trending(
    request: HttpRequest,
    window: Literal["day", "week", "month"],
    asked: Query[AskedList],
) -> dict[str, Any]:
    listed_on = asked.day or TrendingScore.objects.latest_day(window)
    ranked = TrendingScore.objects.ranked(window, listed_on) if listed_on else TrendingScore.objects.none()
    count, scores = asked.cut(ranked.prefetch_related("paper__topics"))
    if asked.day and not count:
        raise NotFound(f"There is no list of {asked.day}.")
    items = [
        {"rank": rank, "score": score.score, "attention": score.in_words, "parts": score.parts, "paper": score.paper}
        for rank, score in enumerate(scores, start=asked.offset + 1)
    ]
    return {"window": window, "day": listed_on, "items": items} | asked.part_of(count)


@router.get("/papers/{paper_id}", response={200: PaperOut} | NOT_FOUND, summary="One paper")
def get_paper(request: HttpRequest, paper_id: PathEx[int, P(ge=1, le=2**63 - 1)]) -> Paper:
    return visible_paper(paper_id)


@router.get("/topics", response={200: Topics} | ERRORS, summary="All topics")
def list_topics(request: HttpRequest) -> dict[str, Any]:
    return {"items": list(Topic.objects.with_paper_counts())}


@router.get("/topics/{slug}/papers", response={200: Papers} | NOT_FOUND, summary="The papers of a topic")
def list_papers_of_topic(request: HttpRequest, slug: str, paging: Query[Paging]) -> dict[str, Any]:
    """What trends this month first, then the newest."""
    window = TrendingScore.Window.MONTH
    papers = Paper.objects.visible().filter(topics=topic_named(slug))
    papers = papers.trending_first(window, TrendingScore.objects.latest_day(window)).prefetch_related("topics")
    count, items = paging.cut(papers)
    return {"items": items} | paging.part_of(count)


@router.get("/search", response={200: Papers} | ERRORS, summary="Papers by words")
def list_found(request: HttpRequest, asked: Query[AskedWords]) -> dict[str, Any]:
    """The best matches first."""
    count, items = asked.cut(search(collapse(asked.q)))
    return {"items": items} | asked.part_of(count)
