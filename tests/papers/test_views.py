import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from papers.ingest import ingest
from papers.models import Paper, Signal, Topic, TrendingScore
from papers.scoring import score_papers
from papers.sources.sample import Sample
from papers.views import HOME_SIZE, SEARCH_PAGE_SIZE
from tests.factories import NOW, make_paper

pytestmark = pytest.mark.django_db

ATTACK = "<script>alert(1)</script>"


def read(client: Client, url: str, **query: str) -> str:
    """The page, which must be there."""
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def headlines(page: str) -> list[str]:
    """The titles of a list of papers, in the order of the page."""
    return [unescape(title).strip() for title in re.findall(r'<a href="/papers/\d+/">(.*?)</a>', page, re.DOTALL)]


def make_scored_papers(count: int) -> None:
    """Papers with a topic each, scored."""
    for _ in range(count):
        paper = make_paper()
        paper.topics.add(Topic.objects.create(slug=paper.arxiv_id or "", name=f"Topic of {paper.pk}"))
    score_papers(NOW)


# --- The front page ----------------------------------------------------------------------------------------------


def test_the_front_page_lists_the_papers_best_first(client: Client) -> None:
    for upvotes in (5, 50, 20):
        make_paper(title=f"{upvotes} upvotes", upvotes=upvotes)
    score_papers(NOW)
    assert headlines(read(client, "/")) == ["50 upvotes", "20 upvotes", "5 upvotes"]


def test_what_an_editor_pins_stands_first(client: Client) -> None:
    make_paper(title="Best", upvotes=50)
    make_paper(title="Pinned", upvotes=1, is_pinned=True, editor_note="Read this one.")
    score_papers(NOW)
    page = read(client, "/")
    assert headlines(page) == ["Pinned", "Best"]
    assert "Read this one." in page


def test_the_front_page_says_why_a_paper_is_there(client: Client) -> None:
    make_paper(upvotes=1_234)
    score_papers(NOW)
    assert "+1,234 upvotes" in read(client, "/")


def test_the_front_page_invites_to_the_digest(client: Client) -> None:
    assert "Get trending papers in your email inbox once a day!" in read(client, "/")


def test_a_front_page_without_papers_is_a_page(client: Client) -> None:
    assert headlines(read(client, "/")) == []


def test_the_front_page_has_an_end(client: Client) -> None:
    make_scored_papers(HOME_SIZE + 1)
    assert len(headlines(read(client, "/"))) == HOME_SIZE


@pytest.mark.parametrize("url", ["/", "/search/?q=paper"])
def test_a_list_takes_no_more_queries_for_twenty_papers_than_for_ten(client: Client, url: str) -> None:
    counts = []
    for _ in range(2):
        make_scored_papers(10)
        with CaptureQueriesContext(connection) as queries:
            assert len(headlines(read(client, url))) in {10, 20}
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_sample_papers_are_said_to_be_sample_papers(client: Client) -> None:
    make_paper(title="Real")
    score_papers(NOW)
    assert "Sample data" not in read(client, "/")
    sample = make_paper(title="Sample", is_sample=True)
    score_papers(NOW)
    for page in (read(client, "/"), read(client, "/search/", q="sample"), read(client, sample.get_absolute_url())):
        assert "Sample data" in page


def test_every_paper_of_the_catalogue_has_a_page(client: Client) -> None:
    ingest("sample", Sample().fetch(NOW))
    score_papers(NOW)
    assert len(headlines(read(client, "/"))) == HOME_SIZE
    for paper in Paper.objects.all():
        assert paper.title in unescape(read(client, paper.get_absolute_url()))


# --- What is hidden, unknown or hostile --------------------------------------------------------------------------


def test_a_hidden_paper_is_nowhere(client: Client) -> None:
    paper = make_paper(title="A Secret")
    score_papers(NOW)
    Paper.objects.update(is_hidden=True)
    assert "A Secret" not in read(client, "/")
    assert headlines(read(client, "/search/", q="secret")) == []
    response = client.get(paper.get_absolute_url())
    assert response.status_code == 404
    assert b"A Secret" not in response.content


@pytest.mark.parametrize("number", ["0", "987654321", "9" * 30, "1.5", "-1", "x"])
def test_an_unknown_paper_is_not_found(client: Client, number: str) -> None:
    assert client.get(f"/papers/{number}/").status_code == 404


