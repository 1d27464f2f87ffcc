from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers.search import MAX_QUERY, search
from tests.factories import make_paper

pytestmark = pytest.mark.django_db


def find(query: str) -> list[str]:
    return [paper.title for paper in search(query)]


def test_every_word_must_be_held_somewhere() -> None:
    make_paper(title="Sparse Attention", summary="A faster way to read.")
    make_paper(title="Attention", summary="A slower way.")
    assert find("attention faster") == ["Sparse Attention"]
    assert find("attention nothing") == []


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "On Needles"},
        {"authors": ["Ada Needlework", "B"]},
        {"keywords": ["hay", "needle search"]},
        {"summary": "Finds the needle."},
        {"abstract": "We find a NEEDLE."},
    ],
)
def test_a_word_is_found_wherever_it_stands(fields: dict[str, object]) -> None:
    make_paper(title="Hay")
    make_paper(**({"title": "Found"} | fields))  # type: ignore[arg-type]
    assert len(find("needle")) == 1


def test_an_arxiv_id_is_found() -> None:
    make_paper(title="Found", arxiv_id="2401.54321")
    assert find("2401.54321") == ["Found"]


@pytest.mark.parametrize("query", ["Schölkopf", "schölkopf", "Scho\u0308lkopf", "注意力", "𝒪(n)"])
def test_letters_beyond_ascii_are_found_in_names_and_keywords(query: str) -> None:
    make_paper(title="Hay")
    make_paper(title="Found", authors=["Bernhard Schölkopf"], keywords=["注意力", "𝒪(n) time"])
    assert find(query) == ["Found"]


def test_title_matches_come_first_then_the_newest_then_by_key() -> None:
    older, newer = date(2026, 11, 19), date(2026, 11, 20)
    make_paper(title="In the summary", summary="graphs", listed_on=newer)
    make_paper(title="Graphs, older", listed_on=older)
    make_paper(title="Graphs, newer", listed_on=newer)
    for letter in "ba":
        make_paper(title=f"Graphs, {letter}", key=f"arxiv:0000.{letter}", listed_on=newer)
    assert find("graphs") == ["Graphs, a", "Graphs, b", "Graphs, newer", "Graphs, older", "In the summary"]


def test_hidden_papers_are_not_found() -> None:
    make_paper(title="Secret", is_hidden=True)
    assert find("secret") == []


@pytest.mark.parametrize("query", ["", " ", "\n\t\u00a0", "\x00", "\u202e"])
def test_an_empty_query_finds_nothing(query: str) -> None:
    make_paper()
    assert find(query) == []


def test_a_query_is_read_up_to_its_limit() -> None:
    make_paper(title="word")
    assert find("word " * (MAX_QUERY // 5) + "missing") == ["word"]
    assert find("missing " + "word " * 1_000) == []


@pytest.mark.parametrize("query", ["100%", "a_b", "\\"])
def test_the_wildcards_of_the_database_are_ordinary_characters(query: str) -> None:
    make_paper(title="1000 axb / c")
    make_paper(title=f"About {query}")
    assert find(query) == [f"About {query}"]


def test_as_many_words_as_fit_are_one_query() -> None:
    make_paper(title="a b c")
    with CaptureQueriesContext(connection) as queries:
        assert find("a b c " * 1_000) == ["a b c"]
    assert len(queries) == 1


@pytest.mark.parametrize(
    "query", ["' OR 1=1 --", "<script>alert(1)</script>", '"unclosed', "[]{}()*?", "😀" * 100, "x" * 10_000]
)
def test_an_odd_query_is_answered(query: str) -> None:
    make_paper(title="A Paper")
    assert find(query) == []
