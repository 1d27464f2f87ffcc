import json
import time
from datetime import datetime, timedelta

import pytest
import stamina
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from papers.models import Paper, Repository, TrendingScore
from papers.sources import github
from papers.sources.base import Attention, Reading, RowError, SourceError
from papers.sources.github import GitHub
from tests.factories import NOW, TODAY, make_paper
from tests.papers.answers import REPOSITORY, REPOSITORY_HEADERS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_one_attempt")]

HOUR = NOW
RESET = NOW + timedelta(minutes=42)
USED_UP = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(RESET.timestamp()))}


def fetch(httpserver: HTTPServer, *, at: datetime = NOW) -> list[Attention | RowError]:
    return list(GitHub(httpserver.url_for("")).fetch(at))


def serve(httpserver: HTTPServer, name: str, stars: object = 7, **headers: str) -> None:
    httpserver.expect_request(f"/repos/{name}").respond_with_json({"stargazers_count": stars}, headers=headers)


def asked(httpserver: HTTPServer) -> list[str]:
    return [request.path for request, _ in httpserver.log]


def paper_with(name: str = "a/b", **fields: object) -> Paper:
    return make_paper(**({"github_url": f"https://github.com/{name}"} | fields))  # type: ignore[arg-type]


# --- Reading -----------------------------------------------------------------------------------------------------


def test_a_recorded_repository_is_read(httpserver: HTTPServer) -> None:
    paper = paper_with("PyGithub/PyGithub")
    recorded = httpserver.expect_request("/repos/pygithub/pygithub")
    recorded.respond_with_data(REPOSITORY, headers=REPOSITORY_HEADERS)
    at = NOW.replace(minute=59)
    assert fetch(httpserver, at=at) == [Attention(paper.key, (Reading("stars", 7122, HOUR),))]
    known = Repository.objects.get()
    assert (known.name, known.stars, known.etag, known.read_at) == (
        "pygithub/pygithub",
        7122,
        'W/"37ea58577585c38f93634ef43114c657de2581286eb6976ec18c274de296eff0"',
        at,
    )


def test_every_paper_that_links_to_a_repository_gets_its_stars(httpserver: HTTPServer) -> None:
    papers = [paper_with(name) for name in ("a/b", "A/B.git", "a/b/tree/main")]
    serve(httpserver, "a/b")
    assert {row.key for row in fetch(httpserver) if isinstance(row, Attention)} == {paper.key for paper in papers}
    assert len(httpserver.log) == 1


def test_what_did_not_change_is_asked_for_by_its_etag_and_observed_again(httpserver: HTTPServer) -> None:
    paper = paper_with()
    httpserver.expect_ordered_request("/repos/a/b").respond_with_json({"stargazers_count": 7}, headers={"ETag": '"e"'})
    unchanged = httpserver.expect_ordered_request("/repos/a/b", headers={"If-None-Match": '"e"'})
    unchanged.respond_with_data(status=304)
    fetch(httpserver)
    later = NOW + timedelta(hours=1)
    assert fetch(httpserver, at=later) == [Attention(paper.key, (Reading("stars", 7, later),))]
    assert Repository.objects.get().read_at == later


def test_a_repository_that_moved_is_read_where_it_is(httpserver: HTTPServer) -> None:
    paper_with()
    moved = {"Location": httpserver.url_for("/repositories/1")}
    httpserver.expect_request("/repos/a/b").respond_with_data(status=301, headers=moved)
    httpserver.expect_request("/repositories/1").respond_with_json({"stargazers_count": 8})
    (row,) = fetch(httpserver)
    assert isinstance(row, Attention)
    assert row.readings[0].value == 8


def test_it_is_not_led_away_from_github(httpserver: HTTPServer) -> None:
    paper_with()
    httpserver.expect_request("/repos/a/b").respond_with_data(status=301, headers={"Location": "https://evil.example/"})
    with pytest.raises(SourceError, match=r"github redirected to https://evil\.example, which is not allowed"):
        fetch(httpserver)


@pytest.mark.parametrize(("token", "sent"), [("", None), ("secret", "Bearer secret")])
def test_the_token_is_sent_where_there_is_one(
    httpserver: HTTPServer, settings: Settings, token: str, sent: str | None
) -> None:
    settings.PAPERS_GITHUB_TOKEN = token
    paper_with()
    serve(httpserver, "a/b")
    fetch(httpserver)
    assert httpserver.log[0][0].headers.get("Authorization") == sent


