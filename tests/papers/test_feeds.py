from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote
from xml.etree import ElementTree as ET

import feedparser
import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now as clock
from pytest_django import Settings

from papers.feeds import NEVER, SIZE
from papers.models import Paper, Topic
from papers.scoring import score_papers
from tests.factories import NOW, make_paper
from tests.feed_rules import Checked, check

pytestmark = pytest.mark.django_db

FORMATS = ("atom", "rss")
FEEDS = [
    "/feeds/trending/day",
    "/feeds/trending/week",
    "/feeds/trending/month",
    "/feeds/topics/agents",
    "/feeds/search.{}?q=paper",
]
ATTACK = "<script>alert(1)</script>"


def address(feed: str, form: str) -> str:
    return feed.replace("{}", form) if "{}" in feed else f"{feed}.{form}"


def read(client: Client, url: str) -> Checked:
    """The feed at `url` as it is now, which must keep all rules, and please the parser that most readers use."""
    caches["process"].clear()
    response = client.get(url)
    assert response.status_code == 200
    parsed = feedparser.parse(response.content, response_headers={"content-type": response["Content-Type"]})
    assert not parsed.bozo, parsed.get("bozo_exception")
    checked = check(response.content)
    assert parsed.version in {"atom10", "rss20"}
    assert len(parsed.entries) == len(checked.entries)
    return checked


@pytest.fixture
def paper() -> Paper:
    paper = make_paper(title="A Paper", summary="What was found.", authors=["Ada Lovelace", "Alan Turing"])
    Topic.objects.get(slug="agents").papers.add(paper)
    score_papers(NOW)
    return paper


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_is_valid_and_tells_of_its_papers(client: Client, paper: Paper, feed: str, form: str) -> None:
    url = address(feed, form)
    told = read(client, url)
    assert told.own_address == f"http://localhost:8000{url}"
    (entry,) = told.entries
    assert entry.title == "A Paper"
    assert entry.id == entry.page == f"http://localhost:8000{paper.get_absolute_url()}"
    assert entry.at == datetime(2026, 11, 23, tzinfo=UTC)
    assert ", ".join(entry.authors) == "Ada Lovelace, Alan Turing"
    assert "<p>What was found.</p>" in entry.html


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("feed", [*FEEDS, "/feeds/search.{}", "/feeds/search.{}?q="])
def test_a_feed_of_nothing_is_valid_and_does_not_change(client: Client, feed: str, form: str) -> None:
    told = read(client, address(feed, form))
    assert (told.entries, told.changed_at) == ([], NEVER)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("feed", FEEDS)