def test_what_a_source_wrote_is_text_and_never_markup(client: Client) -> None:
    paper = make_paper(
        title=f"title {ATTACK}",
        authors=[f"author {ATTACK}"],
        summary=f"summary {ATTACK}",
        abstract=f"abstract {ATTACK}",
        keywords=[f"keyword {ATTACK}", '" onclick="alert(1)'],
        editor_note=f"note {ATTACK}",
    )
    score_papers(NOW)
    for page in (read(client, "/"), read(client, paper.get_absolute_url()), read(client, "/search/", q="title")):
        assert f"title {ATTACK}" in unescape(page)
        assert ATTACK not in page
        assert ' onclick="' not in page


@pytest.mark.parametrize("url", ["/", "/search/?q=x", "/papers/{}/"])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_only_answer_to_reading(client: Client, url: str, method: str) -> None:
    response = getattr(client, method)(url.format(make_paper().pk))
    assert response.status_code == 405


def test_reading_pages_changes_no_row(client: Client) -> None:
    paper = make_paper()
    score_papers(NOW)
    models = (Paper, Signal, TrendingScore)
    before = [list(model.objects.values()) for model in models]
    for url in ("/", "/search/?q=paper", paper.get_absolute_url()):
        read(client, url)
    assert [list(model.objects.values()) for model in models] == before


# --- The page of a paper -----------------------------------------------------------------------------------------


def test_the_page_of_a_paper_tells_what_is_known(client: Client) -> None:
    paper = make_paper(
        title="A Paper",
        authors=["Ada Lovelace", "Alan Turing", "Grace Hopper", "Barbara Liskov"],
        summary="What was found.",
        abstract="How it was found.",
        upvotes=7,
        arxiv_id="2611.12345",
        github_url="https://github.com/a/b",
        project_url="https://example.org/p",
    )
    score_papers(NOW)
    page = read(client, paper.get_absolute_url())
    for told in ("A Paper", "Barbara Liskov", "What was found.", "How it was found.", "+7 upvotes"):
        assert told in page
    for link in ("https://arxiv.org/abs/2611.12345", "https://github.com/a/b", "https://example.org/p"):
        assert f'href="{link}"' in page


def test_the_page_of_a_paper_of_which_only_the_title_is_known(client: Client) -> None:
    paper = make_paper(title="Nothing Else", authors=[], summary="", arxiv_id=None, listed_on=None, upvotes=None)
    page = read(client, paper.get_absolute_url())
    assert "Nothing Else" in page
    assert "None" not in page
    assert "arxiv.org/abs" not in page


def test_the_page_of_a_paper_shows_its_last_counts(client: Client) -> None:
    paper = make_paper(upvotes=7)
    Signal.objects.create(paper=paper, source="huggingface", kind="upvotes", value=98_765, observed_at=NOW)
    assert "98,765" in read(client, paper.get_absolute_url())


# --- Search ------------------------------------------------------------------------------------------------------


def test_a_search_finds_papers_and_says_what_was_asked(client: Client) -> None:
    make_paper(title="Sparse Attention")
    make_paper(title="Dense Layers")
    page = read(client, reverse("search"), q="attention")
    assert headlines(page) == ["Sparse Attention"]
    assert 'value="attention"' in page


@pytest.mark.parametrize("query", ["", "   ", "nothing like that", "x" * 10_000, "word " * 2_000, ATTACK, "%", "\x00"])
def test_a_search_that_finds_nothing_is_a_page(client: Client, query: str) -> None:
    make_paper(title="A Paper")
    page = read(client, "/search/", q=query)
    assert headlines(page) == []
    assert ATTACK not in page


@pytest.mark.parametrize("raw", ["", "?", "?q", "?q=%ED%A0%80", "?q=%ff%fe", "?q=a&q=b", "?q[]=a", "?page=2"])
def test_an_address_nobody_typed_is_a_page(client: Client, raw: str) -> None:
    make_paper(title="A Paper")
    read(client, f"/search/{raw}")


@pytest.mark.parametrize(
    ("page", "shown"), [("1", 20), ("2", 5), ("100000", 5), ("-1", 5), ("0", 5), ("x", 20), ("", 20), ("9" * 5_000, 20)]
)
def test_a_page_that_is_not_there_is_the_nearest_one(client: Client, page: str, shown: int) -> None:
    assert SEARCH_PAGE_SIZE == 20
    for number in range(25):
        make_paper(title=f"Paper {number}", listed_on=date(2026, 11, 20) - timedelta(days=number))
    assert len(headlines(read(client, "/search/", q="paper", page=page))) == shown


def test_all_pages_of_a_search_show_every_paper_once(client: Client) -> None:
    titles = [make_paper(title=f"R&D Paper {number}").title for number in range(45)]
    found: list[str] = []
    url: str | None = "/search/?q=r%26d"
    while url:
        page = read(client, url)
        found += headlines(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        url = unescape(following.group(1)) if following else None
    assert sorted(found) == sorted(titles)
