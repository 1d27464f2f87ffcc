import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from newsletter.editions import set_places
from newsletter.models import ON_PAGE, Edition, EditionEntry
from newsletter.periods import Period
from newsletter.views import LEADS, PAGE_SIZE
from papers.models import Paper, Topic
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

Status = Edition.Status


def read(client: Client, url: str) -> str:
    """The page as it is now, which must be there, as a reader has it."""
    caches["process"].clear()
    response = client.get(url)
    assert response.status_code == 200
    return unescape(response.content.decode())


def headlines(page: str) -> list[str]:
    return re.findall(r'<a href="/papers/\d+/">(.*?)</a>', page)


# --- The archive -------------------------------------------------------------------------------------------------


def test_the_archive_lists_closed_editions_newest_first(client: Client) -> None:
    for back in (2, 0, 1):
        make_edition(make_paper(), day=TODAY - timedelta(days=back))
    periods = re.findall(r'<a href="/editions/([\d-]+)/"', read(client, "/editions/"))
    assert periods == [str(TODAY - timedelta(days=back)) for back in (0, 1, 2)]


@pytest.mark.parametrize("status", [status for status in Status.values if status != Status.CLOSED])
def test_an_edition_that_is_not_out_is_nowhere(client: Client, status: str) -> None:
    make_edition(make_paper(title="A Secret"), status=status)
    for url in ("/editions/", "/feeds/editions.atom", "/sitemap-editions.xml"):
        assert str(TODAY) not in read(client, url)
    for url in (f"/editions/{TODAY}/", f"/feeds/editions/{TODAY}.rss", f"/api/v1/editions/{TODAY}"):
        response = client.get(url)
        assert response.status_code == 404
        assert b"A Secret" not in response.content


def test_the_archive_shows_what_an_edition_led_with(client: Client) -> None:
    papers = [make_paper(title=f"Paper {number}") for number in range(LEADS + 2)]
    edition = make_edition(*papers)
    edition.entries.filter(paper=papers[0]).update(is_hidden=True)
    edition.entries.filter(paper=papers[LEADS + 1]).update(is_pinned=True)
    set_places(edition)
    page = read(client, "/editions/")
    assert re.findall(r"<li>(Paper \d)</li>", page) == [f"Paper {LEADS + 1}", "Paper 1", "Paper 2"]
    assert "and 1 more" in page


