import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from papers.ingest import ingest
from papers.models import Paper, Signal, Topic, TrendingScore
from papers.scoring import score_papers
from papers.sources.sample import Sample
from papers.views import HOME_SIZE, PAGE_SIZE, SEARCH_PAGE_SIZE
from tests.factories import NOW, TODAY, make_paper

pytestmark = pytest.mark.django_db

ATTACK = "<script>alert(1)</script>"


def read(client: Client, url: str, **query: str) -> str:
    """The page as it is now, which must be there."""
    cache.clear()
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def headlines(page: str) -> list[str]:
    """The titles of a list of papers, in the order of the page."""
    return [unescape(title).strip() for title in re.findall(r'<a href="/papers/\d+/">(.*?)</a>', page, re.DOTALL)]


def make_scored_papers(count: int) -> None:
    """Papers with a topic each and one that all share, scored."""
    shared, _ = Topic.objects.get_or_create(slug="cs.CL", defaults={"name": "cs.CL", "kind": Topic.Kind.CATEGORY})
    for _ in range(count):
        paper = make_paper()
        own = Topic.objects.create(slug=paper.arxiv_id or "", name=f"Topic of {paper.pk}", kind=Topic.Kind.CATEGORY)
        paper.topics.add(own, shared)
    score_papers(NOW)


def make_list(day: date, *papers: Paper, window: str = "day") -> None:
    """The list of a day, best first, as it stood at its end."""
    for place, paper in enumerate(papers):
        TrendingScore.objects.create(
            paper=paper,
            window=window,
            day=day,
            score=10.0 - place,
            parts=[{"kind": "upvotes", "gain": 10, "points": 10.0 - place}],
            version="test",
            scored_at=datetime(day.year, day.month, day.day, 23, tzinfo=UTC),
        )


def missing(client: Client, url: str, **query: str) -> str:
    """The page that says why there is none at the address, in text as a reader has it."""
    response = client.get(url, query)
    assert response.status_code == 404
    return unescape(response.content.decode())


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
    paper = make_paper(counts={"upvotes": 98_765, "stars": 4_321, "comments": 0})
    page = read(client, paper.get_absolute_url())
    assert re.search(r"<dt>Upvotes</dt><dd>98,765<", page)
    assert re.search(r"<dt>GitHub stars</dt><dd>4,321<", page)
    assert re.search(r"<dt>Comments</dt><dd>0<", page)
    assert "Citations" not in page


def grow(paper: Paper, kind: str, *values: int, source: str = "huggingface") -> None:
    for hours, value in enumerate(values):
        at = NOW + timedelta(hours=hours)
        Signal.objects.create(paper=paper, source=source, kind=kind, value=value, observed_at=at)


def test_the_page_of_a_paper_draws_how_its_attention_grew(client: Client) -> None:
    paper = make_paper(upvotes=None)
    grow(paper, "upvotes", 3, 40, 1_234)
    grow(paper, "stars", 7_000, source="github")
    page = read(client, paper.get_absolute_url())
    assert page.count('<svg viewBox="0 0 320') == 1
    assert "From 3 on 23 November 2026 to 1,234 on 23 November 2026." in page
    assert "+1,231 since 23 Nov" in page
    assert "read once so far, on 23 Nov" in page
    assert re.search(r"<caption>Upvotes</caption>.*<td>1,234</td>", page, re.DOTALL)


def test_counts_of_two_sources_are_never_mixed_in_one_line(client: Client) -> None:
    paper = make_paper(upvotes=None)
    grow(paper, "stars", 5, 6, 7, source="github")
    grow(paper, "stars", 900, source="huggingface")
    page = read(client, paper.get_absolute_url())
    assert "From 5 on" in page
    assert "900" not in page


def test_the_page_of_a_paper_nobody_noticed_has_no_chart(client: Client) -> None:
    assert "Attention over time" not in read(client, make_paper(upvotes=None).get_absolute_url())


def test_the_page_of_a_paper_leads_to_related_ones(client: Client) -> None:
    paper = make_paper(title="Sparse Transformers for Protein Folding")
    make_paper(title="Protein Folding with Sparse Transformers, Again")
    make_paper(title="Cooking")
    assert headlines(read(client, paper.get_absolute_url())) == ["Protein Folding with Sparse Transformers, Again"]


def test_a_paper_on_arxiv_leads_to_its_pdf_and_its_discussion(client: Client) -> None:
    page = read(client, make_paper(arxiv_id="2611.12345", doi="10.1/a<b>").get_absolute_url())
    for link in (
        "https://arxiv.org/pdf/2611.12345",
        "https://huggingface.co/papers/2611.12345",
        "https://doi.org/10.1/a%3Cb%3E",
    ):
        assert f'href="{link}"' in page


