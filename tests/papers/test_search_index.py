import importlib
import re

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from papers.ingest import ingest
from papers.models import Paper, SearchEntry
from papers.search import search
from papers.search_index import (
    ANYWHERE,
    IN_TITLE,
    MAX_TEXT,
    MAX_WORD,
    acronym_of,
    attention_to,
    index_papers,
    look_up,
    look_up_rare,
    paper_at,
    place_of,
    plain_words,
)
from tests.factories import make_paper, make_record


def find(query: str) -> list[str]:
    return [paper.title for paper in search(query)]


# --- Words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("TR-MMLU", ["tr", "mmlu"]),
        ("Schölkopf", ["scholkopf"]),
        ("snake_case", ["snake", "case"]),
        ("2401.54321v2", ["2401", "54321v2"]),
        ("𝒪(n²), x^2", ["o", "n2", "x2"]),
        ("Straße", ["strasse"]),
        ("İstanbul", ["istanbul"]),
        ("注意力 机制", ["注意力", "机制"]),
        ("\x00\ud800'\"*:", []),
    ],
)
def test_words_are_letters_and_digits_in_one_form(text: str, words: list[str]) -> None:
    assert plain_words(text) == words


@given(st.text())
def test_words_are_plain_already(text: str) -> None:
    words = plain_words(text)
    assert plain_words(" ".join(words)) == words
    assert all(re.fullmatch(r"[^\W_]+", word) and len(word) <= MAX_WORD for word in words)


@given(st.text(), st.text())
def test_the_words_of_two_texts_are_those_of_each(one: str, other: str) -> None:
    assert plain_words(f"{one} {other}") == plain_words(one) + plain_words(other)


@pytest.mark.parametrize(
    ("title", "acronym"),
    [
        ("TR-PTS: Task-Relevant Tuning", "trpts"),
        ("TRivia: Fine-tuning", "tr"),
        ("TRAM : Bridging", "tram"),
        ("GPT-4V: A Report", "gpt4v"),
        ("R^3-Bench: Reasoning", "r3b"),
        ("RL^2: Learning", "rl2"),
        ("TrOCR: Optical", ""),
        ("Tree: Of Life", ""),
        ("TRAM", ""),
        ("TRAM and BUS: Bridging", ""),
        ("Setting: TR-MMLU", ""),
        (": Nothing", ""),
        ("ÄÖÜ: Umlauts", "aou"),
    ],
)
def test_an_acronym_is_the_capitals_of_a_word_before_a_colon(title: str, acronym: str) -> None:
    assert acronym_of(title) == acronym


# --- Places ---------------------------------------------------------------------------------------------------------


def test_a_star_counts_a_tenth_of_an_upvote() -> None:
    assert attention_to({}) == 0
    assert attention_to({"upvotes": 3, "comments": 2, "stars": 45, "citations": 1000}) == 9


@given(st.integers(1, 2**39), st.integers(0, 2**20))
def test_a_place_tells_its_paper(paper_id: int, upvotes: int) -> None:
    assert paper_at(place_of(paper_id, {"upvotes": upvotes})) == paper_id
    assert place_of(paper_id, {"upvotes": upvotes}) < 2**63


@given(st.integers(1, 2**39), st.integers(1, 2**39), st.integers(0, 10_000))
def test_twice_the_attention_is_a_higher_place(one: int, other: int, upvotes: int) -> None:
    assert place_of(one, {"upvotes": 2 * upvotes + 1}) > place_of(other, {"upvotes": upvotes})


# --- Entries --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_changed_paper_is_found_by_its_new_words_only() -> None:
    paper = make_paper(title="Old: Oats", authors=["Olga"], summary="An oyster.")
    paper.title, paper.authors, paper.summary = "NEW: Nuts", ["Nina"], "A newt."
    paper.save()
    index_papers([paper])
    assert [find(word) for word in ("nuts", "nina", "newt", "ne")] == [["NEW: Nuts"]] * 4
    assert [find(word) for word in ("oats", "olga", "oyster", "ol")] == [[]] * 4


@pytest.mark.django_db
def test_a_deleted_paper_leaves_nothing_in_the_index() -> None:
    paper = make_paper(title="Oats")
    other = make_paper(title="Other Oats")
    paper.delete()
    assert [paper_at(place) for where in (IN_TITLE, ANYWHERE) for place in look_up(where, ["oats"], 9)] == [
        other.pk
    ] * 2


