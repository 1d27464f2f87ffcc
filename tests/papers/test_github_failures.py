import json
from datetime import timedelta

import pytest
import stamina
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Response

from papers.models import Repository
from papers.sources import github
from papers.sources.base import Attention, Reading, RowError, SourceError
from papers.sources.github import GitHub
from tests.factories import NOW
from tests.papers.repositories import HOUR, RESET, USED_UP, asked, fetch, paper_with, serve

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_one_attempt")]


# --- Gone, refused, used up --------------------------------------------------------------------------------------


BLOCKED = json.dumps({"message": "Repository access blocked", "block": {"reason": "tos"}})
# Requests are left.
NOT_USED_UP = {"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": USED_UP["X-RateLimit-Reset"]}


@pytest.mark.parametrize(("status", "body"), [(404, "gone"), (410, "gone"), (451, BLOCKED), (403, BLOCKED)])
def test_a_repository_that_is_gone_is_left_alone_for_a_week(httpserver: HTTPServer, status: int, body: str) -> None:
    paper_with("a/gone")
    paper = paper_with("b/here")
    httpserver.expect_request("/repos/a/gone").respond_with_data(body, status=status, headers=NOT_USED_UP)
    serve(httpserver, "b/here")
    for days in (0, 1, 6):
        (row,) = fetch(httpserver, at=NOW + timedelta(days=days))
        assert isinstance(row, Attention)
        assert row.key == paper.key
    assert asked(httpserver).count("/repos/a/gone") == 1
    fetch(httpserver, at=NOW + timedelta(days=7))
    assert asked(httpserver).count("/repos/a/gone") == 2


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_that_is_used_up_ends_the_reading_and_says_until_when(httpserver: HTTPServer, status: int) -> None:
    paper_with("a/a")
    paper_with("b/b")
    serve(httpserver, "a/a")
    httpserver.expect_request("/repos/b/b").respond_with_data("no", status=status, headers=USED_UP)
    rows = GitHub(httpserver.url_for("")).fetch(NOW)
    assert isinstance(next(iter(rows)), Attention)
    with pytest.raises(SourceError) as caught:
        list(rows)
    assert str(caught.value) == f"github answered {status}: no more requests until 2026-11-23 18:42 UTC."
    assert (caught.value.permanent, caught.value.resume_at) == (False, RESET)
    assert len(httpserver.log) == 2


def test_asking_too_quickly_ends_the_reading_for_as_long_as_github_says(httpserver: HTTPServer) -> None:
    paper_with()
    httpserver.expect_request("/repos/a/b").respond_with_data("slow", status=403, headers={"Retry-After": "120"})
    with pytest.raises(SourceError) as caught:
        fetch(httpserver)
    assert caught.value.resume_at == NOW + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, '{"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}'),
        (403, '{"message": "API rate limit exceeded for 192.0.2.1."}'),
        (403, '{"message": "You have triggered an abuse detection mechanism."}'),
        (403, "<html>Rate limit</html>"),
        (429, "slow down"),
    ],
)
def test_a_limit_without_a_time_ends_the_reading_and_forgets_nothing(
    httpserver: HTTPServer, status: int, body: str
) -> None:
    paper_with("a/a")
    paper_with("b/b")
    serve(httpserver, "a/a", ETag='"a"')
    serve(httpserver, "b/b", ETag='"b"')
    fetch(httpserver)
    known = list(Repository.objects.values())
    httpserver.clear()
    httpserver.expect_request("/repos/a/a").respond_with_data(body, status=status, headers=NOT_USED_UP)
    with pytest.raises(SourceError, match=rf"^github answered {status}: no more requests\.$") as caught:
        fetch(httpserver, at=NOW + timedelta(hours=1))
    assert (caught.value.permanent, caught.value.resume_at) == (False, None)
    assert len(httpserver.log) == 1
    assert list(Repository.objects.values()) == known


def test_a_refusal_that_is_about_one_repository_is_told_and_forgets_nothing(httpserver: HTTPServer) -> None:
    paper_with("a/a")
    paper = paper_with("b/b")
    serve(httpserver, "a/a", stars=5, ETag='"a"')
    serve(httpserver, "b/b")
    fetch(httpserver)
    httpserver.clear()
    forbidden = {"message": "The organization forbids access by this token."}
    httpserver.expect_request("/repos/a/a").respond_with_json(forbidden, status=403, headers=NOT_USED_UP)
    serve(httpserver, "b/b")
    later = NOW + timedelta(hours=1)
    assert fetch(httpserver, at=later) == [
        RowError("a/a", "github answered 403: The organization forbids access by this token."),
        Attention(paper.key, (Reading("stars", 7, later),)),
    ]
    kept = Repository.objects.get(name="a/a")
    assert (kept.stars, kept.etag, kept.read_at) == (5, '"a"', later)


@pytest.mark.parametrize("body", ["no", "[]", '"no"', '{"block": null}', '{"message": null}', ""])
def test_refusals_without_a_reason_are_not_taken_for_repositories_that_are_gone(
    httpserver: HTTPServer, body: str
) -> None:
    for number in range(9):
        paper_with(f"a/{number}")
        httpserver.expect_request(f"/repos/a/{number}").respond_with_data(body, status=403, headers=NOT_USED_UP)
    with pytest.raises(SourceError, match=r"^github answered 403: "):
        fetch(httpserver)
    assert len(httpserver.log) == 3