def test_the_same_list_gives_the_same_bytes(client: Client, paper: Paper, feed: str, form: str) -> None:
    first = client.get(address(feed, form)).content
    caches["process"].clear()
    assert client.get(address(feed, form)).content == first


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("feed", FEEDS)
def test_addresses_are_those_the_world_knows(
    client: Client, paper: Paper, settings: Settings, feed: str, form: str
) -> None:
    settings.SITE_URL = "https://papers.example"
    settings.ALLOWED_HOSTS = ["internal"]
    url = address(feed, form)
    body = client.get(url, headers={"host": "internal"}).content
    told = check(body)
    assert told.own_address == f"https://papers.example{url}"
    assert told.page.startswith("https://papers.example/")
    assert told.entries[0].page == f"https://papers.example{paper.get_absolute_url()}"
    assert b"internal" not in body


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("feed", FEEDS)
def test_what_a_source_wrote_is_text_and_never_markup(client: Client, feed: str, form: str) -> None:
    title = f"paper x<y & {ATTACK}"
    paper = make_paper(title=title, authors=[f"R&D {ATTACK}"], summary=f"a<b & {ATTACK}", editor_note=f"Note {ATTACK}")
    Topic.objects.get(slug="agents").papers.add(paper)
    score_papers(NOW)
    (entry,) = read(client, address(feed, form)).entries
    assert entry.title == title
    assert entry.authors == [f"R&D {ATTACK}"]
    assert ATTACK not in entry.html
    inside = "".join(ET.fromstring(f"<div>{entry.html}</div>").itertext())  # noqa: S314  our own answer
    assert f"a<b & {ATTACK}" in inside
    assert f"Note {ATTACK}" in inside


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("feed", FEEDS)
def test_characters_that_xml_cannot_hold_are_left_out(client: Client, feed: str, form: str) -> None:
    odd = "paper \x01\x0b\x1f\ufffe\uffff😀"
    paper = make_paper(title=odd, authors=[odd, "\x02"], summary=odd)
    Topic.objects.get(slug="agents").papers.add(paper)
    score_papers(NOW)
    (entry,) = read(client, address(feed, form)).entries
    assert entry.title == "paper 😀"
    assert entry.authors == ["paper 😀"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("query", ["R&D <b>", "“注意力” 100%", "a\x00b\x1f", "\ufffe", "x" * 200, "a  b"])
def test_a_feed_of_any_search_is_valid(client: Client, query: str, form: str) -> None:
    make_paper(title="R&D <b> 注意力 100%")
    read(client, f"/feeds/search.{form}?q={quote(query)}")


@pytest.mark.parametrize("form", FORMATS)
def test_a_paper_of_which_little_is_known_is_a_valid_entry(client: Client, form: str) -> None:
    paper = make_paper(title="Only", authors=[], summary="", arxiv_id=None, listed_on=None)
    Topic.objects.get(slug="agents").papers.add(paper)
    (entry,) = read(client, f"/feeds/topics/agents.{form}").entries
    assert abs((entry.at - clock()).total_seconds()) < 60
    assert entry.authors == []


def test_a_trending_feed_is_in_the_order_of_the_list_and_changed_with_its_newest_paper(client: Client) -> None:
    make_paper(title="4 upvotes", upvotes=4, listed_on=date(2026, 11, 20))
    for upvotes in (5, 50, 20):
        make_paper(title=f"{upvotes} upvotes", upvotes=upvotes)
    score_papers(NOW)
    told = read(client, "/feeds/trending/day.atom")
    assert [entry.title for entry in told.entries] == ["50 upvotes", "20 upvotes", "5 upvotes", "4 upvotes"]
    assert told.changed_at == datetime(2026, 11, 23, tzinfo=UTC)
    assert "+50 upvotes" in told.entries[0].html


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("feed", FEEDS[:3])
def test_scoring_the_same_again_is_no_news(client: Client, paper: Paper, feed: str, form: str) -> None:
    first = client.get(address(feed, form))
    score_papers(NOW + timedelta(hours=1))
    caches["process"].clear()
    again = client.get(address(feed, form))
    assert again.content == first.content
    assert again["ETag"] == first["ETag"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("raw", "query"), [("?q=a", "?q=a"), ("?q=+a++b+", "?q=a+b"), ("?q=", ""), ("?x=y", "")])
def test_a_feed_of_a_search_has_one_address(client: Client, raw: str, query: str, form: str) -> None:
    assert read(client, f"/feeds/search.{form}{raw}").own_address == f"http://localhost:8000/feeds/search.{form}{query}"


@pytest.mark.parametrize("feed", ["/feeds/topics/agents", "/feeds/search.{}?q=paper"])
def test_the_other_feeds_tell_the_newest_first(client: Client, feed: str) -> None:
    for day in (18, 20, 19):
        paper = make_paper(title=f"Paper of {day}", listed_on=date(2026, 11, day))
        Topic.objects.get(slug="agents").papers.add(paper)
    told = read(client, address(feed, "atom"))
    assert [entry.title for entry in told.entries] == ["Paper of 20", "Paper of 19", "Paper of 18"]
    assert told.changed_at == datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize("feed", ["/feeds/topics/agents", "/feeds/search.{}?q=paper"])
def test_papers_that_only_arxiv_told_of_are_news_since_they_were_published_or_came(client: Client, feed: str) -> None:
    for title, listed_on, published_on in (
        ("Paper listed", date(2026, 11, 10), date(2020, 1, 1)),
        ("Paper published", None, date(2026, 11, 12)),
        ("Paper that came", None, None),
    ):
        paper = make_paper(title=title, listed_on=listed_on, published_on=published_on)
        Topic.objects.get(slug="agents").papers.add(paper)
    came_at = datetime(2026, 11, 11, 8, tzinfo=UTC)
    Paper.objects.update(created_at=came_at)
    told = read(client, address(feed, "atom"))
    assert [(entry.title, entry.at) for entry in told.entries] == [
        ("Paper published", datetime(2026, 11, 12, tzinfo=UTC)),
        ("Paper that came", came_at),
        ("Paper listed", datetime(2026, 11, 10, tzinfo=UTC)),
    ]


@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_has_an_end_and_costs_no_more_queries_when_it_is_long(client: Client, feed: str) -> None:
    counts = []
    for _ in range(3):
        for _ in range(SIZE // 2):
            Topic.objects.get(slug="agents").papers.add(make_paper())
        score_papers(NOW)
        caches["process"].clear()
        with CaptureQueriesContext(connection) as queries:
            told = read(client, address(feed, "rss"))
        counts.append(len(queries))
    assert len(told.entries) == SIZE
    assert counts[0] == counts[1] == counts[2]


def test_hidden_papers_are_in_no_feed(client: Client, paper: Paper) -> None:
    Paper.objects.update(is_hidden=True)
    for feed in FEEDS:
        assert read(client, address(feed, "atom")).entries == []


@pytest.mark.parametrize("url", ["/feeds/trending/year.atom", "/feeds/topics/nothing.rss", "/feeds/trending/day.xml"])
def test_a_feed_that_is_not_there_is_not_found(client: Client, url: str) -> None:
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    ("page", "feed"),
    [
        ("/", "/feeds/trending/day.{}"),
        ("/trending/week/", "/feeds/trending/week.{}"),
        ("/topics/agents/", "/feeds/topics/agents.{}"),
        ("/search/?q=r%26d", "/feeds/search.{}?q=r%26d"),
    ],
)
def test_a_page_names_its_feeds(client: Client, paper: Paper, page: str, feed: str) -> None:
    shown = client.get(page).content.decode()
    for form in FORMATS:
        url = feed.replace("{}", form)
        assert f'type="application/{form}+xml"' in shown
        assert f'href="{url}"' in shown
        assert client.get(url).status_code == 200
