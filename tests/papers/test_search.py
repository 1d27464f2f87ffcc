from datetime import date

import pytest
from django.core.paginator import Paginator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from papers.ingest import ingest
from papers.models import Paper
from papers.search import AS_PREFIXES, MAX_QUERY, MAX_RESULTS, MAX_WORDS, rank, search
from papers.search_index import Entry, index_papers, plain_words
from papers.sources.sample import Sample
from tests.factories import NOW, make_paper

pytestmark = pytest.mark.django_db


def find(query: str) -> list[str]:
    return [paper.title for paper in search(query)]


def make_entry(*, key: str = "k", title: str = "graphs", names: str = "", attention: int = 0) -> Entry:
    return Entry(1, key, title, names, attention)


# --- What is found --------------------------------------------------------------------------------------------------


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
        {"summary": "Something else.", "abstract": "A needle."},
    ],
)
def test_a_word_is_found_wherever_it_stands(fields: dict[str, object]) -> None:
    make_paper(title="Hay")
    make_paper(**({"title": "Found"} | fields))  # type: ignore[arg-type]
    assert len(find("needle")) == 1


@pytest.mark.parametrize("query", ["t", "tr", "tra", "tran", "transformer", "time transf", "transf time", "TRANS"])
def test_a_paper_is_found_while_its_words_are_typed(query: str) -> None:
    make_paper(title="Hay", authors=[], summary="Needles")
    make_paper(title="A Transformer in Time")
    assert find(query) == ["A Transformer in Time"]


def test_the_middle_of_a_word_finds_nothing() -> None:
    make_paper(title="Transformer")
    assert find("former") == []


def test_one_letter_begins_a_word_only_where_it_is_the_last() -> None:
    make_paper(title="Graph Neural Networks")
    make_paper(title="N Graphs")
    assert find("graph n") == ["Graph Neural Networks", "N Graphs"]
    assert find("n graph") == ["N Graphs"]


@pytest.mark.parametrize("query", ["2401.54321", "2401.543", "arXiv:2401.54321", "10.1145/ABC"])
def test_an_id_is_found(query: str) -> None:
    make_paper(title="Hay")
    make_paper(title="Found", arxiv_id="2401.54321", doi="10.1145/abc.7", keywords=["arXiv"])
    assert find(query) == ["Found"]


@pytest.mark.parametrize(
    "query", ["Schölkopf", "schölkopf", "Scho\u0308lkopf", "scholk", "SCHÖL", "注意力", "𝒪(n)", "ﬁne"]
)
def test_letters_beyond_ascii_are_found_with_marks_and_without(query: str) -> None:
    make_paper(title="Hay")
    make_paper(title="Found", authors=["Bernhard Schölkopf"], keywords=["注意力", "𝒪(n) time", "fine"])
    assert find(query) == ["Found"]


def test_only_the_last_three_words_may_be_unfinished() -> None:
    make_paper(title="A Survey of Large Language Models")
    assert find("survey lar lan mod") == ["A Survey of Large Language Models"]
    assert find("sur lar lan mod") == []


def test_hidden_papers_are_neither_found_nor_counted() -> None:
    make_paper(title="Secret", is_hidden=True)
    assert find("secret") == []
    assert len(search("secret")) == 0


def test_a_paper_that_was_hidden_after_it_was_found_is_not_loaded() -> None:
    paper = make_paper(title="Secret")
    found = search("secret")
    assert len(found) == 1
    Paper.objects.filter(pk=paper.pk).update(is_hidden=True)
    assert list(found) == []


@pytest.mark.parametrize("query", ["", " ", "\n\t\u00a0", "\x00", "\u202e", "?!", "-", "_", "\ud800"])
def test_a_query_without_words_finds_nothing(query: str) -> None:
    make_paper()
    assert find(query) == []


