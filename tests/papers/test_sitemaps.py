import re

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from newsletter.models import Edition
from papers.models import Topic
from papers.sitemaps import PaperSitemap
from tests.factories import TODAY, make_edition, make_paper

pytestmark = pytest.mark.django_db


def places(client: Client, url: str) -> list[str]:
    """The addresses a sitemap names."""
    response = client.get(url)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/xml")
    return re.findall(r"<loc>([^<]+)</loc>", response.content.decode())


def test_every_place_the_sitemaps_name_is_a_page(client: Client) -> None:
    paper = make_paper()
    paper.topics.add(Topic.objects.create(slug="cs.CL", name="cs.CL", kind=Topic.Kind.CATEGORY))
    make_edition(paper)
    sections = places(client, "/sitemap.xml")
    assert len(sections) == 4
    named = [place for section in sections for place in places(client, section.removeprefix("http://localhost:8000"))]
    assert f"http://localhost:8000{paper.get_absolute_url()}" in named
    assert "http://localhost:8000/topics/cs.CL/" in named
    assert f"http://localhost:8000/editions/{TODAY}/" in named
    assert {f"http://localhost:8000/about/{page}" for page in ("trending", "choosing")} <= {*named}
    assert len(set(named)) == len(named)
    for place in named:
        assert client.get(place.removeprefix("http://localhost:8000")).status_code == 200


def test_what_is_hidden_empty_or_not_out_is_in_no_sitemap(client: Client) -> None:
    hidden = make_paper(is_hidden=True)
    hidden.topics.add(Topic.objects.get(slug="agents"))
    make_edition(status=Edition.Status.DRAFT)
    assert places(client, "/sitemap-papers.xml") == []
    assert places(client, "/sitemap-topics.xml") == []
    assert places(client, "/sitemap-editions.xml") == []


def test_addresses_are_those_the_world_knows(client: Client, settings: Settings) -> None:
    settings.SITE_URL = "https://papers.example"
    settings.ALLOWED_HOSTS = ["internal"]
    make_paper()
    for url in ("/sitemap.xml", "/sitemap-papers.xml", "/sitemap-pages.xml"):
        caches["process"].clear()
        body = client.get(url, headers={"host": "internal"}).content.decode()
        assert re.search(r"<loc>https://papers\.example/", body)
        assert "internal" not in body


def test_many_papers_take_several_sitemaps_and_no_more_queries(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PaperSitemap, "limit", 2)
    papers = [make_paper() for _ in range(3)]
    assert [place.rsplit("/", 1)[1] for place in places(client, "/sitemap.xml")][2:4] == [
        "sitemap-papers.xml",
        "sitemap-papers.xml?p=2",
    ]
    found = places(client, "/sitemap-papers.xml") + places(client, "/sitemap-papers.xml?p=2")
    assert found == [f"http://localhost:8000{paper.get_absolute_url()}" for paper in papers]
    monkeypatch.setattr(PaperSitemap, "limit", 100)
    counts = []
    for _ in range(2):
        caches["process"].clear()
        with CaptureQueriesContext(connection) as queries:
            client.get("/sitemap-papers.xml")
        counts.append(len(queries))
        papers += [make_paper() for _ in range(10)]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("url", ["/sitemap-nothing.xml", "/sitemap-papers.xml?p=2", "/sitemap-papers.xml?p=x"])
def test_a_sitemap_that_is_not_there_is_not_found(client: Client, url: str) -> None:
    assert client.get(url).status_code == 404


def test_robots_are_told_where_the_sitemap_is(client: Client) -> None:
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    lines = response.content.decode().splitlines()
    assert lines[0] == "User-agent: *"
    assert "Disallow: /admin/" in lines
    assert "Sitemap: http://localhost:8000/sitemap.xml" in lines