def test_a_reference_to_a_paper_is_on_its_page_and_a_file(client: Client) -> None:
    paper = make_paper(title="R&D <b>", arxiv_id="2611.12345", primary_category="cs.CL")
    response = client.get(f"/papers/{paper.pk}/bibtex")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == 'inline; filename="lovelace2026r.bib"'
    text = response.content.decode()
    assert text.startswith("@misc{lovelace2026r,")
    assert "primaryClass  = {cs.CL}" in text
    assert text in unescape(read(client, paper.get_absolute_url()))


# --- What machines read ------------------------------------------------------------------------------------------


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


# --- Search ------------------------------------------------------------------------------------------------------


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


# --- Pages that are not there ------------------------------------------------------------------------------------

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


# --- Trending by day, week and month -----------------------------------------------------------------------------

YESTERDAY = TODAY - timedelta(days=1)


def test_each_window_shows_its_own_list(client: Client) -> None:
    for window in ("day", "week", "month"):
        make_list(TODAY, make_paper(title=f"Best of the {window}"), window=window)
    for window in ("day", "week", "month"):
        assert headlines(read(client, f"/trending/{window}/")) == [f"Best of the {window}"]


def test_the_list_of_a_past_day_stays_as_it_stood(client: Client) -> None:
    old, new = make_paper(title="Old"), make_paper(title="New")
    make_list(YESTERDAY, old)
    make_list(TODAY, new, old)
    assert headlines(read(client, f"/trending/day/{YESTERDAY}/")) == ["Old"]
    assert headlines(read(client, f"/trending/day/{TODAY}/")) == ["New", "Old"]
    assert headlines(read(client, "/trending/day/")) == ["New", "Old"]


def test_a_list_leads_to_the_ones_beside_it(client: Client) -> None:
    days = [TODAY - timedelta(days=back) for back in (0, 3, 4)]
    paper = make_paper()
    for day in days:
        make_list(day, paper)
    page = read(client, f"/trending/day/{days[1]}/")
    assert re.search(rf'rel="prev" href="/trending/day/{days[2]}/"', page)
    assert re.search(rf'rel="next" href="/trending/day/{days[0]}/"', page)
    assert 'rel="next"' not in read(client, "/trending/day/")
    assert 'rel="prev"' not in read(client, f"/trending/day/{days[2]}/")


def test_the_date_picker_leads_to_the_address_of_a_day(client: Client) -> None:
    make_list(YESTERDAY, make_paper())
    response = client.get("/trending/day/", {"day": str(YESTERDAY)})
    assert (response.status_code, response["Location"]) == (302, f"/trending/day/{YESTERDAY}/")
    assert client.get("/trending/day/", {"day": ""}).status_code == 200
    assert "2020" in missing(client, "/trending/day/", day="2020-02-03")


def test_a_list_that_nobody_wrote_yet_is_a_page(client: Client) -> None:
    assert "Nothing trends here yet" in read(client, "/trending/week/")


@pytest.mark.parametrize("window", ["year", "DAY", "days", "%00", "'", "day.atom", "x" * 5_000])
def test_there_are_three_windows(client: Client, window: str) -> None:
    page = missing(client, f"/trending/{window}/")
    assert "by day, by week or by month" in page
    assert 'href="/trending/week/"' in page


@pytest.mark.parametrize(
    "word",
    [
        "today",
        " ",
        " 2026-11-23",
        "2026-1-1",
        "2026-11-23T00:00",
        "2026",
        "2026-13-01",
        "2026-02-30",
        "20261123",
        "2026-W48-1",
        "٢٠٢٦-١١-٢٣",
        "0000-01-01",
        "%00",
        "'",
    ],
)
def test_a_day_is_a_date(client: Client, word: str) -> None:
    make_list(TODAY, make_paper())
    page = missing(client, f"/trending/day/{word}/")
    assert "written like 2026-11-23" in page
    assert 'href="/trending/day/"' in page


def test_a_day_to_come_has_no_list_and_the_page_says_so(client: Client) -> None:
    assert "still to come" in missing(client, "/trending/day/9999-12-31/")


def test_a_day_without_a_list_leads_to_the_nearest_ones(client: Client) -> None:
    paper = make_paper()
    for day in (date(2020, 1, 1), date(2020, 1, 5)):
        make_list(day, paper)
    page = missing(client, "/trending/day/2020-01-03/")
    assert "There is no list of 3 January 2020." in page
    assert 'href="/trending/day/2020-01-01/"' in page
    assert 'href="/trending/day/2020-01-05/"' in page


def test_a_pinned_paper_keeps_its_rank_in_the_list_of_the_day(client: Client) -> None:
    make_list(TODAY, make_paper(title="Best"), make_paper(title="Pinned", is_pinned=True))
    assert headlines(read(client, "/trending/day/")) == ["Best", "Pinned"]


def test_a_pinned_paper_that_does_not_trend_stands_on_the_front_page(client: Client) -> None:
    make_list(TODAY, make_paper(title="Best"))
    make_paper(title="Pinned", is_pinned=True)
    make_paper(title="Pinned and hidden", is_pinned=True, is_hidden=True)
    assert headlines(read(client, "/")) == ["Pinned", "Best"]


