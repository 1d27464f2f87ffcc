from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.http import http_date

from papers.keeping import KEPT_FOR, public_page
from papers.models import Paper
from papers.scoring import score_papers
from tests.factories import NOW, make_edition, make_paper

PUBLIC = [
    "/",
    "/trending/day/",
    "/topics/",
    "/topics/agents/",
    "/search/?q=paper",
    "/about/",
    "/about/trending",
    "/editions/",
    "/editions/2026-11-23/",
    "/feeds/trending/day.atom",
    "/feeds/topics/agents.rss",
    "/feeds/search.atom?q=paper",
    "/feeds/editions.atom",
    "/feeds/editions/2026-11-23.rss",
    "/sitemap.xml",
    "/sitemap-papers.xml",
    "/robots.txt",
]


@pytest.fixture
def paper(db: None) -> Paper:
    paper = make_paper(title="A Paper")
    score_papers(NOW)
    make_edition(paper)
    return paper


@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_page_may_be_kept_and_is_not_sent_twice(client: Client, paper: Paper, url: str) -> None:
    first = client.get(url)
    assert first.status_code == 200
    assert first["Cache-Control"] == f"public, max-age={KEPT_FOR}"
    known_by_tag = client.get(url, headers={"If-None-Match": first["ETag"]})
    known_by_time = client.get(url, headers={"If-Modified-Since": first["Last-Modified"]})
    for again in (known_by_tag, known_by_time):
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
    earlier = http_date(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.get(url, headers={"If-Modified-Since": earlier}).status_code == 200


@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_page_is_the_same_for_an_editor_as_for_everybody(paper: Paper, url: str) -> None:
    editor = Client()
    user = User.objects.create_superuser("margaret", "margaret@example.org", "password")
    editor.force_login(user)
    for_the_editor = editor.get(url)
    kept = Client().get(url)
    caches["process"].clear()
    for_a_stranger = Client().get(url)
    assert for_the_editor.content == kept.content == for_a_stranger.content
    assert b"margaret" not in kept.content
    for response in (for_the_editor, kept, for_a_stranger):
        assert not response.cookies
        assert "Cookie" not in response.get("Vary", "")


def test_a_page_is_made_once_a_minute(client: Client, paper: Paper) -> None:
    before = client.get("/").content
    Paper.objects.update(title="Another Title")
    assert client.get("/").content == before
    caches["process"].clear()
    assert b"Another Title" in client.get("/").content


def test_words_that_no_page_reads_make_no_page_of_their_own(client: Client, paper: Paper) -> None:
    client.get("/?utm_source=mail")
    Paper.objects.update(title="Another Title")
    assert b"Another Title" not in client.get("/?utm_source=elsewhere").content
    assert b"utm_source" not in client.get("/").content


@pytest.mark.parametrize("url", [url for url in PUBLIC if "?" not in url])
def test_what_a_page_does_not_read_cannot_have_it_made_anew(client: Client, paper: Paper, url: str) -> None:
    client.get(url)
    reads = {
        "/trending/day/": {"page"},
        "/topics/agents/": {"page"},
        "/editions/": {"page"},
        "/sitemap-papers.xml": {"p"},
    }
    with CaptureQueriesContext(connection) as queries:
        for name in {"q", "p", "page", "day", "x"} - reads.get(url, set()):
            value = "" if name == "day" else "1"
            assert client.get(url, {name: value}).status_code == 200
    # Only the list of a day reads a day, to lead to it; without one it makes one page more.
    assert bool(queries.captured_queries) == (url == "/trending/day/")


def test_a_view_sees_only_what_it_says_it_reads() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(repr(sorted(request.GET.items())))

    asked = "/seen?a=&b=x&b=ü%26&c=1"
    assert (
        public_page(reads=["b", "a"])(view)(RequestFactory().get(asked)).content.decode() == "[('a', ''), ('b', 'ü&')]"
    )
    caches["process"].clear()
    assert public_page()(view)(RequestFactory().get(asked)).content == b"[]"


@pytest.mark.parametrize("number", ["01", "+1", "1_0", "%D9%A3", "0", "x"])
def test_the_number_of_a_page_has_one_spelling(client: Client, paper: Paper, number: str) -> None:
    for url in ("/trending/day/?page=", "/editions/?page=", "/sitemap-papers.xml?p="):
        assert client.get(f"{url}{number}").status_code == 404


@pytest.mark.parametrize("url", ["/search/?q=paper", "/search/?q=other", "/trending/day/", "/trending/week/"])
def test_pages_of_different_addresses_are_kept_apart(client: Client, paper: Paper, url: str) -> None:
    cold = client.get(url).content
    caches["process"].clear()
    for other in PUBLIC:
        client.get(other)
    assert client.get(url).content == cold


def test_a_page_made_anew_without_a_change_keeps_its_time(
    client: Client, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("same")

    def ask(at: datetime) -> HttpResponse:
        monkeypatch.setattr("papers.keeping.timezone.now", lambda: at)
        return public_page()(view)(RequestFactory().get("/same"))

    monkeypatch.setattr("papers.keeping.KEPT_FOR", 0)
    first = ask(NOW)
    assert ask(NOW + timedelta(hours=1))["Last-Modified"] == first["Last-Modified"] == http_date(NOW.timestamp())


def test_what_is_not_there_is_not_kept(client: Client, paper: Paper) -> None:
    url = f"/papers/{paper.pk + 1}/"
    missing = client.get(url)
    assert missing.status_code == 404
    assert "public" not in missing.get("Cache-Control", "")
    make_paper(pk=paper.pk + 1)
    assert client.get(url).status_code == 200


def test_a_page_that_looks_at_the_session_or_sets_a_cookie_is_never_kept(caplog: pytest.LogCaptureFixture) -> None:
    def set_cookie(request: HttpRequest) -> HttpResponse:
        response = HttpResponse("for you")
        response.set_cookie("name", "value")
        return response

    def look(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"for {request.session.get('name')}")

    def protect(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"for who has {get_token(request)}")

    for view in (set_cookie, look, protect):
        request = RequestFactory().get("/personal")
        request.session = SessionStore()
        for _ in range(2):
            assert public_page()(view)(request)["Cache-Control"] == "private, no-store"
    assert "depends on who asks" in caplog.text


@pytest.mark.parametrize("url", PUBLIC)
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_a_public_page_can_only_be_read(client: Client, paper: Paper, url: str, method: str) -> None:
    assert getattr(client, method)(url).status_code == 405


def test_the_head_of_a_page_is_that_of_the_page(client: Client, paper: Paper) -> None:
    assert client.head("/")["ETag"] == client.get("/")["ETag"]
