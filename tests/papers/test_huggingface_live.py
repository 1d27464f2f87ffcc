import json
import time
from datetime import UTC, date, datetime, timedelta

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from papers.sources import huggingface
from papers.sources.base import PaperRecord, RowError, SourceError, StaleAnswer
from papers.sources.huggingface import (
    MAX_PAGES,
    PAGE_SIZE,
    HuggingFace,
    Period,
    day_period,
    month_period,
    week_period,
)
from tests.factories import NOW, TODAY
from tests.papers.answers import FIXTURES, make_body, make_row, make_rows, whole_recording

HOUR = datetime(2026, 11, 23, 18, tzinfo=UTC)
PERIOD = day_period(TODAY)

pytestmark = pytest.mark.usefixtures("_one_attempt")


FetchedRow = PaperRecord | RowError | StaleAnswer


def fetch(httpserver: HTTPServer, *, period: Period | None = PERIOD, at: datetime = NOW) -> list[FetchedRow]:
    return list(HuggingFace(period, url=httpserver.url_for("/daily_papers")).fetch(at))


# --- The live listing --------------------------------------------------------------------------------------------


def test_the_live_listing_is_asked_for_the_last_listing_days_newest_first(httpserver: HTTPServer) -> None:
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    for day in ("2026-11-20", "2026-11-19", "2026-11-18"):
        query = {"date": day, "p": "0", "limit": str(PAGE_SIZE)}
        httpserver.expect_ordered_request("/daily_papers", query_string=query).respond_with_json(
            [make_row(submittedOnDailyAt=f"{day}T01:00:00Z")]
        )
    assert len(fetch(httpserver, period=None, at=sunday)) == 3


MID_AFTERNOON = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


def days_asked(httpserver: HTTPServer) -> list[str]:
    return [request.args["date"] for request, _ in httpserver.log]


@pytest.mark.parametrize(("hour", "count"), [(0, 3), (14, 3), (15, 20), (16, 3), (23, 3)])
def test_once_a_day_before_editions_close_a_month_of_days_is_read(
    httpserver: HTTPServer, hour: int, count: int
) -> None:
    httpserver.expect_request("/daily_papers").respond_with_json([])
    fetch(httpserver, period=None, at=MID_AFTERNOON.replace(hour=hour))
    asked = days_asked(httpserver)
    assert (len(asked), asked[0], sorted(set(asked), reverse=True)) == (count, "2026-11-23", asked)


def slow_days(httpserver: HTTPServer, seconds: float) -> None:
    def answer(request: Request) -> Response:
        time.sleep(seconds)
        return Response(make_body(make_row(submittedOnDailyAt=f"{request.args['date']}T02:00:00Z")))

    httpserver.expect_request("/daily_papers").respond_with_handler(answer)


def test_older_days_are_left_out_in_good_order_when_time_is_up(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface, "ENOUGH", timedelta(seconds=59))
    slow_days(httpserver, 0.2)
    read = fetch(httpserver, period=None, at=MID_AFTERNOON)
    assert 3 <= len(read) <= 6
    assert days_asked(httpserver)[:3] == ["2026-11-23", "2026-11-20", "2026-11-19"]


def test_the_last_days_are_asked_for_however_little_time_is_left(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface, "ENOUGH", timedelta(seconds=61))
    slow_days(httpserver, 0)
    assert len(fetch(httpserver, period=None, at=MID_AFTERNOON)) == 3


def test_a_named_day_is_asked_for(httpserver: HTTPServer) -> None:
    query = {"date": "2025-07-09", "p": "0", "limit": str(PAGE_SIZE)}
    httpserver.expect_oneshot_request("/daily_papers", query_string=query).respond_with_json([])
    assert fetch(httpserver, period=day_period(date(2025, 7, 9))) == []