def test_a_query_is_read_up_to_its_limits() -> None:
    make_paper(title="word")
    assert find("word " * (MAX_QUERY // 5) + "missing") == ["word"]
    assert find("missing " + "word " * 1_000) == []
    words = " ".join("abcdefghijklmnopqrstuvwxyz"[:MAX_WORDS])
    make_paper(title=words)
    assert find(f"{words} missing") == [words]
    assert find(f"{words[2:]} missing") == []


# --- In which order -------------------------------------------------------------------------------------------------


def test_whole_words_of_the_title_come_first_then_acronyms_then_titles_then_all_else() -> None:
    for number, title in enumerate(["Elsewhere", "A Trip", "TRAM: A Way", "The TR Way"]):
        make_paper(title=title, summary="On transit.", counts={"upvotes": 1000 // (number + 1)})
    assert find("tr") == ["The TR Way", "TRAM: A Way", "A Trip", "Elsewhere"]


def test_only_capitals_of_the_query_make_an_acronym() -> None:
    make_paper(title="TRivia: Late", key="arxiv:2")
    make_paper(title="Trivia: Early", key="arxiv:1")
    assert find("tr") == ["TRivia: Late", "Trivia: Early"]
    assert find("tri") == ["Trivia: Early", "TRivia: Late"]


def test_relevance_and_attention_are_weighed() -> None:
    make_paper(title="A Way to See Graphs", counts={"upvotes": 5})
    make_paper(title="Graphs in Time", counts={"upvotes": 3})
    make_paper(title="Time Runs Over Graphs", counts={"upvotes": 500, "stars": 90})
    make_paper(title="Graphs")
    assert find("graphs") == ["Graphs", "Time Runs Over Graphs", "Graphs in Time", "A Way to See Graphs"]


def test_ties_are_broken_by_key_not_by_age() -> None:
    for number, letter in enumerate("cab"):
        make_paper(title=f"Graphs {letter}", key=f"arxiv:{letter}", listed_on=date(2026, 11, 16 + number))
    assert find("graphs") == ["Graphs a", "Graphs b", "Graphs c"]


def test_an_author_comes_before_one_of_a_longer_name_and_before_a_mention() -> None:
    make_paper(title="A", key="arxiv:1", abstract="The Hinton diagram.")
    make_paper(title="B", key="arxiv:2", authors=["Jane Hintonson"])
    make_paper(title="C", key="arxiv:3", authors=["Geoffrey Hinton"])
    assert find("hinton") == ["C", "B", "A"]


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.text("ab ", max_size=20), st.text("ab ", max_size=20))
def test_more_attention_never_moves_a_paper_down(fewer: int, more: int, title: str, names: str) -> None:
    fewer, more = sorted([fewer, more])
    lower, higher = (make_entry(title=title, names=names, attention=count) for count in (fewer, more))
    for way in range(AS_PREFIXES + 1):
        assert rank(higher, way, ["a", "b"]) <= rank(lower, way, ["a", "b"])


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_no_attention_moves_a_paper_above_one_found_in_a_better_way(one: int, other: int) -> None:
    for way in range(AS_PREFIXES):
        assert rank(make_entry(attention=one), way, ["g"]) < rank(make_entry(attention=other), way + 1, ["g"])


# --- The bundled catalogue ------------------------------------------------------------------------------------------


@pytest.fixture
def _catalogue() -> None:
    ingest("sample", Sample().fetch(NOW))


@pytest.mark.usefixtures("_catalogue")
def test_two_letters_find_all_119_papers_of_the_library() -> None:
    assert sum(paper.listed_on is None for paper in search("tr")) == 119


@pytest.mark.usefixtures("_catalogue")
@pytest.mark.parametrize("query", ["tr", "TR", "Tr", " tr ", "tr-"])
def test_papers_that_are_called_so_lead_and_acronyms_follow(query: str) -> None:
    heads = [title.partition(":")[0] for title in find(query)[:8]]
    assert sorted(heads[:3]) == ["Setting Standards in Turkish NLP", "TR-DQ", "TR-PTS"]
    assert {"TRivia", "TRAM", "TRUE", "TResNet"} == set(heads[3:7])


@pytest.mark.usefixtures("_catalogue")
@pytest.mark.parametrize(
    ("query", "head"),
    [
        ("tr-m", "Setting Standards in Turkish NLP"),
        ("tr-mmlu", "Setting Standards in Turkish NLP"),
        ("trpts", "TR-PTS"),
        ("trivia", "TRivia"),
        ("tree of th", "Tree of Thoughts"),
        ("transformer in transformer", "Transformer in Transformer"),
        ("bigbird", "Clinical-Longformer and Clinical-BigBird"),
    ],
)
def test_what_somebody_means_comes_first(query: str, head: str) -> None:
    assert find(query)[0].partition(":")[0] == head


@pytest.mark.usefixtures("_catalogue")
def test_a_paper_is_found_by_each_beginning_of_its_title() -> None:
    title = "Longformer: The Long-Document Transformer"
    assert [length for length in range(1, len(title) + 1) if title not in find(title[:length])] == []


# --- As a sequence --------------------------------------------------------------------------------------------------


def test_what_is_found_is_a_sequence_of_papers() -> None:
    papers = [make_paper(title="Graphs", key=f"arxiv:{number}") for number in range(5)]
    found = search("graphs")
    assert len(found) == 5
    assert list(found) == papers
    assert found[1:3] == papers[1:3]
    assert found[0] == papers[0]
    assert found[-1] == papers[-1]
    assert papers[2] in found
    with pytest.raises(IndexError):
        found[5]


def test_what_is_found_can_be_paged() -> None:
    papers = [make_paper(title="Graphs", key=f"arxiv:{number}") for number in range(5)]
    pages = Paginator(search("graphs"), 2)
    assert pages.count == 5
    assert [list(page) for page in pages] == [papers[:2], papers[2:4], papers[4:]]


def test_no_more_are_found_than_anybody_reads() -> None:
    titles = ["A Graph"] * (MAX_RESULTS // 2) + ["Graphs"] * MAX_RESULTS
    Paper.objects.bulk_create(Paper(key=f"arxiv:{n:04}", title=title) for n, title in enumerate(titles))
    index_papers(Paper.objects.all())
    assert find("graph") == titles[:MAX_RESULTS]
    assert len(search("graphs")) == MAX_RESULTS
    assert len(search("graph number")) == 0


def count_queries(query: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        for paper in search(query)[:20]:
            list(paper.topics.all())
    return len(queries)


def test_the_number_of_queries_grows_neither_with_papers_nor_with_words() -> None:
    for _ in range(3):
        make_paper(title="Graphs in time")
    few = count_queries("graph")
    for _ in range(10):
        make_paper(title="Graphs in time")
    assert count_queries("graph") == few
    assert count_queries("graphs in time by ada lovelace") <= few


def test_nothing_is_asked_before_something_is_wanted() -> None:
    with CaptureQueriesContext(connection) as queries:
        search("graph")
    assert len(queries) == 0


# --- Bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["' OR 1=1 --", "<script>alert(1)</script>", '"unclosed', "[]{}()*?", "😀" * 100, "x" * 10_000, "\\", "%"],
)
def test_an_odd_query_is_answered(query: str) -> None:
    make_paper(title="A Paper")
    assert find(query) == []


@pytest.mark.parametrize(
    "query",
    [
        "graph AND time",
        "time OR graph",
        "graph NEAR time",
        "NOT time graph",
        'graph "time"',
        "title: graph time",
        "graph* ^time -time",
        "graph & time | !time",
        "graph <-> time:*",
        "'graph' (time)",
        "graph\x00time",
        "graph\ud800 time",
        "graph%time",
        "graph_time",
    ],
)
def test_what_databases_take_for_operators_are_words_or_nothing(query: str) -> None:
    make_paper(title="And, or, not, near: the title of time in a graph", summary="")
    make_paper(title="Hay", summary="graph", authors=["N"])
    assert find(query) == ["And, or, not, near: the title of time in a graph"]


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_any_text_is_answered(query: str) -> None:
    assert list(search(query)) == []


@given(st.text(min_size=1, max_size=60))
def test_any_title_finds_its_paper(title: str) -> None:
    # PostgreSQL keeps neither, and no source lets them through.
    title = title.replace("\x00", " ").encode("utf-8", "ignore").decode()
    Paper.objects.all().delete()
    paper = make_paper(title=title, upvotes=None)
    assert list(search(title)) == ([paper] if plain_words(title) else [])


@pytest.mark.parametrize(
    "query",
    [
        "https://arxiv.org/abs/2608.19880",
        "https://arxiv.org/pdf/2608.19880v2.pdf",
        "arxiv.org/abs/2608.19880v12",
        "arXiv:2608.19880",
        "arxiv: 2608.19880v1",
        "2608.19880",
    ],
)
def test_an_arxiv_id_is_found_however_it_is_written(query: str) -> None:
    make_paper(title="The One", arxiv_id="2608.19880")
    make_paper(title="Another", arxiv_id="2608.19881")
    assert [paper.title for paper in search(query)] == ["The One"]