# --- Topics ------------------------------------------------------------------------------------------------------


def make_topic(*papers: Paper, slug: str = "agents", name: str = "Agents", kind: str = Topic.Kind.KEYWORDS) -> Topic:
    topic, _ = Topic.objects.update_or_create(slug=slug, defaults={"name": name, "kind": kind})
    topic.papers.add(*papers)
    return topic


def test_topics_are_listed_with_how_many_papers_they_have(client: Client) -> None:
    Topic.objects.all().delete()
    make_topic(make_paper(), make_paper(), make_paper(is_hidden=True))
    make_topic(slug="cs.XX", name="cs.XX", kind=Topic.Kind.CATEGORY)
    page = read(client, "/topics/")
    assert re.search(r'<a href="/topics/agents/">Agents</a> <span class="count">2<', page)
    assert "cs.XX" not in page


def test_without_topics_there_is_a_page_all_the_same(client: Client) -> None:
    Topic.objects.all().delete()
    assert "There are no topics yet" in read(client, "/topics/")


def test_a_topic_shows_what_trends_in_the_month_then_the_newest(client: Client) -> None:
    old_and_trending = make_paper(title="Trending", listed_on=TODAY - timedelta(days=20))
    papers = [make_paper(title=f"{day}", listed_on=date(2026, 11, day)) for day in (18, 20, 19)]
    undated = make_paper(title="Undated", listed_on=None)
    Paper.objects.filter(pk=undated.pk).update(created_at=datetime(2026, 11, 17, tzinfo=UTC))
    make_topic(old_and_trending, undated, *papers)
    make_paper(title="Of another topic")
    make_list(YESTERDAY, papers[0], window="month")
    make_list(TODAY, old_and_trending, window="month")
    make_list(TODAY, papers[0], window="day")
    assert headlines(read(client, "/topics/agents/")) == ["Trending", "20", "19", "18", "Undated"]


def test_papers_that_only_arxiv_told_of_stand_where_their_news_is(client: Client) -> None:
    rows: list[tuple[str, date | None, date | None, int]] = [
        ("Listed", date(2026, 11, 15), date(2020, 1, 1), 1),
        ("Heard of an hour later", None, None, 23),
        ("Heard of", None, None, 22),
        ("Published", None, date(2026, 11, 13), 1),
        ("Published and heard of with the last", None, date(2026, 11, 12), 0),
        ("Published with the last", None, date(2026, 11, 12), 0),
        ("Old", None, date(2016, 11, 14), 2),
    ]
    # Only the two that tie in all else are in the order of their keys.
    for key, (title, listed_on, published_on, hour) in zip("7465123", rows, strict=True):
        paper = make_paper(title=title, listed_on=listed_on, published_on=published_on, key=key)
        Paper.objects.filter(pk=paper.pk).update(created_at=datetime(2026, 11, 14, hour, tzinfo=UTC))
        make_topic(paper)
    assert headlines(read(client, "/topics/agents/")) == [title for title, *_ in rows]


def test_a_topic_says_how_many_papers_it_shows(client: Client) -> None:
    make_topic(make_paper(), make_paper(), make_paper(is_hidden=True))
    make_paper(is_hidden=True)
    make_topic(make_paper(), slug="video", name="Video")
    assert "2 papers: what trends" in read(client, "/topics/agents/")


def test_a_topic_without_papers_is_a_page(client: Client) -> None:
    make_topic()
    assert "No papers yet" in read(client, "/topics/agents/")


@pytest.mark.parametrize("slug", ["cs.CL", "astro-ph.HE", "weird one", "ünïcode", "a+b"])
def test_every_slug_that_a_source_may_make_has_a_page(client: Client, slug: str) -> None:
    topic = make_topic(make_paper(title="Found"), slug=slug, name=slug, kind=Topic.Kind.CATEGORY)
    assert headlines(read(client, topic.get_absolute_url())) == ["Found"]


@pytest.mark.parametrize("slug", ["nothing", "%00", "cs.cl", "'; DROP TABLE papers_topic; --", "%3Cb%3E", "..."])
def test_an_unknown_topic_is_not_found(client: Client, slug: str) -> None:
    page = missing(client, f"/topics/{slug}/")
    assert "There is no topic" in page
    assert 'href="/topics/"' in page


# --- Whatever is asked for ---------------------------------------------------------------------------------------

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


def test_what_a_paper_gained_long_ago_is_not_called_lately(client: Client) -> None:
    paper, other = make_paper(listed_on=TODAY - timedelta(days=300)), make_paper()
    score_papers(NOW - timedelta(days=300))
    score_papers(NOW)
    assert "Attention lately" not in client.get(paper.get_absolute_url()).content.decode()
    assert "Attention lately" in client.get(other.get_absolute_url()).content.decode()


@pytest.mark.parametrize("path", ["/", "/trending/day/", "/topics/", "/about/"])
def test_a_page_that_only_answers_takes_no_post_and_asks_for_no_cookie(path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(path).status_code == 405
