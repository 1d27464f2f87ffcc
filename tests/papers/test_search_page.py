import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from papers.views import SEARCH_PAGE_SIZE
from tests.factories import make_paper
from tests.papers.pages import ATTACK, headlines, read

pytestmark = pytest.mark.django_db


def test_a_search_finds_papers_and_says_what_was_asked(client: Client) -> None:
    make_paper(title="Sparse Attention")
    make_paper(title="Dense Layers")
    page = read(client, reverse("search"), q="attention")
    assert headlines(page) == ["Sparse Attention"]
    assert 'value="attention"' in page


@pytest.mark.parametrize("query", ["", "   ", "nothing like that", "x" * 200, "word " * 40, ATTACK, "%", "\x00"])
def test_a_search_that_finds_nothing_is_a_page(client: Client, query: str) -> None:
    make_paper(title="A Paper")
    page = read(client, "/search/", q=query)
    assert headlines(page) == []
    assert ATTACK not in page


@pytest.mark.parametrize("query", ["x" * 201, "word " * 2_000, "x" * 10_000])
@pytest.mark.parametrize("url", ["/search/", "/feeds/search.atom", "/feeds/search.rss"])
def test_a_search_that_is_too_long_is_refused_and_the_page_says_so(client: Client, url: str, query: str) -> None:
    response = client.get(url, {"q": query})
    assert response.status_code == 400
    assert "too long: it may have up to 200 characters" in response.content.decode()
    assert query not in response.content.decode()
    assert "public" not in response.get("Cache-Control", "")


def test_a_request_for_another_host_gets_a_page_that_says_nothing_of_it(client: Client) -> None:
    response = client.get("/", headers={"host": "elsewhere.example"})
    assert response.status_code == 400
    assert "Go back and try again." in response.content.decode()
    assert "elsewhere" not in response.content.decode()


@pytest.mark.parametrize("raw", ["", "?", "?q", "?q=%ED%A0%80", "?q=%ff%fe", "?q=a&q=b", "?q[]=a", "?page=1", "?page="])
def test_an_address_nobody_typed_is_a_page(client: Client, raw: str) -> None:
    make_paper(title="A Paper")
    read(client, f"/search/{raw}")


def test_all_pages_of_a_search_show_every_paper_once(client: Client) -> None:
    titles = [make_paper(title=f"R&D Paper {number}").title for number in range(45)]
    assert len(titles) > 2 * SEARCH_PAGE_SIZE
    found: list[str] = []
    url: str | None = "/search/?q=r%26d"
    while url:
        page = read(client, url)
        found += headlines(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        url = f"/search/{unescape(following.group(1))}" if following else None
    assert sorted(found) == sorted(titles)
