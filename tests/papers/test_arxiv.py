from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer

from papers.models import Pace
from papers.sources.arxiv import Arxiv, check_categories, split_authors
from papers.sources.base import PaperRecord, RowError, SourceError, StaleAnswer
from papers.sources.fields import RowRefused, repository_in
from tests.factories import NOW
from tests.papers.answers import FEED, make_feed, make_item, whole_recording

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_one_attempt")]

CATEGORIES = ("cs.LG", "cs.AI", "cs.CL", "stat.ML")
THE_DAY_OF_THE_FEED = datetime(2026, 9, 24, 9, tzinfo=UTC)
FetchedRow = PaperRecord | RowError | StaleAnswer


def fetch(httpserver: HTTPServer, body: bytes, *, at: datetime = NOW) -> list[FetchedRow]:
    httpserver.expect_request(f"/rss/{'+'.join(CATEGORIES)}").respond_with_data(body, content_type="application/xml")
    return list(Arxiv(httpserver.url_for("/rss/"), CATEGORIES).fetch(at))


def fetch_record(httpserver: HTTPServer, *, announced: str = "new", **fields: str) -> PaperRecord:
    (record,) = fetch(httpserver, make_feed(make_item(announced=announced, **fields)))
    assert isinstance(record, PaperRecord), record
    return record


def reason_in(httpserver: HTTPServer, item: str) -> str:
    before, refused, after = fetch(httpserver, make_feed(make_item("2611.00008"), item, make_item("2611.00009")))
    assert isinstance(before, PaperRecord)
    assert isinstance(after, PaperRecord)
    assert isinstance(refused, RowError), refused
    assert refused.position == "feed item 2"
    return refused.reason


# --- The feed ----------------------------------------------------------------------------------------------------


def test_a_recorded_feed_is_read_in_full(httpserver: HTTPServer) -> None:
    new, cross, replaced, replaced_cross = fetch(httpserver, FEED, at=THE_DAY_OF_THE_FEED)
    assert new == PaperRecord(
        arxiv_id="2609.26811",
        title="The Drift Contract: Spectral Updates for Depth-Robust Local Learning",
        authors=("Fabien Polly",),
        abstract="Local learning does without a global backward pass. Code: https://github.com/polly/drift-contract.",
        categories=("cs.LG",),
        github_url="https://github.com/polly/drift-contract",
    )
    assert cross == PaperRecord(
        arxiv_id="2205.06398",
        doi="10.1093/bioinformatics/btac431",
        title="Outlier Detection for Multi-Network Data",
        authors=("Pritam Dey", "Zhengwu Zhang", "David B. Dunson"),
        abstract="A measure of which networks among many are unlike the others, where x < 1 and 50% are kept.",
        categories=("stat.ME", "stat.AP", "stat.ML"),
    )
    assert isinstance(replaced, PaperRecord)
    assert isinstance(replaced_cross, PaperRecord)
    assert (replaced.arxiv_id, replaced.is_update) == ("2009.13987", True)
    assert (replaced_cross.arxiv_id, replaced_cross.is_update) == ("hep-th/9901001", True)
    assert replaced_cross.authors == ("Ken Griffey, Jr.", "Paul Erdős")


def test_the_whole_recording_is_read(httpserver: HTTPServer) -> None:
    # What stands in for it has a fourth item, of the one kind that was not recorded.
    rows = fetch(httpserver, whole_recording("arxiv", "rss_*.xml", "feed_2026-09-24.xml"), at=THE_DAY_OF_THE_FEED)
    assert [(row.arxiv_id, row.is_update) for row in rows if isinstance(row, PaperRecord)][:3] == [
        ("2609.26811", False),
        ("2205.06398", False),
        ("2009.13987", True),
    ]
    assert all(isinstance(row, PaperRecord) for row in rows)


def test_the_feed_tells_of_no_listing_no_first_day_and_no_attention(httpserver: HTTPServer) -> None:
    record = fetch_record(httpserver)
    assert (record.listed_on, record.published_on, record.readings) == (None, None, ())


@pytest.mark.parametrize(
    ("announced", "is_update"), [("new", False), ("cross", False), ("replace", True), ("replace-cross", True)]
)
def test_new_versions_are_marked_so_that_they_never_enter_as_new(
    httpserver: HTTPServer, announced: str, is_update: bool
) -> None:
    assert fetch_record(httpserver, announced=announced).is_update is is_update


def test_markup_in_the_text_is_text(httpserver: HTTPServer) -> None:
    record = fetch_record(httpserver, title="When $x&lt;y$ &amp; &lt;think&gt;", abstract="a &lt; b &amp;lt; c &lt;3")
    assert record.title == "When x<y & <think>"
    assert record.abstract == "a < b &lt; c <3"


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (make_item(title=" "), "missing title"),
        (make_item(title="A &lt;b&gt;bold&lt;/b&gt; claim"), "HTML in the title"),
        (make_item(title="x" * 501), "title has 501 characters, more than 500"),
        (make_item(arxiv_id="../etc"), "id is not an arXiv id"),
        (make_item(arxiv_id=""), "missing id"),
        (make_item(announced="surprise"), "unknown announce type 'surprise'"),
        (make_item(categories=""), "no category"),
        (make_item(categories="&lt;script&gt;"), "no category"),
        (make_item(abstract="x" * 20_001), "description has 20,050 characters, more than 20,000"),
        ("<item></item>", "unknown announce type ''"),
    ],
)
def test_a_malformed_item_is_refused_with_its_reason_and_the_others_are_kept(
    httpserver: HTTPServer, item: str, reason: str
) -> None:
    assert reason_in(httpserver, item) == reason


