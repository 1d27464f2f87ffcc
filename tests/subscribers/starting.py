"""The start page, as tests fill it in and read it."""

import re

from django.test import Client
from django.utils import timezone

from newsletter.models import Edition
from papers.models import Paper, Topic, TrendingScore
from tests.factories import make_edition, make_paper

HTMX = {"HX-Request": "true"}
LISTED_ON = timezone.now().date()


def make_topic(name: str, kind: str = Topic.Kind.KEYWORDS) -> Topic:
    return Topic.objects.create(slug=name.lower().replace(".", "-"), name=name, kind=kind)


def make_trending(*titles: str, topic: Topic | None = None) -> list[Paper]:
    """Papers that trended this month, best first."""
    papers = [make_paper(title=title) for title in titles]
    for paper in papers:
        place = TrendingScore.objects.count()
        TrendingScore.objects.create(
            paper=paper, window="month", day=LISTED_ON, score=100 - place, version="1", scored_at=timezone.now()
        )
        if topic:
            paper.topics.add(topic)
    return papers


def make_todays_edition(*titles: str) -> Edition:
    papers = [make_paper(title=title) for title in titles]
    return make_edition(*papers, closing_at=timezone.now(), period=LISTED_ON.isoformat())


def show(browser: Client, **fields: object) -> str:
    """The whole page that answers the button “Show my digest”."""
    response = browser.post("/subscribe/preview", fields)
    assert response.status_code == 200
    return response.content.decode()


def digest_in(page: str) -> list[str]:
    return re.findall(r"<h3>(.*?)</h3>", page)


def ticked(page: str) -> list[tuple[str, int]]:
    found = re.findall(r'name="(topics|papers)" value="(\d+)" checked', page)
    return [(name, int(value)) for name, value in found]
