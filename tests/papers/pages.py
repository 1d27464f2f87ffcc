"""Reading pages as tests do, and lists for them to show."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

from django.core.cache import caches
from django.test import Client

from papers.models import Paper, Topic, TrendingScore
from papers.scoring import score_papers
from tests.factories import NOW, TODAY, make_paper

ATTACK = "<script>alert(1)</script>"
YESTERDAY = TODAY - timedelta(days=1)


def read(client: Client, url: str, **query: str) -> str:
    """The page as it is now, which must be there."""
    caches["process"].clear()
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def headlines(page: str) -> list[str]:
    """The titles of a list of papers, in the order of the page."""
    return [unescape(title).strip() for title in re.findall(r'<a href="/papers/\d+/">(.*?)</a>', page, re.DOTALL)]


def make_scored_papers(count: int) -> None:
    """Papers with a topic each and one that all share, scored."""
    shared, _ = Topic.objects.get_or_create(slug="cs.CL", defaults={"name": "cs.CL", "kind": Topic.Kind.CATEGORY})
    for _ in range(count):
        paper = make_paper()
        own = Topic.objects.create(slug=paper.arxiv_id or "", name=f"Topic of {paper.pk}", kind=Topic.Kind.CATEGORY)
        paper.topics.add(own, shared)
    score_papers(NOW)


def make_list(day: date, *papers: Paper, window: str = "day") -> None:
    """The list of a day, best first, as it stood at its end."""
    for place, paper in enumerate(papers):
        TrendingScore.objects.create(
            paper=paper,
            window=window,
            day=day,
            score=10.0 - place,
            parts=[{"kind": "upvotes", "gain": 10, "points": 10.0 - place}],
            version="test",
            scored_at=datetime(day.year, day.month, day.day, 23, tzinfo=UTC),
        )


def missing(client: Client, url: str, **query: str) -> str:
    """The page that says why there is none at the address, in text as a reader has it."""
    response = client.get(url, query)
    assert response.status_code == 404
    return unescape(response.content.decode())