def test_it_asks_for_all_categories_at_once_and_takes_a_turn_for_it(httpserver: HTTPServer) -> None:
    fetch(httpserver, make_feed())
    assert [request.path for request, _ in httpserver.log] == ["/rss/cs.LG+cs.AI+cs.CL+stat.ML"]
    assert Pace.objects.get().service == "arxiv"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<!doctype html><html></html>", "arxiv answered with HTML instead of XML."),
        (FEED[: len(FEED) // 2], "arxiv answered with XML that is cut off."),
        (b"", "arxiv answered with nothing."),
        (b"<rss><channel><item></channel></rss>", "arxiv answered with XML that is broken"),
        (b'<!DOCTYPE r [<!ENTITY e "x">]>' + FEED, "arxiv answered with XML that has a document type of its own."),
    ],
)
def test_an_answer_that_is_no_feed_is_named(httpserver: HTTPServer, body: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=f"^{message}"):
        fetch(httpserver, body)


# --- Which announcement it is ------------------------------------------------------------------------------------

TUESDAY = datetime(2026, 11, 24, 12, tzinfo=UTC)


def stale_texts(rows: list[FetchedRow]) -> list[str]:
    return [row.text for row in rows if isinstance(row, StaleAnswer)]


def test_the_announcement_of_yesterday_is_said_to_be_old(httpserver: HTTPServer) -> None:
    rows = fetch(httpserver, make_feed(make_item()), at=TUESDAY)
    assert stale_texts(rows) == ["Expected the announcement of 2026-11-24; the feed is that of 2026-11-23."]
    assert isinstance(rows[0], PaperRecord)


@pytest.mark.parametrize(
    ("published", "at"),
    [
        ("Mon, 23 Nov 2026 00:00:00 -0500", NOW),
        ("Mon, 23 Nov 2026 05:00:00 +0000", NOW),
        # Until the next feed is made, this one is the latest.
        ("Mon, 23 Nov 2026 00:00:00 -0500", datetime(2026, 11, 24, 5, 30, tzinfo=UTC)),
        # On a weekend and on a holiday the feed is Friday's or Wednesday's, or empty and dated today.
        ("Fri, 20 Nov 2026 00:00:00 -0500", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 00:00:00 -0500", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("Thu, 26 Nov 2026 00:00:00 -0500", datetime(2026, 11, 27, 12, tzinfo=UTC)),
    ],
)
def test_the_latest_announcement_is_not_old(httpserver: HTTPServer, published: str, at: datetime) -> None:
    assert stale_texts(fetch(httpserver, make_feed(published=published), at=at)) == []


@pytest.mark.parametrize("published", ["", "soon"])
def test_a_feed_without_a_day_cannot_be_trusted_to_be_new(httpserver: HTTPServer, published: str) -> None:
    (text,) = stale_texts(fetch(httpserver, make_feed(published=published)))
    assert "does not say of which day" in text


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (NOW, "The feed has no papers, although an announcement was due."),
        (datetime(2026, 11, 22, 12, tzinfo=UTC), "No announcement: it is the weekend."),
        (datetime(2026, 11, 27, 12, tzinfo=UTC), "No announcement: a holiday at arXiv."),
    ],
)
def test_it_says_why_there_is_nothing(at: datetime, why: str) -> None:
    assert Arxiv().why_empty(at) == why


def test_it_says_what_it_asks_for() -> None:
    assert Arxiv(categories=["cs.AI", "cs.CL"]).question(NOW) == "the announcement of cs.AI, cs.CL"


# --- Fields ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Ada Lovelace", ("Ada Lovelace",)),
        ("Ada Lovelace, Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("Sammy Davis, Jr., Alan Turing", ("Sammy Davis, Jr.", "Alan Turing")),
        ("John Smith, III, Alan Turing", ("John Smith, III", "Alan Turing")),
        ("Ada Lovelace, Ivo Ilic", ("Ada Lovelace", "Ivo Ilic")),
        ("Paul Erd\\H{o}s, , ", ("Paul Erdős",)),
        ("", ()),
    ],
)
def test_authors_stand_in_one_line(told: str, expected: tuple[str, ...]) -> None:
    assert split_authors(told) == expected


@pytest.mark.parametrize(
    "code", ["cs.CL", "stat.ML", "hep-th", "cond-mat.mes-hall", "physics.acc-ph", "q-bio.NC", "math"]
)
def test_every_form_of_category_is_known(code: str) -> None:
    assert check_categories([code, code]) == (code,)


@pytest.mark.parametrize("codes", [[], [None], ["68T50 (Primary)"], ["I.2.7"], ["<b>"], ["CS.CL"]])
def test_what_is_no_category_is_left_out(codes: list[object]) -> None:
    with pytest.raises(RowRefused):
        check_categories(codes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Code: https://github.com/a/b.", "a/b"),
        ("(https://github.com/A-1/b_2.c)", "A-1/b_2.c"),
        ("\\url{https://github.com/a/b}", "a/b"),
        ("http://www.github.com/a/b.git and https://github.com/c/d", "a/b"),
        ("https://github.com/a/b/tree/main", "a/b"),
        ("https://github.com/a/b#readme", "a/b"),
        ("https://github.com/sponsors/a and https://github.com/a/b", "a/b"),
        ("https://github.com/a", ""),
        ("https://github.com/a/", ""),
        ("https://github.com/a/..", ""),
        ("https://notgithub.com/a/b", ""),
        ("https://a.github.io/b", ""),
        ("no link", ""),
    ],
)
def test_the_first_repository_that_a_text_links_to_is_found(text: str, expected: str) -> None:
    assert repository_in(text) == expected