def test_live_counts_were_read_in_the_hour_of_the_fetch(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/daily_papers").respond_with_json([make_row(upvotes=3)])
    (row,) = fetch(httpserver, at=NOW.replace(minute=59, second=59, microsecond=999))
    assert isinstance(row, PaperRecord)
    assert {reading.observed_at for reading in row.readings} == {HOUR}


def test_the_live_listing_is_read_page_by_page_until_one_is_not_full(httpserver: HTTPServer) -> None:
    rows = make_rows(PAGE_SIZE + 3)

    def answer(request: Request) -> Response:
        start = int(request.args["p"]) * PAGE_SIZE
        return Response(json.dumps(rows[start : start + PAGE_SIZE]))

    httpserver.expect_request("/daily_papers").respond_with_handler(answer)
    read = fetch(httpserver)
    assert [row.key for row in read if isinstance(row, PaperRecord)] == [f"arxiv:2611.{n:05}" for n in range(1, 104)]
    assert [request.args["p"] for request, _ in httpserver.log] == ["0", "1"]


def test_a_page_that_is_full_of_refused_rows_is_not_the_last(httpserver: HTTPServer) -> None:
    def answer(request: Request) -> Response:
        return Response(json.dumps([{}] * PAGE_SIZE if request.args["p"] == "0" else [make_row()]))

    httpserver.expect_request("/daily_papers").respond_with_handler(answer)
    read = fetch(httpserver)
    assert len(read) == PAGE_SIZE + 1
    assert read[0] == RowError("2026-11-23 page 0 row 1", "no paper object")


def test_a_service_that_never_ends_is_left(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/daily_papers").respond_with_json(make_rows(PAGE_SIZE))
    fetch(httpserver)
    assert len(httpserver.log) == MAX_PAGES


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(500, False), (502, False), (503, False), (429, False), (404, True), (400, True), (302, True)],
)
def test_a_status_that_is_not_ok_is_an_error_that_names_it(
    httpserver: HTTPServer, status: int, permanent: bool
) -> None:
    httpserver.expect_request("/daily_papers").respond_with_data("no", status=status)
    with pytest.raises(SourceError, match=str(status)) as caught:
        fetch(httpserver)
    assert caught.value.permanent is permanent


def test_a_service_that_cannot_decode_its_own_answer_is_an_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/daily_papers").respond_with_data("plain", headers={"Content-Encoding": "gzip"})
    with pytest.raises(SourceError, match="gzip that is broken"):
        fetch(httpserver)


def test_a_service_that_is_away_is_an_error_that_may_pass(unused_tcp_url: str) -> None:
    with pytest.raises(SourceError, match="ConnectError") as caught:
        list(HuggingFace(url=unused_tcp_url).fetch(NOW))
    assert not caught.value.permanent


def test_a_page_of_html_is_an_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/daily_papers").respond_with_data("<!doctype html>", content_type="text/html")
    with pytest.raises(SourceError, match=r"^huggingface answered with HTML instead of JSON\.$"):
        fetch(httpserver)


@pytest.mark.parametrize("broken", [make_body(make_row())[:-20], b"", b"<!doctype html>", b'{"error": "try again"}'])
def test_an_answer_that_is_no_list_once_is_asked_for_again(httpserver: HTTPServer, broken: bytes) -> None:
    for body in (broken, make_body(make_row())):
        httpserver.expect_ordered_request("/daily_papers").respond_with_data(body)
    with stamina.set_testing(True, attempts=2):
        (row,) = fetch(httpserver)
    assert isinstance(row, PaperRecord)


