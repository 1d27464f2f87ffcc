"""What each way to fail leaves behind, of each source."""

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Response

from papers.ingest import ingest_due
from papers.models import Paper, SourceRun
from papers.sources import SOURCES, http
from papers.sources.arxiv import Arxiv
from papers.sources.github import GitHub
from papers.sources.huggingface import HuggingFace, day_period
from tests.factories import NOW, TODAY, make_paper
from tests.papers.answers import FEED, make_feed, make_item, make_row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_one_attempt")]


PATHS = {"huggingface": "/daily_papers", "arxiv": "/rss/cs.CL", "github": "/repos/a/b"}


@pytest.fixture
def services(httpserver: HTTPServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """A local server in the place of all services; the sources read today's list, one category and one repository."""
    url = httpserver.url_for
    monkeypatch.setitem(SOURCES, "huggingface", lambda: HuggingFace(day_period(TODAY), url("/daily_papers")))
    monkeypatch.setitem(SOURCES, "arxiv", lambda: Arxiv(url("/rss/"), ["cs.CL"]))
    monkeypatch.setitem(SOURCES, "github", lambda: GitHub(url("")))
    settings.PAPERS_SOURCES = ["huggingface", "arxiv", "github"]
    make_paper(github_url="https://github.com/a/b")
    return httpserver


def good_answers() -> dict[str, bytes]:
    return {
        "huggingface": json.dumps([make_row()]).encode(),
        "arxiv": make_feed(make_item("2611.77777")),
        "github": b'{"stargazers_count": 7}',
    }


def answer_all(services: HTTPServer, **instead: Response) -> None:
    """Let every service answer well, but for those named."""
    for name, body in good_answers().items():
        services.expect_request(PATHS[name]).respond_with_response(instead.get(name, Response(body)))


def test_all_services_that_answer_well_are_read(services: HTTPServer) -> None:
    answer_all(services)
    runs = ingest_due(NOW)
    assert [(run.source, run.status, run.signals) for run in runs] == [
        ("huggingface", "read", 2),
        ("arxiv", "read", 0),
        ("github", "read", 1),
    ]


def packed(body: bytes) -> Response:
    return Response(body, headers={"Content-Encoding": "gzip"})


LONG = {"Retry-After": "18000"}
FAILURES: dict[str, tuple[Callable[[bytes], Response], str]] = {
    "a web page": (lambda _: Response("<!doctype html><html>Please wait</html>"), "answered with HTML instead of"),
    "nothing": (lambda _: Response(b""), "nothing|empty|broken or cut off"),
    "half of it": (lambda body: Response(body[: len(body) * 2 // 3]), "cut off"),
    "429": (lambda _: Response("no", 429), "answered 429"),
    "429 for hours": (lambda _: Response("no", 429, LONG), r"answered 429.* until 2026-11-23 23:00"),
    "500": (lambda _: Response("no", 500), r"answered 500\."),
    "503 for hours": (lambda _: Response("no", 503, LONG), r"answered 503.* until 2026-11-23 23:00"),
    "no gzip": (packed, "answered with gzip that is broken"),
    "half of a gzip": (lambda body: packed(gzip.compress(body)[:-9]), "answered with gzip that is cut off"),
    "too much": (lambda _: Response(b"[" + b" " * 2000 + b"]"), "answered with more than 1,000 bytes"),
    "a redirect": (
        lambda _: Response(status=302, headers={"Location": "https://evil.example/"}),
        "evil.example, which",
    ),
    "a redirect without end": (
        lambda _: Response(status=302, headers={"Location": ""}),
        "redirected more than 3 times",
    ),
    "400": (lambda _: Response("no", 400), r"answered 400\."),
}


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("failure", FAILURES)
def test_a_service_that_fails_leaves_a_run_that_names_it_and_stops_no_other(
    services: HTTPServer, monkeypatch: pytest.MonkeyPatch, name: str, failure: str
) -> None:
    monkeypatch.setattr(http, "MAX_BYTES", 1000)
    make_answer, message = FAILURES[failure]
    answer_all(services, **{name: make_answer(good_answers()[name])})
    runs = {run.source: run for run in ingest_due(NOW)}
    failed = SourceRun.objects.get(source=name)
    assert (failed.status, failed.created, failed.signals) == ("failed", 0, 0)
    assert re.search(message, failed.detail)
    assert {run.status for source, run in runs.items() if source != name} == {"read"}


@pytest.mark.parametrize("name", PATHS)
def test_a_service_that_drips_leaves_a_run_that_says_so(
    services: HTTPServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(100):
            time.sleep(0.05)
            yield b" "

    monkeypatch.setattr(http, "ANSWER_TIMEOUT", timedelta(seconds=0.5))
    answer_all(services, **{name: Response(drip())})
    ingest_due(NOW)
    failed = SourceRun.objects.get(source=name)
    assert (failed.status, failed.detail) == ("failed", f"{name} took longer than 0 s to answer.")
    assert set(SourceRun.objects.exclude(source=name).values_list("status", flat=True)) == {"read"}


@pytest.mark.parametrize("name", PATHS)
def test_a_service_that_is_away_leaves_a_run_that_says_so(
    services: HTTPServer, monkeypatch: pytest.MonkeyPatch, unused_tcp_url: str, name: str
) -> None:
    away = {
        "huggingface": lambda: HuggingFace(day_period(TODAY), unused_tcp_url),
        "arxiv": lambda: Arxiv(unused_tcp_url, ["cs.CL"]),
        "github": lambda: GitHub(unused_tcp_url),
    }
    monkeypatch.setitem(SOURCES, name, away[name])
    answer_all(services)
    ingest_due(NOW)
    failed = SourceRun.objects.get(source=name)
    assert failed.status == "failed"
    assert failed.detail.startswith(f"{name} did not answer: ConnectError (")


@pytest.mark.parametrize("name", PATHS)
def test_a_429_for_hours_is_respected_slot_after_slot(services: HTTPServer, name: str) -> None:
    answer_all(services, **{name: Response("no", 429, {"Retry-After": "23400"})})
    for hour in range(7):
        ingest_due(NOW + timedelta(hours=hour))
    runs = SourceRun.objects.filter(source=name).order_by("due_at")
    expected = {"arxiv": ["failed", "resting"]}.get(name, ["failed"] + ["resting"] * 6)
    assert [run.status for run in runs] == expected
    assert len([request for request, _ in services.log if request.path == PATHS[name]]) == 1


def test_yesterdays_list_under_todays_date_is_read_and_named(services: HTTPServer) -> None:
    rows = [make_row(id=f"2611.0000{n}", submittedOnDailyAt="2026-11-20T02:00:00Z") for n in range(3)]
    answer_all(services, huggingface=Response(json.dumps(rows)), arxiv=Response(FEED))
    runs = {run.source: run for run in ingest_due(NOW)}
    assert (runs["huggingface"].status, runs["huggingface"].created) == ("stale", 3)
    assert runs["huggingface"].detail == (
        "Asked for 2026-11-23, answered with 3 of 3 papers of other days, most of 2026-11-20."
    )
    assert (runs["arxiv"].status, runs["arxiv"].created) == ("stale", 2)
    assert runs["arxiv"].detail == "Expected the announcement of 2026-11-23; the feed is that of 2026-09-24."
    assert runs["github"].status == "read"
    assert not Paper.objects.filter(listed_on=TODAY, arxiv_id__startswith="2611.0000", title="A Paper").exists()


def test_lists_without_papers_say_what_day_it_is(services: HTTPServer) -> None:
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
    answer_all(
        services, huggingface=Response("[]"), arxiv=Response(make_feed(published="Sun, 22 Nov 2026 00:00:00 -0500"))
    )
    runs = {run.source: run for run in ingest_due(sunday)}
    assert (runs["huggingface"].status, runs["huggingface"].detail) == ("empty", "No papers: it is the weekend.")
    assert (runs["arxiv"].status, runs["arxiv"].detail) == ("empty", "No announcement: it is the weekend.")


def test_every_source_is_read_in_less_than_the_time_a_task_has(settings: Settings) -> None:
    assert timedelta(seconds=settings.CELERY_TASK_SOFT_TIME_LIMIT) > http.BUDGET + http.LONGEST_WAIT
    assert http.ANSWER_TIMEOUT <= http.BUDGET
