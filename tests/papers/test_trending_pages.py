import re
from datetime import date, timedelta

import pytest
from django.test import Client

from tests.factories import TODAY, make_paper
from tests.papers.pages import YESTERDAY, headlines, make_list, missing, read

pytestmark = pytest.mark.django_db


def test_each_window_shows_its_own_list(client: Client) -> None:
    for window in ("day", "week", "month"):
        make_list(TODAY, make_paper(title=f"Best of the {window}"), window=window)
    for window in ("day", "week", "month"):
        assert headlines(read(client, f"/trending/{window}/")) == [f"Best of the {window}"]


def test_the_list_of_a_past_day_stays_as_it_stood(client: Client) -> None:
    old, new = make_paper(title="Old"), make_paper(title="New")
    make_list(YESTERDAY, old)
    make_list(TODAY, new, old)
    assert headlines(read(client, f"/trending/day/{YESTERDAY}/")) == ["Old"]
    assert headlines(read(client, f"/trending/day/{TODAY}/")) == ["New", "Old"]
    assert headlines(read(client, "/trending/day/")) == ["New", "Old"]


def test_a_list_leads_to_the_ones_beside_it(client: Client) -> None:
    days = [TODAY - timedelta(days=back) for back in (0, 3, 4)]
    paper = make_paper()
    for day in days:
        make_list(day, paper)
    page = read(client, f"/trending/day/{days[1]}/")
    assert re.search(rf'rel="prev" href="/trending/day/{days[2]}/"', page)
    assert re.search(rf'rel="next" href="/trending/day/{days[0]}/"', page)
    assert 'rel="next"' not in read(client, "/trending/day/")
    assert 'rel="prev"' not in read(client, f"/trending/day/{days[2]}/")


def test_the_date_picker_leads_to_the_address_of_a_day(client: Client) -> None:
    make_list(YESTERDAY, make_paper())
    response = client.get("/trending/day/", {"day": str(YESTERDAY)})
    assert (response.status_code, response["Location"]) == (302, f"/trending/day/{YESTERDAY}/")
    assert client.get("/trending/day/", {"day": ""}).status_code == 200
    assert "2020" in missing(client, "/trending/day/", day="2020-02-03")


def test_a_list_that_nobody_wrote_yet_is_a_page(client: Client) -> None:
    assert "Nothing trends here yet" in read(client, "/trending/week/")


@pytest.mark.parametrize("window", ["year", "DAY", "days", "%00", "'", "day.atom", "x" * 5_000])
def test_there_are_three_windows(client: Client, window: str) -> None:
    page = missing(client, f"/trending/{window}/")
    assert "by day, by week or by month" in page
    assert 'href="/trending/week/"' in page


@pytest.mark.parametrize(
    "word",
    [
        "today",
        " ",
        " 2026-11-23",
        "2026-1-1",
        "2026-11-23T00:00",
        "2026",
        "2026-13-01",
        "2026-02-30",
        "20261123",
        "2026-W48-1",
        "٢٠٢٦-١١-٢٣",
        "0000-01-01",
        "%00",
        "'",
    ],
)
def test_a_day_is_a_date(client: Client, word: str) -> None:
    make_list(TODAY, make_paper())
    page = missing(client, f"/trending/day/{word}/")
    assert "written like 2026-11-23" in page
    assert 'href="/trending/day/"' in page


def test_a_day_to_come_has_no_list_and_the_page_says_so(client: Client) -> None:
    assert "still to come" in missing(client, "/trending/day/9999-12-31/")


def test_a_day_without_a_list_leads_to_the_nearest_ones(client: Client) -> None:
    paper = make_paper()
    for day in (date(2020, 1, 1), date(2020, 1, 5)):
        make_list(day, paper)
    page = missing(client, "/trending/day/2020-01-03/")
    assert "There is no list of 3 January 2020." in page
    assert 'href="/trending/day/2020-01-01/"' in page
    assert 'href="/trending/day/2020-01-05/"' in page


def test_a_pinned_paper_keeps_its_rank_in_the_list_of_the_day(client: Client) -> None:
    make_list(TODAY, make_paper(title="Best"), make_paper(title="Pinned", is_pinned=True))
    assert headlines(read(client, "/trending/day/")) == ["Best", "Pinned"]


def test_a_pinned_paper_that_does_not_trend_stands_on_the_front_page(client: Client) -> None:
    make_list(TODAY, make_paper(title="Best"))
    make_paper(title="Pinned", is_pinned=True)
    make_paper(title="Pinned and hidden", is_pinned=True, is_hidden=True)
    assert headlines(read(client, "/")) == ["Pinned", "Best"]
