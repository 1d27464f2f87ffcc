import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from papers.ingest import ingest
from papers.models import Paper, Signal, TrendingScore
from papers.scoring import score_papers
from papers.sources.sample import Sample
from papers.views import HOME_SIZE, PAGE_SIZE
from tests.factories import NOW, TODAY, make_paper
from tests.papers.pages import ATTACK, headlines, make_list, make_scored_papers, missing, read

pytestmark = pytest.mark.django_db


# --- The front page ---------------------------------------------------------------------------------------------------


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


LISTS = [
    "/",
    "/trending/day/",
    f"/trending/month/{TODAY}/",
    "/topics/cs.CL/",
    "/search/?q=paper",
]


@pytest.mark.parametrize("url", LISTS)
def test_a_list_takes_no_more_queries_for_twenty_papers_than_for_ten(client: Client, url: str) -> None:
    counts = []
    for _ in range(2):
        make_scored_papers(10)
        with CaptureQueriesContext(connection) as queries:
            assert len(headlines(read(client, url))) in {10, 20}
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("url", ["/topics/", "/papers/{}/"])
def test_other_pages_take_no_more_queries_when_there_are_more_papers(client: Client, url: str) -> None:
    counts = []
    for _ in range(2):
        make_scored_papers(10)
        with CaptureQueriesContext(connection) as queries:
            read(client, url.format(Paper.objects.latest("pk").pk))
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


# --- What is hidden, unknown or hostile -------------------------------------------------------------------------------


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


# --- What machines read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("/", "/"),
        ("/?utm_source=x", "/"),
        ("/trending/week/", "/trending/week/"),
        ("/trending/week/?page=1", "/trending/week/"),
        ("/trending/week/?page=2&x=y", "/trending/week/?page=2"),
        (f"/trending/week/{TODAY}/", f"/trending/week/{TODAY}/"),
        ("/topics/cs.CL/?page=2", "/topics/cs.CL/?page=2"),
        ("/about/", "/about/"),
    ],
)
def test_a_page_names_its_one_address(client: Client, url: str, canonical: str) -> None:
    make_scored_papers(PAGE_SIZE + 1)
    page = read(client, url)
    assert f'<link rel="canonical" href="http://localhost:8000{canonical}">' in page
    assert f'<meta property="og:url" content="http://localhost:8000{canonical}">' in page


def test_a_link_to_a_paper_is_shown_with_its_title_and_summary(client: Client) -> None:
    page = read(client, make_paper(title='Say "Hi" & more', summary="What was found.").get_absolute_url())
    assert '<meta property="og:title" content="Say &quot;Hi&quot; &amp; more">' in page
    assert '<meta property="og:description" content="What was found.">' in page
    assert '<meta property="og:type" content="article">' in page


def test_the_results_of_a_search_are_not_for_search_engines(client: Client) -> None:
    assert '<meta name="robots" content="noindex">' in read(client, "/search/", q="paper")


def test_the_sources_are_thanked_and_named_on_every_page(client: Client) -> None:
    for url in ("/", "/about/", make_paper().get_absolute_url()):
        page = " ".join(read(client, url).split())
        assert "Thank you to arXiv for use of its open access interoperability." in page
        assert "none of which endorses Paper Route" in page
        assert 'href="https://huggingface.co/papers"' in page


def test_pages_load_nothing_from_strangers_and_run_one_script_of_their_own(client: Client) -> None:
    make_scored_papers(2)
    for url in (*LISTS, "/topics/", "/about/", Paper.objects.latest("pk").get_absolute_url()):
        page = read(client, url)
        assert re.findall(r"<script[^>]*>", page) == ['<script src="/static/site.js" defer>']
        assert not re.search(r'(?:src|srcset|action)="(?:https?:)?//', page)
        assert not re.search(r'<link[^>]*rel="(?:stylesheet|icon|preload)"[^>]*href="(?:https?:)?//', page)


# --- Pages that are not there -----------------------------------------------------------------------------------------


NO_PAGES = ["2", "1000000", "0", "-1", "x", "1.5", "1e3", "٣", "9" * 5_000, "' OR 1=1 --", "<b>"]


@pytest.mark.parametrize("word", NO_PAGES)
@pytest.mark.parametrize("url", [*LISTS[1:], "/editions/"])
def test_a_list_says_that_it_has_no_such_page(client: Client, url: str, word: str) -> None:
    make_scored_papers(1)
    page = missing(client, f"{url}{'&' if '?' in url else '?'}page={word}")
    assert "This list has no page" in page or "is not a page number" in page
    assert "<b>" not in page.replace("<b>” is not", "")


def test_all_pages_of_a_list_show_every_paper_once_with_its_rank(client: Client) -> None:
    make_list(TODAY, *[make_paper(title=f"Number {number}") for number in range(1, PAGE_SIZE + 6)])
    first, second = read(client, "/trending/day/"), read(client, "/trending/day/?page=2")
    assert headlines(first) + headlines(second) == [f"Number {number}" for number in range(1, PAGE_SIZE + 6)]
    assert re.findall(r'class="rank"[^>]*>(\d+)<', second) == [str(PAGE_SIZE + more) for more in range(1, 6)]


# --- Whatever is asked for --------------------------------------------------------------------------------------------


NASTY = [
    "%00",
    "%ED%A0%80",
    "%FF%FE",
    "..%2F..%2Fetc%2Fpasswd",
    "%27%20OR%201%3D1%20--",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "{{7*7}}",
    "9" * 400,
    "x" * 10_000,
    "%F0%9F%98%80",
    "%E2%80%AE",
]
PLACES = [
    "/{}",
    "/?page={}",
    "/trending/{}/",
    "/trending/day/{}/",
    "/trending/day/?day={}",
    "/trending/day/?page={}",
    "/topics/{}/",
    "/papers/{}/",
    "/papers/{}/bibtex",
    "/search/?q={}",
    "/search/?q=paper&page={}",
    "/editions/{}/",
    "/editions/?page={}",
    "/feeds/trending/{}.atom",
    "/feeds/topics/{}.rss",
    "/feeds/search.atom?q={}",
    "/feeds/search.rss?q={}",
    "/feeds/editions/{}.atom",
    "/sitemap-{}.xml",
    "/sitemap-papers.xml?p={}",
    "/api/v1/{}",
    "/api/v1/trending/{}",
    "/api/v1/trending/day?day={}",
    "/api/v1/papers/{}",
    "/api/v1/topics/{}/papers",
    "/api/v1/search?q={}",
    "/api/v1/search?q=a&offset={}",
    "/api/v1/editions/{}",
]


@pytest.mark.parametrize("place", PLACES)
def test_whatever_is_asked_for_gets_a_clear_answer(client: Client, place: str) -> None:
    make_scored_papers(2)
    for word in NASTY:
        response = client.get(place.replace("{}", word))
        assert response.status_code in {200, 400, 404, 422}, word
        assert b"<script>alert" not in response.content


@pytest.mark.parametrize("path", ["/", "/trending/day/", "/topics/", "/about/"])
def test_a_page_that_only_answers_takes_no_post_and_asks_for_no_cookie(path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(path).status_code == 405
