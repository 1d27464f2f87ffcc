import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from papers.models import Paper, Topic
from tests.factories import TODAY, make_paper
from tests.papers.pages import YESTERDAY, headlines, make_list, missing, read

pytestmark = pytest.mark.django_db


def make_topic(*papers: Paper, slug: str = "agents", name: str = "Agents", kind: str = Topic.Kind.KEYWORDS) -> Topic:
    topic, _ = Topic.objects.update_or_create(slug=slug, defaults={"name": name, "kind": kind})
    topic.papers.add(*papers)
    return topic


def test_topics_are_listed_with_how_many_papers_they_have(client: Client) -> None:
    Topic.objects.all().delete()
    make_topic(make_paper(), make_paper(), make_paper(is_hidden=True))
    make_topic(slug="cs.XX", name="cs.XX", kind=Topic.Kind.CATEGORY)
    page = read(client, "/topics/")
    assert re.search(r'<a href="/topics/agents/">Agents</a> <span class="count">2<', page)
    assert "cs.XX" not in page


def test_without_topics_there_is_a_page_all_the_same(client: Client) -> None:
    Topic.objects.all().delete()
    assert "There are no topics yet" in read(client, "/topics/")


def test_a_topic_shows_what_trends_in_the_month_then_the_newest(client: Client) -> None:
    old_and_trending = make_paper(title="Trending", listed_on=TODAY - timedelta(days=20))
    papers = [make_paper(title=f"{day}", listed_on=date(2026, 11, day)) for day in (18, 20, 19)]
    undated = make_paper(title="Undated", listed_on=None)
    Paper.objects.filter(pk=undated.pk).update(created_at=datetime(2026, 11, 17, tzinfo=UTC))
    make_topic(old_and_trending, undated, *papers)
    make_paper(title="Of another topic")
    make_list(YESTERDAY, papers[0], window="month")
    make_list(TODAY, old_and_trending, window="month")
    make_list(TODAY, papers[0], window="day")
    assert headlines(read(client, "/topics/agents/")) == ["Trending", "20", "19", "18", "Undated"]


def test_papers_that_only_arxiv_told_of_stand_where_their_news_is(client: Client) -> None:
    rows: list[tuple[str, date | None, date | None, int]] = [
        ("Listed", date(2026, 11, 15), date(2020, 1, 1), 1),
        ("Heard of an hour later", None, None, 23),
        ("Heard of", None, None, 22),
        ("Published", None, date(2026, 11, 13), 1),
        ("Published and heard of with the last", None, date(2026, 11, 12), 0),
        ("Published with the last", None, date(2026, 11, 12), 0),
        ("Old", None, date(2016, 11, 14), 2),
    ]
    # Only the two that tie in all else are in the order of their keys.
    for key, (title, listed_on, published_on, hour) in zip("7465123", rows, strict=True):
        paper = make_paper(title=title, listed_on=listed_on, published_on=published_on, key=key)
        Paper.objects.filter(pk=paper.pk).update(created_at=datetime(2026, 11, 14, hour, tzinfo=UTC))
        make_topic(paper)
    assert headlines(read(client, "/topics/agents/")) == [title for title, *_ in rows]


def test_a_topic_says_how_many_papers_it_shows(client: Client) -> None:
    make_topic(make_paper(), make_paper(), make_paper(is_hidden=True))
    make_paper(is_hidden=True)
    make_topic(make_paper(), slug="video", name="Video")
    assert "2 papers: what trends" in read(client, "/topics/agents/")


def test_a_topic_without_papers_is_a_page(client: Client) -> None:
    make_topic()
    assert "No papers yet" in read(client, "/topics/agents/")


@pytest.mark.parametrize("slug", ["cs.CL", "astro-ph.HE", "weird one", "ünïcode", "a+b"])
def test_every_slug_that_a_source_may_make_has_a_page(client: Client, slug: str) -> None:
    topic = make_topic(make_paper(title="Found"), slug=slug, name=slug, kind=Topic.Kind.CATEGORY)
    assert headlines(read(client, topic.get_absolute_url())) == ["Found"]


@pytest.mark.parametrize("slug", ["nothing", "%00", "cs.cl", "'; DROP TABLE papers_topic; --", "%3Cb%3E", "..."])
def test_an_unknown_topic_is_not_found(client: Client, slug: str) -> None:
    page = missing(client, f"/topics/{slug}/")
    assert "There is no topic" in page
    assert 'href="/topics/"' in page