# --- A repository that fails -------------------------------------------------------------------------------------


def fail_at(httpserver: HTTPServer, name: str, response: Response) -> None:
    paper_with(name)
    httpserver.expect_request(f"/repos/{name}").respond_with_response(response)


BAD: dict[str, tuple[Response, str]] = {
    "500": (Response("no", 500), "github answered 500."),
    "a web page": (Response("<!doctype html>"), "github answered with HTML instead of JSON."),
    "half of it": (Response('{"stargazers_count": '), "github answered with JSON that is cut off."),
    "a way out": (
        Response(status=301, headers={"Location": "https://evil.example/"}),
        "github redirected to https://evil.example, which is not allowed.",
    ),
    "a way round": (Response(status=302, headers={"Location": ""}), "github redirected more than 3 times."),
}


@pytest.mark.parametrize("what", BAD)
def test_a_repository_that_fails_stops_no_other_and_has_its_next_turn_after_them(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(github, "BATCH", 2)
    response, message = BAD[what]
    fail_at(httpserver, "a/bad", response)
    papers = [paper_with(f"b/{number}") for number in range(2)]
    for number in range(2):
        serve(httpserver, f"b/{number}")
    later = NOW + timedelta(hours=1)
    assert fetch(httpserver) == [RowError("a/bad", message), Attention(papers[0].key, (Reading("stars", 7, HOUR),))]
    assert fetch(httpserver, at=later) == [
        Attention(papers[1].key, (Reading("stars", 7, later),)),
        RowError("a/bad", message),
    ]


def test_three_failures_in_a_row_end_the_reading_and_each_has_its_next_turn_after_the_others(
    httpserver: HTTPServer,
) -> None:
    for name in ("a/1", "a/2", "a/3"):
        fail_at(httpserver, name, Response("no", 500))
    paper_with("b/b")
    serve(httpserver, "b/b")
    with pytest.raises(SourceError, match=r"^github answered 500\.$"):
        fetch(httpserver)
    assert "/repos/b/b" not in asked(httpserver)
    rows = GitHub(httpserver.url_for("")).fetch(NOW + timedelta(hours=1))
    assert isinstance(next(iter(rows)), Attention)


def test_failures_that_are_not_in_a_row_end_nothing(httpserver: HTTPServer) -> None:
    for number in range(10):
        if number % 3 == 2:
            paper_with(f"a/{number}")
            serve(httpserver, f"a/{number}")
        else:
            fail_at(httpserver, f"a/{number}", Response("no", 500))
    rows = fetch(httpserver)
    assert [isinstance(row, RowError) for row in rows] == [number % 3 != 2 for number in range(10)]


def test_nothing_but_failures_is_no_reading(httpserver: HTTPServer) -> None:
    for name in ("a/1", "a/2"):
        fail_at(httpserver, name, Response("no", 502))
    with pytest.raises(SourceError, match=r"^github answered 502\.$"):
        fetch(httpserver)


def test_a_repository_that_never_answered_is_not_gone(httpserver: HTTPServer) -> None:
    fail_at(httpserver, "a/a", Response("no", 500))
    with pytest.raises(SourceError):
        fetch(httpserver)
    httpserver.clear()
    serve(httpserver, "a/a")
    assert len(fetch(httpserver, at=NOW + timedelta(hours=1))) == 1


def test_an_answer_that_is_cut_off_once_is_asked_for_again(httpserver: HTTPServer) -> None:
    paper_with()
    for body in (b'{"stargazers_count": ', b'{"stargazers_count": 7}'):
        httpserver.expect_ordered_request("/repos/a/b").respond_with_data(body)
    with stamina.set_testing(True, attempts=2):
        (row,) = fetch(httpserver)
    assert isinstance(row, Attention)


def test_a_service_that_is_down_and_names_a_time_ends_the_reading(httpserver: HTTPServer) -> None:
    fail_at(httpserver, "a/a", Response("no", 503, headers={"Retry-After": "3600"}))
    paper_with("b/b")
    serve(httpserver, "b/b")
    with pytest.raises(SourceError, match="answered 503") as caught:
        fetch(httpserver)
    assert caught.value.resume_at
    assert asked(httpserver) == ["/repos/a/a"]
    assert isinstance(next(iter(GitHub(httpserver.url_for("")).fetch(NOW + timedelta(hours=1)))), Attention)


# --- Limits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", ["9" * 11, "9" * 40, "soon", ""])
def test_no_reset_keeps_us_away_for_longer_than_a_day(httpserver: HTTPServer, reset: str) -> None:
    paper_with()
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    httpserver.expect_request("/repos/a/b").respond_with_data("no", status=429, headers=headers)
    with pytest.raises(SourceError) as caught:
        fetch(httpserver)
    assert caught.value.resume_at in {None, NOW + timedelta(hours=24)}


def test_a_token_that_is_refused_is_said_and_will_not_pass(httpserver: HTTPServer, settings: Settings) -> None:
    settings.PAPERS_GITHUB_TOKEN = "expired"
    paper_with()
    httpserver.expect_request("/repos/a/b").respond_with_data("Bad credentials", status=401)
    with pytest.raises(SourceError, match=r"^github refused the token in PAPERS_GITHUB_TOKEN\.$") as caught:
        fetch(httpserver)
    assert caught.value.permanent
    assert len(httpserver.log) == 1