def test_an_answer_without_end_is_not_kept(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papers.sources.http.MAX_BYTES", 10)
    httpserver.expect_request("/daily_papers").respond_with_json([make_row()])
    with pytest.raises(SourceError, match="more than 10 bytes"):
        fetch(httpserver)


# --- Weeks and months --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (week_period("2026-W47"), date(2026, 11, 16), date(2026, 11, 22)),
        (week_period("2026-W01"), date(2025, 12, 29), date(2026, 1, 4)),
        (week_period("2026-W53"), date(2026, 12, 28), date(2027, 1, 3)),
        (month_period("2026-02"), date(2026, 2, 1), date(2026, 2, 28)),
        (month_period("2024-02"), date(2024, 2, 1), date(2024, 2, 29)),
        (month_period("2026-12"), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_a_period_knows_its_days(period: Period, first: date, last: date) -> None:
    assert (period.first, period.last) == (first, last)


@pytest.mark.parametrize("week", ["2026-47", "2025-W53", "2026-W00", "2026W47", "last", "", "2026-W471", "9999-W52"])
def test_what_is_no_week_is_refused(week: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        week_period(week)


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "2026-1", "2026-01-01", "9999-12", ""])
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        month_period(month)


@pytest.mark.parametrize(
    ("period", "parameter", "value"),
    [(week_period("2026-W47"), "week", "2026-W47"), (month_period("2026-11"), "month", "2026-11")],
)
def test_a_week_or_a_month_is_asked_for_page_by_page(
    httpserver: HTTPServer, period: Period, parameter: str, value: str
) -> None:
    rows = [row | {"paper": dict(row["paper"], submittedOnDailyAt="2026-11-18T02:00:00Z")} for row in make_rows(230)]  # type: ignore[call-overload]

    def answer(request: Request) -> Response:
        assert request.args[parameter] == value
        start = int(request.args["p"]) * PAGE_SIZE
        return Response(json.dumps(rows[start : start + PAGE_SIZE]))

    httpserver.expect_request("/daily_papers").respond_with_handler(answer)
    read = fetch(httpserver, period=period)
    assert len(read) == 230
    assert {row.listed_on for row in read if isinstance(row, PaperRecord)} == {date(2026, 11, 18)}


def test_a_row_of_a_month_that_does_not_tell_its_day_is_refused(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/daily_papers").respond_with_json([make_row(submittedOnDailyAt=None)])
    (row,) = fetch(httpserver, period=month_period("2026-11"))
    assert isinstance(row, RowError)


MONTH = (FIXTURES / "month_2025-09.json").read_bytes()


@pytest.mark.parametrize(
    "body",
    [MONTH, whole_recording("huggingface", "*_month_2025-09_*.json", "month_2025-09.json")],
    ids=["own", "whole"],
)
def test_a_recorded_month_is_read(httpserver: HTTPServer, body: bytes) -> None:
    httpserver.expect_request("/daily_papers").respond_with_data(body)
    read = fetch(httpserver, period=month_period("2025-09"))
    records = [row for row in read if isinstance(row, PaperRecord)]
    assert [record.listed_on for record in records] == [date(2025, 9, 10), date(2025, 9, 11)]
    assert [record.readings[0].value for record in records] == [665, 193]
    assert len(read) == 2


# --- A list of another day ---------------------------------------------------------------------------------------


def rows_of(*days: str) -> list[dict[str, object]]:
    return [
        make_row(id=f"2611.{number:05}", submittedOnDailyAt=f"{day}T02:00:00Z") for number, day in enumerate(days, 1)
    ]


def test_yesterdays_list_under_todays_date_is_said_and_its_rows_keep_their_day(httpserver: HTTPServer) -> None:
    rows = rows_of("2026-11-20", "2026-11-20", "2026-11-23")
    httpserver.expect_request("/daily_papers").respond_with_json(rows)
    *records, stale = fetch(httpserver)
    assert stale == StaleAnswer("Asked for 2026-11-23, answered with 2 of 3 papers of other days, most of 2026-11-20.")
    days = [record.listed_on for record in records if isinstance(record, PaperRecord)]
    assert days == [date(2026, 11, 20), date(2026, 11, 20), TODAY]


@pytest.mark.parametrize("days", [("2026-11-20", "2026-11-23"), ("2026-11-23",), ()])
def test_a_list_with_some_papers_of_another_day_is_no_stale_one(httpserver: HTTPServer, days: tuple[str, ...]) -> None:
    httpserver.expect_request("/daily_papers").respond_with_json(rows_of(*days))
    assert not [row for row in fetch(httpserver) if isinstance(row, StaleAnswer)]


def test_a_week_holds_all_its_days(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/daily_papers").respond_with_json(rows_of("2026-11-16", "2026-11-20", "2026-11-20"))
    assert not [row for row in fetch(httpserver, period=week_period("2026-W47")) if isinstance(row, StaleAnswer)]
    assert [row for row in fetch(httpserver, period=week_period("2026-W46")) if isinstance(row, StaleAnswer)]


# --- In words ----------------------------------------------------------------------------------------------------


def test_it_says_what_it_asks_for() -> None:
    assert HuggingFace().question(NOW) == "daily papers of 2026-11-23, 2026-11-20, 2026-11-19"
    assert HuggingFace(week_period("2026-W47")).question(NOW) == "daily papers of 2026-W47"
    assert HuggingFace(week_period("2026-W47")).question(MID_AFTERNOON) == "daily papers of 2026-W47"
    assert HuggingFace().question(MID_AFTERNOON) == "daily papers of 20 listing days, 2026-11-23 back to 2026-10-27"


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (NOW, "No papers yet."),
        (datetime(2026, 11, 22, tzinfo=UTC), "No papers: it is the weekend."),
        (datetime(2026, 11, 27, tzinfo=UTC), "No papers: a holiday at arXiv."),
    ],
)
def test_it_says_why_there_is_nothing(at: datetime, why: str) -> None:
    assert HuggingFace().why_empty(at) == why
