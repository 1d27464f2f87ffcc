"""What arXiv's search says of past days, and of papers by their ids."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from papers.models import Pace
from papers.sources.arxiv_search import PAGE_SIZE, ArxivPapers, ArxivSearch
from papers.sources.base import PaperRecord, RowError, SourceError
from tests.factories import NOW
from tests.papers.answers import ALL_FIXTURES, SEARCH

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_one_attempt")]

DAY = date(2026, 9, 23)


def search(httpserver: HTTPServer, *, first: date = DAY, last: date = DAY) -> list[PaperRecord | RowError]:
    return list(ArxivSearch(first, last, httpserver.url_for("/api/query"), ["cs.CL", "cs.LG"]).fetch(NOW))


def answer_search(httpserver: HTTPServer, body: bytes) -> None:
    httpserver.expect_request("/api/query").respond_with_data(body, content_type="application/atom+xml")


def entries(first: int, last: int, *, total: int) -> bytes:
    """A page of the search, made from the first entry of a recorded one."""
    head, entry = re.search(rb"(.*?)(<entry>.*?</entry>)", SEARCH, re.DOTALL).groups()  # type: ignore[union-attr]
    head = head.replace(b"totalResults>3<", f"totalResults>{total}<".encode())
    pages = [entry.replace(b"2609.28471", f"2609.{number:05}".encode()) for number in range(first, last)]
    return b"".join([head, *pages, b"</feed>"])


def test_a_recorded_answer_of_the_search_is_read_in_full(httpserver: HTTPServer) -> None:
    answer_search(httpserver, SEARCH)
    first, second, third = search(httpserver)
    assert first == PaperRecord(
        arxiv_id="2609.28471",
        doi="10.1007/978-3-032-39150-6_7",
        title="Contrastive Learning for Authorship Verification",
        authors=("Peter Kirby",),
        abstract="Contrastive learning tells authors apart better than classification does.",
        categories=("cs.CL", "cs.LG"),
        published_on=date(2026, 9, 23),
        github_url="https://github.com/petekirby/contrastive-av",
    )
    assert isinstance(second, PaperRecord)
    assert isinstance(third, PaperRecord)
    assert second.categories == ("cs.SE", "cs.AI", "cs.CL")
    assert second.authors[4] == "Tien N. Nguyen"


def test_an_answer_of_the_old_form_is_read(httpserver: HTTPServer) -> None:
    answer_search(httpserver, Path(ALL_FIXTURES / "arxiv" / "search_old_form.xml").read_bytes())
    (record,) = search(httpserver)
    assert isinstance(record, PaperRecord)
    assert (record.arxiv_id, record.published_on) == ("1601.00001", date(2015, 12, 26))
    assert record.title == "Inelastic effects in molecular transport junctions: The probe technique at high bias"
    assert record.categories == ("cond-mat.mes-hall",)
    assert "Büttiker" in record.abstract


def test_a_day_is_one_question_for_all_categories(httpserver: HTTPServer) -> None:
    answer_search(httpserver, entries(0, 1, total=1))
    assert len(search(httpserver, last=DAY + timedelta(days=1))) == 2
    asked = [request.args for request, _ in httpserver.log]
    assert [args["search_query"] for args in asked] == [
        "(cat:cs.CL OR cat:cs.LG) AND submittedDate:[202609230000 TO 202609232359]",
        "(cat:cs.CL OR cat:cs.LG) AND submittedDate:[202609240000 TO 202609242359]",
    ]
    assert {(args["max_results"], args["sortBy"], args["sortOrder"]) for args in asked} == {
        (str(PAGE_SIZE), "submittedDate", "ascending")
    }
    assert PAGE_SIZE <= 2000


def test_a_day_is_read_page_by_page(httpserver: HTTPServer) -> None:
    def answer(request: Request) -> Response:
        start = int(request.args["start"])
        return Response(entries(start, min(start + PAGE_SIZE, 1203), total=1203))

    httpserver.expect_request("/api/query").respond_with_handler(answer)
    read = search(httpserver)
    assert [row.arxiv_id for row in read if isinstance(row, PaperRecord)] == [f"2609.{n:05}" for n in range(1203)]
    assert [request.args["start"] for request, _ in httpserver.log] == ["0", "500", "1000"]


def test_a_day_without_papers_is_none(httpserver: HTTPServer) -> None:
    answer_search(httpserver, entries(0, 0, total=0))
    assert search(httpserver) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (entries(0, 0, total=12), "arxiv answered with an empty page, of 12 papers."),
        (b"", "arxiv answered with nothing."),
        (SEARCH[:2000], "arxiv answered with XML that is cut off."),
        (b"<!doctype html>", "arxiv answered with HTML instead of XML."),
        (SEARCH.replace(b"2026-09-23T17:59:08Z", b"yesterday"), "arxiv answered with a date that is none"),
    ],
)
def test_an_answer_that_is_no_page_is_an_error_that_may_pass(httpserver: HTTPServer, body: bytes, message: str) -> None:
    answer_search(httpserver, body)
    with pytest.raises(SourceError, match=f"^{message}") as caught:
        search(httpserver)
    assert not caught.value.permanent


def test_a_page_that_is_empty_once_is_asked_for_again(httpserver: HTTPServer) -> None:
    for body in (entries(0, 0, total=1), entries(0, 1, total=1)):
        httpserver.expect_ordered_request("/api/query").respond_with_data(body)
    with stamina.set_testing(True, attempts=2):
        assert len(search(httpserver)) == 1


def test_an_entry_without_category_is_refused_and_the_others_are_kept(httpserver: HTTPServer) -> None:
    body = entries(0, 3, total=3)
    second = body.index(b"2609.00001")
    start, end = body.index(b"<category", second), body.index(b"<published", second)
    without = body[:start] + body[end:].replace(b'<arxiv:primary_category term="cs.CL"/>', b"", 1)
    answer_search(httpserver, without)
    before, refused, after = search(httpserver)
    assert refused == RowError("2026-09-23 entry 2", "no category")
    assert isinstance(before, PaperRecord)
    assert isinstance(after, PaperRecord)


# --- Papers by their ids ------------------------------------------------------------------------------------------

# What arXiv has said of an id of no paper: an entry without dates, in an answer that is otherwise good.
OF_NO_PAPER = b"<entry><id>http://arxiv.org/abs/2609.99999</id><title/></entry>"
WRONG_QUESTION = b"<entry><id>https://arxiv.org/api/errors#incorrect_id_format</id><title>Error</title></entry>"


def by_ids(httpserver: HTTPServer, *arxiv_ids: str) -> list[PaperRecord | RowError]:
    return list(ArxivPapers(arxiv_ids, httpserver.url_for("/api/query")).fetch(NOW))


def test_papers_are_asked_for_by_their_ids_in_one_question_and_take_a_turn(httpserver: HTTPServer) -> None:
    answer_search(httpserver, SEARCH)
    found = by_ids(httpserver, "2609.28471", "hep-th/9901001")
    assert [row.arxiv_id for row in found if isinstance(row, PaperRecord)][:1] == ["2609.28471"]
    ((request, _),) = httpserver.log
    assert request.args.to_dict() == {"id_list": "2609.28471,hep-th/9901001", "start": "0", "max_results": "2"}
    assert Pace.objects.get().service == "arxiv"


def test_a_recorded_answer_to_an_id_is_read(httpserver: HTTPServer) -> None:
    answer_search(httpserver, Path(ALL_FIXTURES / "arxiv" / "search_old_form.xml").read_bytes())
    (record,) = by_ids(httpserver, "1601.00001")
    assert isinstance(record, PaperRecord)
    assert (record.arxiv_id, record.published_on) == ("1601.00001", date(2015, 12, 26))
    assert (record.listed_on, record.readings, record.is_update) == (None, (), False)


def test_fewer_papers_than_ids_are_no_reason_to_ask_on(httpserver: HTTPServer) -> None:
    answer_search(httpserver, entries(0, 1, total=3).replace(b"</feed>", OF_NO_PAPER + b"</feed>"))
    assert len(by_ids(httpserver, "2609.00000", "2609.99999", "2609.99998")) == 1
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    "body", [entries(0, 0, total=0), entries(0, 0, total=1).replace(b"</feed>", OF_NO_PAPER + b"</feed>")]
)
def test_ids_of_no_paper_have_no_answer(httpserver: HTTPServer, body: bytes) -> None:
    answer_search(httpserver, body)
    assert by_ids(httpserver, "2609.99999") == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (entries(0, 0, total=2), "arxiv answered with an empty page, of 2 papers."),
        (SEARCH[:2000], "arxiv answered with XML that is cut off."),
        (entries(0, 0, total=1).replace(b"</feed>", WRONG_QUESTION + b"</feed>"), "arxiv answered that the question"),
    ],
)
def test_an_answer_about_ids_that_is_none_is_an_error(httpserver: HTTPServer, body: bytes, message: str) -> None:
    answer_search(httpserver, body)
    with pytest.raises(SourceError, match=f"^{message}"):
        by_ids(httpserver, "2609.00001", "2609.00002")


def test_it_says_how_many_papers_it_asks_for_and_why_there_are_none() -> None:
    source = ArxivPapers(["2609.00001", "2609.00002"])
    assert source.question(NOW) == "2 papers by their ids"
    assert source.why_empty(NOW) == "arXiv knows none of these ids."
