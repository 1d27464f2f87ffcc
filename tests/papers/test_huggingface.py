import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from papers.sources import huggingface
from papers.sources.base import PaperRecord, Reading, RowError, SourceError, StaleAnswer
from papers.sources.huggingface import (
    MAX_PAGES,
    PAGE_SIZE,
    HuggingFace,
    Period,
    day_period,
    month_period,
    parse,
    read_files,
    week_period,
)
from tests.factories import NOW, TODAY
from tests.papers.answers import FIXTURES, make_body, make_row, make_rows, whole_recording

HOUR = datetime(2026, 11, 23, 18, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
PERIOD = day_period(TODAY)

pytestmark = pytest.mark.usefixtures("_one_attempt")


def parse_rows(*rows: object, day: date | None = TODAY) -> list[PaperRecord | RowError]:
    return parse(make_body(*rows), origin="list.json", day=day, observed_at=None)


def parse_row(**changes: object) -> PaperRecord:
    (row,) = parse_rows(make_row(**changes))
    assert isinstance(row, PaperRecord), row
    return row


def refuse(row: object, *, day: date | None = TODAY) -> str:
    """The reason why this row is refused, while its neighbours are kept."""
    before, refused, after = parse_rows(make_row(id="2611.00008"), row, make_row(id="2611.00009"), day=day)
    assert [isinstance(kept, PaperRecord) for kept in (before, after)] == [True, True]
    assert isinstance(refused, RowError), refused
    assert refused.position == "list.json row 2"
    return refused.reason


FetchedRow = PaperRecord | RowError | StaleAnswer


def fetch(httpserver: HTTPServer, *, period: Period | None = PERIOD, at: datetime = NOW) -> list[FetchedRow]:
    return list(HuggingFace(period, url=httpserver.url_for("/daily_papers")).fetch(at))


# --- Rows that are well-formed -----------------------------------------------------------------------------------


def test_a_recorded_answer_is_read_in_full() -> None:
    record, _ = read_files([FIXTURES / "2026-08-21.json"], day=None, observed_at=None)
    midnight = datetime(2026, 8, 21, tzinfo=UTC)
    assert record == PaperRecord(
        arxiv_id="2608.19880",
        title="EnvHarness: Awakening Static Worlds for Agent Learning",
        authors=("Chengsong Huang",),
        abstract="Worlds for agents that change while the agents learn.",
        summary="A harness wakes up static worlds.",
        keywords=("LLM agents", "co-evolution"),
        published_on=date(2026, 8, 20),
        listed_on=date(2026, 8, 21),
        github_url="https://github.com/google-research/envharness",
        project_url="https://envharness.com/",
        readings=(Reading("upvotes", 163, midnight), Reading("comments", 4, midnight), Reading("stars", 8, midnight)),
    )


def test_a_row_of_the_old_shape_takes_the_day_of_its_file() -> None:
    record, _ = read_files([FIXTURES / "2024-05-27.json"], day=None, observed_at=None)
    assert isinstance(record, PaperRecord)
    assert record.listed_on == date(2024, 5, 27)
    assert record.title == "ConvLLaVA: Hierarchical Backbones as Visual Encoder for Large Multimodal Models"
    assert {reading.observed_at for reading in record.readings} == {datetime(2024, 5, 27, tzinfo=UTC)}


def test_a_row_of_the_old_shape_takes_the_day_that_is_given_before_the_day_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "2024-05-28.json"
    path.write_bytes((FIXTURES / "2024-05-27.json").read_bytes())
    rows = list(read_files([path], day=date(2024, 5, 27), observed_at=None))
    assert [row.listed_on for row in rows if isinstance(row, PaperRecord)] == [date(2024, 5, 27)] * 2


def test_a_row_without_any_day_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_bytes(make_body(make_row(submittedOnDailyAt=None), make_row()))
    refused, kept = read_files([path], day=None, observed_at=None)
    assert refused == RowError(f"{path} row 1", "no listing day: neither the row nor the file says which day this is")
    assert isinstance(kept, PaperRecord)


def test_the_day_of_a_row_is_its_utc_date_and_goes_before_the_day_of_the_file() -> None:
    assert parse_row(submittedOnDailyAt="2026-11-20T00:30:00+02:00").listed_on == date(2026, 11, 19)


def test_missing_counts_are_not_zeros() -> None:
    (row,) = parse_rows(make_row(upvotes=None, num_comments=None))
    assert isinstance(row, PaperRecord)
    assert row.readings == ()
    assert parse_row(upvotes=0).readings[0] == Reading("upvotes", 0, MIDNIGHT)


def test_counts_of_a_file_were_read_at_midnight_unless_told_otherwise() -> None:
    assert parse_row(upvotes=3).readings[0].observed_at == MIDNIGHT
    (row,) = parse(make_body(make_row()), origin="x", day=None, observed_at=NOW)
    assert isinstance(row, PaperRecord)
    assert {reading.observed_at for reading in row.readings} == {NOW}


def test_versions_of_an_id_are_one_paper() -> None:
    assert parse_row(id="2611.00001v12").key == parse_row(id="2611.00001").key == "arxiv:2611.00001"


@pytest.mark.parametrize("arxiv_id", ["2611.00001", "0704.0001", "cs/0112017", "math/0309136", "hep-th/9901001"])
def test_every_form_of_arxiv_id_is_read(arxiv_id: str) -> None:
    assert parse_row(id=arxiv_id + "v2").arxiv_id == arxiv_id


def test_the_subject_class_of_an_old_id_is_left_out() -> None:
    assert parse_row(id="math.GT/0309136v2").arxiv_id == "math/0309136"


def test_text_is_made_readable() -> None:
    record = parse_row(
        title="Fast\n  $\\alpha$-Search", summary="It costs $5\nand 50\\% less.", authors=[{"name": "C\\'esar  X"}]
    )
    assert (record.title, record.abstract, record.authors) == (
        "Fast α-Search",
        "It costs $5 and 50% less.",
        ("César X",),
    )


def test_hidden_and_nameless_authors_are_left_out() -> None:
    authors = [{"name": "A"}, {"name": "B", "hidden": True}, {"name": " "}, {}]
    assert parse_row(authors=authors).authors == ("A",)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.org/x", "https://a b", "https://[", "<b>", ""])
def test_a_link_a_browser_should_not_follow_is_left_out_and_the_paper_kept(url: str) -> None:
    assert parse_row(githubRepo=url, projectPage="https://example.org/x").github_url == ""


def test_a_line_break_inside_a_link_is_taken_out() -> None:
    assert parse_row(githubRepo=" https://github.com/a/\nb.git\n").github_url == "https://github.com/a/b.git"


@pytest.mark.parametrize("title", ["<think> before you speak", "When x<y", "R&D at 100%"])
def test_a_title_with_angle_brackets_or_percent_signs_is_kept(title: str) -> None:
    assert parse_row(title=title).title == title


# --- Rows that are refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": None}, "missing id"),
        ({"id": ""}, "missing id"),
        ({"id": 2611.00001}, "id is not an arXiv id"),
        ({"id": "../../etc"}, "id is not an arXiv id"),
        ({"id": "2611.00001\n"}, "id is not an arXiv id"),
        ({"id": "２６１１.００００１"}, "id is not an arXiv id"),
        ({"id": "a" * 200 + "/0112017"}, "id is not an arXiv id"),
        ({"title": None}, "missing title"),
        ({"title": " \n\t"}, "missing title"),
        ({"title": 42}, "title is not text"),
        ({"title": "A <b>bold</b> claim"}, "HTML in the title"),
        ({"title": "$<$script$>$alert(1)"}, "HTML in the title"),
        ({"title": "x" * 501}, "title has 501 characters, more than 500"),
        ({"title": "\u0958" * 500}, "title has 1,000 characters, more than 500"),
        ({"summary": "x" * 1_000_000}, "summary has 1,000,000 characters, more than 20,000"),
        ({"summary": ["x"]}, "summary is not text"),
        ({"ai_summary": 7}, "ai_summary is not text"),
        ({"ai_keywords": "agents"}, "ai_keywords is not a list"),
        ({"ai_keywords": [7]}, "ai_keywords is not text"),
        ({"authors": "Ada Lovelace"}, "authors is not a list of objects"),
        ({"authors": ["Ada Lovelace"]}, "authors is not a list of objects"),
        ({"authors": [{"name": 7}]}, "name is not text"),
        ({"githubRepo": 7}, "githubRepo is not text"),
        ({"publishedAt": "yesterday"}, "publishedAt is not a date"),
        ({"publishedAt": 1_700_000_000}, "publishedAt is not a date"),
        ({"publishedAt": "0001-01-01T00:00:00+14:00"}, "publishedAt is not a date"),
        ({"submittedOnDailyAt": "2026-13-45T00:00:00Z"}, "submittedOnDailyAt is not a date"),
        ({"upvotes": "many"}, "upvotes is not a count"),
        ({"upvotes": -1}, "upvotes is not a count"),
        ({"upvotes": True}, "upvotes is not a count"),
        ({"upvotes": 2.5}, "upvotes is not a count"),
        ({"upvotes": 2**31}, "upvotes is not a count"),
        ({"upvotes": float("inf")}, "upvotes is not a count"),
        ({"githubStars": []}, "githubStars is not a count"),
        ({"num_comments": "two"}, "numComments is not a count"),
        ({"title": "half a pair \ud83d"}, "title is not UTF-8"),
    ],
)
def test_a_malformed_row_is_refused_with_its_reason_and_the_others_are_kept(
    changes: dict[str, object], reason: str
) -> None:
    assert refuse(make_row(**changes)) == reason