@pytest.mark.parametrize("stars", [None, "many", -1, True, 2.5, 2**31, [7]])
def test_a_count_that_makes_no_sense_is_refused_and_the_others_are_read(httpserver: HTTPServer, stars: object) -> None:
    paper_with("a/a")
    paper = paper_with("b/b")
    serve(httpserver, "a/a", stars)
    serve(httpserver, "b/b")
    assert fetch(httpserver) == [
        RowError("a/a", "github answered with a stargazers_count that is not a count."),
        Attention(paper.key, (Reading("stars", 7, HOUR),)),
    ]


# --- Which repositories ------------------------------------------------------------------------------------------


def test_only_papers_worth_reading_are_looked_after(httpserver: HTTPServer) -> None:
    long_ago = TODAY - timedelta(days=31)
    paper_with("no/old", listed_on=long_ago, published_on=long_ago)
    paper_with("no/hidden", is_hidden=True)
    paper_with("no/sample", is_sample=True)
    paper_with("no/repository", github_url="https://github.com/no")
    paper_with("no/host", github_url="https://example.org/github.com/no/host")
    undated = paper_with("no/dates", listed_on=None)
    Paper.objects.filter(pk=undated.pk).update(created_at=NOW - timedelta(days=31))
    paper_with("yes/listed", listed_on=TODAY - timedelta(days=30))
    paper_with("yes/published", listed_on=None, published_on=TODAY)
    trending = paper_with("yes/trending", listed_on=long_ago)
    no_longer = paper_with("no/longer-trending", listed_on=long_ago)
    for paper, day in ((trending, TODAY), (no_longer, TODAY - timedelta(days=1))):
        TrendingScore.objects.create(paper=paper, window="month", day=day, score=1, version="1", scored_at=NOW)
    for name in ("listed", "published", "trending"):
        serve(httpserver, f"yes/{name}")
    fetch(httpserver)
    assert set(asked(httpserver)) == {"/repos/yes/listed", "/repos/yes/published", "/repos/yes/trending"}


@pytest.mark.parametrize(("token", "batch"), [("", 40), ("secret", 500)])
def test_a_batch_is_larger_with_a_token(settings: Settings, token: str, batch: int) -> None:
    settings.PAPERS_GITHUB_TOKEN = token
    assert GitHub().question(NOW) == f"stars of up to {batch} repositories, those read longest ago first"


def test_those_read_longest_ago_come_first(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github, "BATCH", 2)
    for name in ("a/a", "b/b", "c/c"):
        paper_with(name)
        serve(httpserver, name)
    for hour in range(3):
        fetch(httpserver, at=NOW + timedelta(hours=hour))
    assert asked(httpserver) == [f"/repos/{name}" for name in ("a/a", "b/b", "c/c", "a/a", "b/b", "a/a")]


def test_a_reading_ends_in_good_order_when_its_time_is_used_up(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github, "ENOUGH", timedelta(seconds=59.7))

    def answer(_: Request) -> Response:
        time.sleep(0.2)
        return Response(json.dumps({"stargazers_count": 1}))

    for number in range(9):
        paper_with(f"a/{number}")
        httpserver.expect_request(f"/repos/a/{number}").respond_with_handler(answer)
    assert 1 <= len(fetch(httpserver)) <= 3


def test_nothing_to_read_is_no_failure(httpserver: HTTPServer) -> None:
    assert fetch(httpserver) == []
    assert GitHub().why_empty(NOW) == "No recent or trending paper links to a repository that can be read."


def test_a_paper_that_only_arxiv_told_of_is_as_recent_as_our_knowing_it(httpserver: HTTPServer) -> None:
    paper = paper_with(listed_on=None)
    old = paper_with("no/old", listed_on=TODAY - timedelta(days=31))
    Paper.objects.filter(pk__in=[paper.pk, old.pk]).update(created_at=NOW - timedelta(days=30))
    serve(httpserver, "a/b")
    assert fetch(httpserver) == [Attention(paper.key, (Reading("stars", 7, HOUR),))]


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
