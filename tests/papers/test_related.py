from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from papers.models import Paper
from papers.related import COMMON, related_papers
from papers.search_index import index_papers
from tests.factories import make_paper

pytestmark = pytest.mark.django_db


def test_papers_that_share_most_words_come_first() -> None:
    paper = make_paper(title="Quantised Diffusion of Protein Folding")
    make_paper(title="Something Else Altogether")
    far = make_paper(title="Protein Soup")
    near = make_paper(title="Diffusion for Protein Folding")
    assert related_papers(paper) == [near, far]


def test_a_rare_word_counts_more_than_a_frequent_one() -> None:
    paper = make_paper(title="Language Zebrafish", keywords=[])
    for _ in range(5):
        make_paper(title="Language Games")
    rare = make_paper(title="On the Zebrafish")
    assert related_papers(paper)[0] == rare


def test_keywords_and_abstracts_relate_papers_too() -> None:
    paper = make_paper(title="One", keywords=["zebrafish"])
    other = make_paper(title="Two", abstract="We watch zebrafish.")
    assert related_papers(paper) == [other]


def test_among_equals_attention_decides_and_then_the_key() -> None:
    paper = make_paper(title="Zebrafish")
    last = make_paper(title="Zebrafish", key="arxiv:1", listed_on=date(2026, 11, 24))
    second, first = (make_paper(title="Zebrafish", key=f"arxiv:{n}", counts={"upvotes": n}) for n in (5, 6))
    third = make_paper(title="Zebrafish", key="arxiv:0")
    assert related_papers(paper) == [first, second, third, last]
    assert related_papers(paper, limit=2) == [first, second]


def test_neither_the_paper_itself_nor_a_hidden_one_is_related() -> None:
    paper = make_paper(title="Zebrafish")
    make_paper(title="Zebrafish", is_hidden=True)
    assert related_papers(paper) == []


def test_a_paper_without_long_words_has_no_relatives() -> None:
    make_paper(title="On It")
    assert related_papers(make_paper(title="On It?", keywords=["'", "&"])) == []


def test_two_common_words_relate_papers_where_few_rare_ones_do() -> None:
    titles = ["Language Games"] * COMMON + ["Model Trains"] * COMMON
    Paper.objects.bulk_create(Paper(key=f"arxiv:{n}", title=title) for n, title in enumerate(titles))
    index_papers(Paper.objects.all())
    # Two of its words are its own, and one other paper has the third.
    paper = make_paper(title="Language Model of Xylophone, Yellowhammer, Zebrafish")
    one = make_paper(title="Zebrafish")
    both = make_paper(title="A Model of Language")
    assert related_papers(paper) == [one, both]


def test_where_all_words_are_common_together_those_with_most_attention_are_related() -> None:
    Paper.objects.bulk_create(Paper(key=f"arxiv:{n}", title="Language Models") for n in range(COMMON))
    index_papers(Paper.objects.all())
    paper = make_paper(title="Language Models")
    best = make_paper(title="Language Models", counts={"upvotes": 9})
    related = related_papers(paper)
    assert related[0] == best
    assert len(related) == 5


def test_a_word_in_the_title_relates_more_than_one_in_the_text() -> None:
    paper = make_paper(title="Zebrafish")
    text = make_paper(title="Fish", summary="zebrafish", key="arxiv:1")
    title = make_paper(title="A Zebrafish", key="arxiv:2")
    assert related_papers(paper) == [title, text]


def test_the_number_of_queries_does_not_grow_with_the_papers() -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            related_papers(paper)
        return len(queries)

    paper = make_paper(title="Zebrafish and Whales")
    make_paper(title="Zebrafish")
    few = count()
    for _ in range(10):
        make_paper(title="Whales and Zebrafish")
    assert count() == few


def test_words_about_nothing_relate_nobody() -> None:
    paper = make_paper(title="Towards Zebrafish")
    make_paper(title="Towards Whales")
    fish = make_paper(title="On Zebrafish")
    assert related_papers(paper) == [fish]