@pytest.mark.django_db
def test_a_paper_moves_up_in_the_index_with_its_attention() -> None:
    papers = [make_paper(title="Oats") for _ in range(3)]
    papers[1].counts = {"upvotes": 100}
    papers[1].save()
    index_papers(papers)
    for where in (IN_TITLE, ANYWHERE):
        assert [paper_at(place) for place in look_up(where, ["oats"], 2)] == [papers[1].pk, papers[2].pk]


@pytest.mark.django_db
def test_entries_that_are_as_they_should_be_are_not_written() -> None:
    papers = [make_paper() for _ in range(3)]
    with CaptureQueriesContext(connection) as queries:
        index_papers(papers)
    assert len(queries) == 1


@pytest.mark.django_db
def test_papers_are_indexed_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papers.search_index.CHUNK", 2)
    Paper.objects.bulk_create(Paper(key=f"arxiv:{number}", title="Oats") for number in range(5))
    index_papers(Paper.objects.all())
    assert SearchEntry.objects.count() == 5


@pytest.mark.django_db
def test_what_a_source_tells_is_found_at_once() -> None:
    ingest("huggingface", [make_record(title="Oats", upvotes=None)])
    assert find("oats") == ["Oats"]
    ingest("huggingface", [make_record(title="Barley", upvotes=None)])
    assert [find("oats"), find("barley")] == [[], ["Barley"]]


@pytest.mark.django_db
def test_a_paper_with_endless_text_is_indexed_as_far_as_it_goes() -> None:
    names = [f"Name{number} Ω{'ω' * 60}{number}" for number in range(5_000)]
    paper = make_paper(title="Many", authors=names, abstract="word " * 50_000)
    assert len(SearchEntry.objects.get(paper=paper).names) <= MAX_TEXT
    assert find("name0") == ["Many"]
    assert find("Ω" + "ω" * 90) == ["Many"]


@pytest.mark.django_db
def test_the_last_papers_of_many_are_found() -> None:
    """Also beyond the leading places, which PostgreSQL looks at first."""
    Paper.objects.bulk_create(
        Paper(key=f"arxiv:{number}", title="Oats", abstract="rare" if number < 3 else "frequent")
        for number in range(1_100)
    )
    index_papers(Paper.objects.all())
    assert len(look_up(ANYWHERE, ["rare"], 9)) == 3
    places = look_up(ANYWHERE, ["freq"], 1_098, as_prefixes=True)
    assert len(places) == 1_097
    assert places == sorted(places, reverse=True)
    assert look_up(ANYWHERE, ["frequent"], 5) == places[:5]
    assert look_up(ANYWHERE, ["frequent"], 500) == places[:500]


@pytest.mark.django_db
def test_what_is_rare_is_looked_up_as_a_whole_or_not_at_all() -> None:
    papers = [make_paper(title="Oats", summary="barley") for _ in range(3)]
    ids = {paper.pk for paper in papers}
    assert {paper_at(place) for place in look_up_rare(IN_TITLE, ["oats"], 4) or ()} == ids
    assert {paper_at(place) for place in look_up_rare(ANYWHERE, ["oats", "barley"], 4) or ()} == ids
    assert look_up_rare(IN_TITLE, ["barley"], 3) == []
    assert look_up_rare(IN_TITLE, ["oats"], 3) is None
    assert look_up_rare(ANYWHERE, ["barley"], 2) is None


@pytest.mark.django_db
def test_papers_that_were_there_before_the_index_are_found() -> None:
    make_paper(title="Oats")
    SearchEntry.objects.all().delete()
    assert find("oats") == []
    importlib.import_module("papers.migrations.0004_search_index").fill_entries(apps, None)
    assert find("oats") == ["Oats"]


@pytest.mark.django_db
def test_whatever_happens_to_the_entries_the_index_agrees_with_them() -> None:
    papers = [make_paper(title=f"TR-{number}: Oats") for number in range(9)]
    for paper in papers[:6]:
        paper.title, paper.counts = "Barley", {"upvotes": 2**paper.pk % 99}
        paper.save()
    index_papers(papers[:5])
    papers[4].delete()
    papers[8].delete()
    # PostgreSQL has no index beside the table that could disagree.
    for index in (IN_TITLE, ANYWHERE) if connection.vendor == "sqlite" else ():
        with connection.cursor() as cursor:
            # Raises when it does.
            cursor.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")  # noqa: S608  ours
    assert len(find("barley")) == 4
