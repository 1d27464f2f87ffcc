from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from django.core.cache import caches
from django.test import Client

from papers.feeds import NEVER
from papers.models import Paper
from papers.scoring import score_papers
from tests.factories import NOW, TODAY, make_edition, make_paper
from tests.feed_rules import Checked, check

pytestmark = pytest.mark.django_db

FORMATS = ("atom", "rss")
CLOSED_AT = datetime(2026, 11, 23, 17, tzinfo=UTC)
ATTACK = "<script>alert(1)</script>"


def read(client: Client, url: str) -> Checked:
    """The feed at `url` as it is now, which must keep all rules."""
    caches["process"].clear()
    response = client.get(url)
    assert response.status_code == 200
    parsed = feedparser.parse(response.content, response_headers={"content-type": response["Content-Type"]})
    assert not parsed.bozo, parsed.get("bozo_exception")
    return check(response.content)


@pytest.mark.parametrize("form", FORMATS)
def test_the_archive_is_a_feed_of_editions(client: Client, form: str) -> None:
    for back in (1, 0):
        make_edition(make_paper(title=f"Lead & {back}"), day=TODAY - timedelta(days=back))
    told = read(client, f"/feeds/editions.{form}")
    assert told.own_address == f"http://localhost:8000/feeds/editions.{form}"
    assert told.changed_at == CLOSED_AT
    assert [entry.title for entry in told.entries] == ["Edition of 23 November 2026", "Edition of 22 November 2026"]
    assert [entry.id for entry in told.entries] == [
        f"http://localhost:8000/editions/{TODAY - timedelta(days=back)}/" for back in (0, 1)
    ]
    assert told.entries[0].html == "<p>Lead &amp; 0</p>"
    assert told.entries[0].at == CLOSED_AT


@pytest.mark.parametrize("form", FORMATS)
def test_a_week_is_in_the_feed_under_its_name_and_has_one_of_its_own(client: Client, form: str) -> None:
    sunday = TODAY - timedelta(days=1)
    make_edition(make_paper(title="Of the week"), day=sunday, kind="weekly", period="2026-W47")
    make_edition(make_paper(), day=TODAY)
    told = read(client, f"/feeds/editions.{form}")
    assert [entry.title for entry in told.entries] == ["Edition of 23 November 2026", "Week 47, 16–22 November 2026"]
    own = read(client, f"/feeds/editions/2026-W47.{form}")
    assert own.page == "http://localhost:8000/editions/2026-W47/"
    assert [entry.title for entry in own.entries] == ["Of the week"]


@pytest.mark.parametrize("form", FORMATS)
def test_an_archive_without_editions_is_a_valid_feed(client: Client, form: str) -> None:
    told = read(client, f"/feeds/editions.{form}")
    assert (told.entries, told.changed_at) == ([], NEVER)


@pytest.mark.parametrize("form", FORMATS)
def test_an_edition_is_a_feed_of_its_papers_as_they_stood(client: Client, form: str) -> None:
    first, second = make_paper(title=f"First {ATTACK}", summary=f"x<y {ATTACK}"), make_paper(title="Second")
    edition = make_edition(first, second)
    edition.entries.filter(paper=first).update(note="Worth an evening.")
    told = read(client, f"/feeds/editions/{TODAY}.{form}")
    assert told.own_address == f"http://localhost:8000/feeds/editions/{TODAY}.{form}"
    assert told.page == f"http://localhost:8000/editions/{TODAY}/"
    assert [entry.title for entry in told.entries] == [f"First {ATTACK}", "Second"]
    assert "+99 upvotes" in told.entries[0].html
    assert "Worth an evening." in told.entries[0].html
    assert ATTACK not in told.entries[0].html
    assert {entry.at for entry in told.entries} == {CLOSED_AT}


@pytest.mark.parametrize("form", FORMATS)
def test_an_edition_gives_the_same_bytes_for_ever(client: Client, form: str) -> None:
    papers = [make_paper(title=f"Paper {number}") for number in range(3)]
    make_edition(*papers)
    url = f"/feeds/editions/{TODAY}.{form}"
    caches["process"].clear()
    before = client.get(url).content
    Paper.objects.update(counts={"upvotes": 99}, listed_on=TODAY, primary_category="cs.CL")
    score_papers(NOW + timedelta(days=1))
    make_edition(make_paper(), day=TODAY + timedelta(days=1))
    caches["process"].clear()
    assert client.get(url).content == before


def test_the_pages_name_the_feeds(client: Client) -> None:
    make_edition(make_paper())
    for page, feed in (("/editions/", "/feeds/editions"), (f"/editions/{TODAY}/", f"/feeds/editions/{TODAY}")):
        shown = client.get(page).content.decode()
        for form in FORMATS:
            assert f'type="application/{form}+xml"' in shown
            assert f'href="{feed}.{form}"' in shown