@pytest.mark.parametrize("row", [None, 7, "text", [], {}, {"paper": None}, {"paper": "2611.00001"}, [make_row()]])
def test_a_row_that_is_not_an_object_with_a_paper_is_refused(row: object) -> None:
    assert refuse(row) == "no paper object"


def test_bytes_that_are_not_utf8_refuse_only_the_row_that_holds_them() -> None:
    body = make_body(make_row(id="2611.00001"), make_row(id="2611.00002", title="LATIN"), make_row(id="2611.00003"))
    rows = parse(body.replace(b"LATIN", b"caf\xe9"), origin="list.json", day=TODAY, observed_at=None)
    assert rows[1] == RowError("list.json row 2", "title is not UTF-8")
    assert [row.arxiv_id for row in rows if isinstance(row, PaperRecord)] == ["2611.00001", "2611.00003"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "nothing"),
        (b" \n", "nothing"),
        (b"<html>Bad gateway</html>", "HTML instead of JSON"),
        (b'[{"paper": ', "JSON that is cut off"),
        (b'[{"paper": {"title": "Half a ti', "JSON that is cut off"),
        (b'[{"paper" "x"}]', "something that is not JSON"),
        (b"[" * 100_000, "something that is not JSON"),
        (b'{"error": "no"}', "no list of papers but dict"),
        (b"null", "no list of papers but NoneType"),
    ],
)
def test_a_saved_answer_that_is_no_list_is_an_error_that_names_its_file_and_will_not_pass(
    tmp_path: Path, body: bytes, message: str
) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(body)
    with pytest.raises(SourceError, match=f"^{path}: answered with {message}") as caught:
        list(read_files([path], day=TODAY, observed_at=None))
    assert caught.value.permanent


def test_an_empty_list_has_no_rows() -> None:
    assert parse_rows() == []


def test_a_file_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nothing\.json"):
        list(read_files([tmp_path / "nothing.json"], day=None, observed_at=None))


def test_a_file_named_after_a_day_that_does_not_exist_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "2026-13-45.json"
    path.write_bytes(make_body(make_row()))
    with pytest.raises(SourceError, match="2026-13-45"):
        list(read_files([path], day=None, observed_at=None))


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
