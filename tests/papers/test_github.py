import json
import time
from datetime import timedelta

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from papers.models import Paper, Repository, TrendingScore
from papers.sources import github
from papers.sources.base import Attention, Reading, RowError, SourceError
from papers.sources.github import GitHub
from tests.factories import NOW, TODAY
from tests.papers.answers import REPOSITORY, REPOSITORY_HEADERS
from tests.papers.repositories import HOUR, asked, fetch, paper_with, serve

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_one_attempt")]


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
    monkeypatch.setattr(github, "ENOUGH", timedelta(seconds=58.5))

    def answer(_: Request) -> Response:
        time.sleep(0.3)
        return Response(json.dumps({"stargazers_count": 1}))

    for number in range(9):
        paper_with(f"a/{number}")
        httpserver.expect_request(f"/repos/a/{number}").respond_with_handler(answer)
    assert 1 <= len(fetch(httpserver)) < 9


def test_nothing_to_read_is_no_failure(httpserver: HTTPServer) -> None:
    assert fetch(httpserver) == []
    assert GitHub().why_empty(NOW) == "No recent or trending paper links to a repository that can be read."


def test_a_paper_that_only_arxiv_told_of_is_as_recent_as_our_knowing_it(httpserver: HTTPServer) -> None:
    paper = paper_with(listed_on=None)
    old = paper_with("no/old", listed_on=TODAY - timedelta(days=31))
    Paper.objects.filter(pk__in=[paper.pk, old.pk]).update(created_at=NOW - timedelta(days=30))
    serve(httpserver, "a/b")
    assert fetch(httpserver) == [Attention(paper.key, (Reading("stars", 7, HOUR),))]
