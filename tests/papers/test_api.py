from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openapi_spec_validator import validate
from pytest_django import Settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.api import api
from newsletter.models import Edition
from papers.models import Paper, Topic, TrendingScore
from papers.scoring import score_papers
from tests.factories import NOW, TODAY, make_edition, make_paper

pytestmark = pytest.mark.django_db

API = "/api/v1"


@pytest.fixture
def paper() -> Paper:
    """A paper in every list."""
    paper = make_paper(title="A Paper", counts={"upvotes": 10}, arxiv_id="2611.12345", primary_category="cs.CL")
    Topic.objects.get(slug="agents").papers.add(paper)
    score_papers(NOW)
    make_edition(paper)
    return paper


def read(client: Client, path: str, **query: str | int) -> dict[str, Any]:
    response = client.get(f"{API}{path}", query)
    assert response.status_code == 200, response.content
    assert response["Content-Type"].startswith("application/json")
    found: dict[str, Any] = response.json()
    return found


# --- The document ------------------------------------------------------------------------------------------------


def test_the_document_is_valid_openapi(client: Client) -> None:
    document = read(client, "/openapi.json")
    validate(document)
    assert {path.removeprefix(API) for path in document["paths"]} == {
        "/trending/{window}",
        "/papers/{paper_id}",
        "/topics",
        "/topics/{slug}/papers",
        "/search",
        "/editions",
        "/editions/{period}",
    }


def test_the_document_says_that_everything_is_read_only_limited_and_described(client: Client) -> None:
    for operations in read(client, "/openapi.json")["paths"].values():
        assert operations.keys() == {"get"}
        assert {"200", "422", "429"} <= operations["get"]["responses"].keys()
        assert operations["get"]["summary"]