def test_the_archive_counts_what_the_page_of_an_edition_shows(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("newsletter.views", "newsletter.models.editions"):
        monkeypatch.setattr(f"{module}.ON_PAGE", LEADS + 2)
    make_edition(*[make_paper() for _ in range(LEADS + 4)])
    assert "and 2 more" in read(client, "/editions/")
    assert f"{LEADS + 2} papers, as they stood" in read(client, f"/editions/{TODAY}/")


def test_an_archive_without_editions_is_a_page(client: Client) -> None:
    assert "No edition has closed yet" in read(client, "/editions/")


def test_a_long_archive_has_pages(client: Client) -> None:
    for back in range(PAGE_SIZE + 1):
        make_edition(make_paper(), day=TODAY - timedelta(days=back))
    page = read(client, "/editions/?page=2")
    assert re.findall(r'<a href="/editions/([\d-]+)/"', page) == [str(TODAY - timedelta(days=PAGE_SIZE))]
    assert '<link rel="canonical" href="http://localhost:8000/editions/?page=2">' in page


# --- One edition -------------------------------------------------------------------------------------------------


def test_an_edition_shows_its_entries_as_they_stood(client: Client) -> None:
    first, second, hidden = make_paper(title="First"), make_paper(title="Second"), make_paper(title="Hidden")
    edition = make_edition(first, second, hidden)
    edition.entries.filter(paper=second).update(note="Worth an evening.")
    edition.entries.filter(paper=hidden).update(is_hidden=True)
    page = read(client, f"/editions/{TODAY}/")
    assert headlines(page) == ["First", "Second"]
    assert "+99 upvotes" in page
    assert "Worth an evening." in page
    assert "2 papers, as they stood when it closed on" in page


def test_a_paper_that_was_hidden_later_leaves_the_archive(client: Client) -> None:
    kept, hidden = make_paper(title="Kept"), make_paper(title="Hidden")
    make_edition(kept, hidden)
    type(hidden).objects.filter(pk=hidden.pk).update(is_hidden=True)
    assert headlines(read(client, f"/editions/{TODAY}/")) == ["Kept"]
    assert "Hidden" not in read(client, "/editions/")


def test_an_edition_leads_to_the_ones_beside_it(client: Client) -> None:
    for back, status in ((0, Status.DRAFT), (1, Status.CLOSED), (3, Status.CLOSED), (4, Status.CLOSED)):
        make_edition(make_paper(), day=TODAY - timedelta(days=back), status=status)
    page = read(client, f"/editions/{TODAY - timedelta(days=3)}/")
    assert f'rel="prev" href="/editions/{TODAY - timedelta(days=4)}/"' in page
    assert f'rel="next" href="/editions/{TODAY - timedelta(days=1)}/"' in page
    assert 'rel="next"' not in read(client, f"/editions/{TODAY - timedelta(days=1)}/")


def make_week(*papers: Paper, day: date = date(2026, 11, 22)) -> Edition:
    """The edition about the week that ends on `day`, a Sunday."""
    return make_edition(*papers, day=day, kind=Edition.Kind.WEEKLY, period=str(Period.of_week(day)))


def test_days_and_weeks_stand_in_the_archive_in_the_order_in_which_they_closed(client: Client) -> None:
    for day in (date(2026, 11, 20), date(2026, 11, 23)):
        make_edition(make_paper(), day=day)
    make_week(make_paper())
    page = read(client, "/editions/")
    assert re.findall(r'<a href="/editions/(.*?)/"', page) == ["2026-11-23", "2026-W47", "2026-11-20"]
    assert '<time datetime="2026-W47">Week 47, 16–22 November 2026</time>' in page
    assert '<time datetime="2026-11-20">Friday, 20 November 2026</time>' in page


def test_a_weekly_edition_says_so_and_leads_to_other_weeks_only(client: Client) -> None:
    make_edition(make_paper(), day=date(2026, 11, 20))
    make_edition(make_paper(), day=date(2026, 11, 23))
    for day in (date(2026, 11, 15), date(2026, 11, 22), date(2026, 11, 29)):
        make_week(make_paper(title=f"Of {day}"), day=day)
    page = read(client, "/editions/2026-W47/")
    assert "<h1>Week 47, 16–22 November 2026</h1>" in page
    assert "<title>Week 47, 16–22 November 2026 · Paper Route</title>" in page
    assert headlines(page) == ["Of 2026-11-22"]
    assert re.findall(r'rel="(?:prev|next)" href="/editions/(.*?)/"', page) == ["2026-W46", "2026-W48"]
    assert re.findall(r'rel="next" href="/editions/(.*?)/"', read(client, "/editions/2026-11-20/")) == ["2026-11-23"]


def test_programs_and_search_engines_know_the_weeks(client: Client) -> None:
    make_week(make_paper(title="Of the week"))
    make_edition(make_paper(), day=date(2026, 11, 20))
    listed = client.get("/api/v1/editions").json()["items"]
    assert [(one["kind"], one["period"]) for one in listed] == [("weekly", "2026-W47"), ("daily", "2026-11-20")]
    one = client.get("/api/v1/editions/2026-W47").json()
    assert (one["kind"], one["entries"][0]["paper"]["title"]) == ("weekly", "Of the week")
    assert "/editions/2026-W47/" in read(client, "/sitemap-editions.xml")


def test_nothing_of_readers_is_shown(client: Client) -> None:
    paper = make_paper()
    edition = make_edition(paper, audience=4_711)
    make_delivery(edition, make_reader(email="ada@example.org"), paper)
    for url in ("/editions/", f"/editions/{TODAY}/", "/feeds/editions.atom", f"/feeds/editions/{TODAY}.rss"):
        page = read(client, url)
        assert "ada@example.org" not in page
        assert "4711" not in page
        assert "4,711" not in page


@pytest.mark.parametrize("period", ["2020-01-01", "x", "2026-W48", "0", "1" * 500])
def test_an_unknown_edition_leads_back_to_the_archive(client: Client, period: str) -> None:
    response = client.get(f"/editions/{period}/")
    assert response.status_code == 404
    assert b"has gone out" in response.content
    assert b'href="/editions/"' in response.content


def test_an_edition_of_sample_papers_says_so(client: Client) -> None:
    make_edition(make_paper(is_sample=True))
    assert "Sample data" in read(client, f"/editions/{TODAY}/")


@pytest.mark.parametrize("url", ["/editions/", "/feeds/editions.atom"])
def test_the_archive_takes_no_more_queries_for_many_editions(client: Client, url: str) -> None:
    counts = []
    for start in (0, 5):
        for back in range(start, start + 5):
            make_edition(make_paper(), make_paper(), day=TODAY - timedelta(days=back))
        caches["process"].clear()
        with CaptureQueriesContext(connection) as queries:
            read(client, url)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert "fragments" not in " ".join(query["sql"] for query in queries)


@pytest.mark.parametrize("url", [f"/editions/{TODAY}/", f"/feeds/editions/{TODAY}.atom"])
def test_an_edition_takes_no_more_queries_for_twenty_papers_than_for_ten(client: Client, url: str) -> None:
    edition = make_edition(closed_at=NOW)
    counts = []
    for start in (0, 10):
        for rank in range(start, start + 10):
            paper = make_paper()
            paper.topics.add(Topic.objects.create(slug=str(paper.pk), name="Own", kind=Topic.Kind.CATEGORY))
            EditionEntry.objects.create(edition=edition, paper=paper, rank=rank, score=1)
        with CaptureQueriesContext(connection) as queries:
            read(client, url)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_edition_s_page_stays_short_however_many_papers_there_are_for_readers(client: Client) -> None:
    edition = make_edition(*[make_paper(title=f"The paper {number}.") for number in range(ON_PAGE + 2)])
    page = client.get(f"/editions/{edition.period}/").content.decode()
    assert f"The paper {ON_PAGE - 1}." in page
    assert f"The paper {ON_PAGE}." not in page