@pytest.fixture
def document(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The document, and behind it the server that it describes, without a limit."""
    monkeypatch.setattr(api.throttle[0], "num_requests", 1_000_000)  # type: ignore[index]  # one, in a list
    # A server closes connections between requests; this one is in the middle of the test's transaction.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi(f"{API}/openapi.json", WSGIHandler())
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_no_request_breaks_the_api_or_gets_an_answer_that_is_not_described(
    document: Any, mode: schemathesis.GenerationMode
) -> None:
    checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
    answered = set()
    for found in document.get_all_operations():
        operation = found.ok()
        if mode.is_negative and not list(operation.iter_parameters()):
            continue  # there is nothing to get wrong

        @hypothesis.settings(max_examples=30, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            response = case.call()
            case.validate_response(response, checks=[schemathesis.checks.not_a_server_error, *checks])
            answered.add(response.status_code)

        ask()
    assert 422 in answered or 404 in answered
    assert mode.is_negative or 200 in answered


# --- What it tells -----------------------------------------------------------------------------------------------


def test_what_trends_is_told_with_its_parts_and_in_words(client: Client, paper: Paper) -> None:
    told = read(client, "/trending/day")
    assert (told["window"], told["day"], told["count"]) == ("day", str(TODAY), 1)
    (item,) = told["items"]
    assert (item["rank"], item["paper"]["title"]) == (1, "A Paper")
    assert item["attention"].startswith("+10 upvotes")
    assert sum(part["points"] for part in item["parts"]) == pytest.approx(item["score"])


def test_a_past_list_is_told_as_it_stood(client: Client, paper: Paper) -> None:
    yesterday = TODAY - timedelta(days=1)
    old = make_paper(title="Old")
    TrendingScore.objects.create(paper=old, window="week", day=yesterday, score=1, version="test", scored_at=NOW)
    told = read(client, "/trending/week", day=str(yesterday))
    assert [item["paper"]["title"] for item in told["items"]] == ["Old"]
    assert told["day"] == str(yesterday)


def test_before_anything_was_ranked_the_list_is_empty(client: Client) -> None:
    assert read(client, "/trending/month") == {
        "window": "month",
        "day": None,
        "count": 0,
        "limit": 20,
        "offset": 0,
        "items": [],
    }


def test_a_paper_is_told_with_all_that_is_known(client: Client, paper: Paper) -> None:
    told = read(client, f"/papers/{paper.pk}")
    assert told["url"] == f"http://localhost:8000{paper.get_absolute_url()}"
    assert told["arxiv_id"] == "2611.12345"
    assert told["source_url"] == "https://arxiv.org/abs/2611.12345"
    assert told["authors"] == ["Ada Lovelace", "Alan Turing"]
    assert told["counts"] == {"upvotes": 10}
    assert [topic["slug"] for topic in told["topics"]] == ["agents"]
    assert (told["doi"], told["published_on"]) == (None, None)


def test_topics_are_told_with_how_many_papers_they_have(client: Client, paper: Paper) -> None:
    counts = {topic["slug"]: topic["paper_count"] for topic in read(client, "/topics")["items"]}
    assert counts["agents"] == 1
    assert counts["video"] == 0


def test_the_papers_of_a_topic_and_of_a_search_are_told(client: Client, paper: Paper) -> None:
    make_paper(title="Other")
    for told in (read(client, "/topics/agents/papers"), read(client, "/search", q="a paper")):
        assert [item["title"] for item in told["items"]] == ["A Paper"]
        assert told["count"] == 1


def test_editions_that_have_closed_are_told(client: Client, paper: Paper) -> None:
    make_edition(paper, day=TODAY - timedelta(days=1), status=Edition.Status.CANCELLED)
    make_edition(paper, day=TODAY + timedelta(days=1), status=Edition.Status.DRAFT)
    assert [edition["period"] for edition in read(client, "/editions")["items"]] == [str(TODAY)]
    told = read(client, f"/editions/{TODAY}")
    assert told["url"] == f"http://localhost:8000/editions/{TODAY}/"
    assert [entry["paper"]["title"] for entry in told["entries"]] == ["A Paper"]
    assert told["entries"][0]["attention"].startswith("+99 upvotes")


def test_nothing_is_told_of_readers(client: Client, paper: Paper) -> None:
    text = client.get(f"{API}/editions/{TODAY}").content + client.get(f"{API}/openapi.json").content
    for word in (b"audience", b"deliver", b"subscriber", b"email", b"fragments"):
        assert word not in text


def test_a_list_is_told_in_parts(client: Client) -> None:
    for number in range(25):
        make_paper(title=f"Paper {number}", upvotes=100 - number)
    score_papers(NOW)
    told = [read(client, "/trending/day", limit=10, offset=offset) for offset in (0, 10, 20)]
    assert [item["paper"]["title"] for part in told for item in part["items"]] == [f"Paper {n}" for n in range(25)]
    assert [item["rank"] for item in told[2]["items"]] == [21, 22, 23, 24, 25]
    assert {part["count"] for part in told} == {25}


def test_hidden_papers_are_told_nowhere(client: Client, paper: Paper) -> None:
    Paper.objects.update(is_hidden=True)
    assert client.get(f"{API}/papers/{paper.pk}").status_code == 404
    for path in ("/trending/day", "/topics/agents/papers"):
        assert read(client, path)["items"] == []
    assert read(client, "/search", q="paper")["items"] == []
    assert read(client, f"/editions/{TODAY}")["entries"] == []


@pytest.mark.parametrize(
    "path", ["/trending/day", "/topics", "/topics/agents/papers", "/search?q=paper", f"/editions/{TODAY}"]
)
def test_a_list_takes_no_more_queries_for_twenty_papers_than_for_ten(client: Client, path: str) -> None:
    counts = []
    for _ in range(2):
        papers = [make_paper() for _ in range(10)]
        for paper in papers:
            paper.topics.add(Topic.objects.get(slug="agents"))
            paper.topics.add(Topic.objects.create(slug=str(paper.pk), name="Own", kind=Topic.Kind.CATEGORY))
        score_papers(NOW)
        Edition.objects.all().delete()
        make_edition(*Paper.objects.all())
        with CaptureQueriesContext(connection) as queries:
            read(client, path)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- What it refuses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/papers/0", 422),
        ("/papers/x", 422),
        ("/papers/987654321", 404),
        (f"/papers/{2**63}", 422),
        ("/trending/year", 422),
        ("/trending/day?day=2020-01-01", 404),
        ("/trending/day?day=9999-12-31", 404),
        ("/trending/day?day=soon", 422),
        ("/trending/day?limit=101", 422),
        ("/trending/day?offset=10001", 422),
        ("/trending/day?offset=-1", 422),
        ("/topics/nothing/papers", 404),
        ("/topics/%00/papers", 404),
        ("/search", 422),
        (f"/search?q={'x' * 10_000}", 422),
        ("/editions/2020-01-01", 404),
        ("/editions/%00", 422),
        ("/nothing", 404),
        ("/trending", 404),
    ],
)
def test_what_cannot_be_answered_is_refused_in_json(client: Client, paper: Paper, path: str, status: int) -> None:
    response = client.get(f"{API}{path}")
    assert response.status_code == status
    assert response["Content-Type"].startswith("application/json")
    assert response.json()["detail"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(client: Client, paper: Paper, method: str) -> None:
    for path in ("/trending/day", f"/papers/{paper.pk}", "/topics", "/editions"):
        assert getattr(client, method)(f"{API}{path}").status_code == 405


def test_who_asks_too_often_waits(client: Client, paper: Paper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.throttle[0], "num_requests", 2)  # type: ignore[index]  # one, in a list
    for _ in range(2):
        read(client, "/topics")
    refused = client.get(f"{API}/topics")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert refused.json() == {"detail": "Too many requests."}
    assert refused["Cache-Control"] == "no-store"
    assert client.get(f"{API}/topics", REMOTE_ADDR="192.0.2.7").status_code == 200


def test_behind_a_proxy_the_limit_is_that_of_the_caller_it_names(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ninja.conf.settings.NUM_PROXIES", 1)
    monkeypatch.setattr(api.throttle[0], "num_requests", 1)  # type: ignore[index]  # one, in a list
    for forwarded, status in (("192.0.2.1", 200), ("192.0.2.1", 429), ("192.0.2.2", 200), ("9.9.9.9, 192.0.2.2", 429)):
        assert client.get(f"{API}/topics", headers={"X-Forwarded-For": forwarded}).status_code == status


def test_answers_may_be_kept_for_a_minute_and_set_no_cookie(client: Client, paper: Paper) -> None:
    response = client.get(f"{API}/trending/day")
    assert response["Cache-Control"] == "public, max-age=60"
    assert not response.cookies
