"""Texts as weighted words, and what holds of them whatever the texts are."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.text_model import Text, TextModel, count_terms, fit, terms_of

WORDS = ("agents", "video", "robot", "memory", "graph", "token", "proof", "the", "of")
words = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
texts = st.builds(Text, words, words)
# Of few papers every term is in more than half, or in one only.
many_texts = st.lists(texts, min_size=4, max_size=14)

# Fourteen papers of which none says anything of interest, so that what a few say is rare enough to count.
OTHERS = [Text(f"lone{number}") for number in range(14)]


def make_model(texts: Sequence[Text], version: str = "1") -> TextModel:
    """A model of `texts`, whose ids are 1, 2, 3 …"""
    ids = np.arange(1, len(texts) + 1)
    return fit(ids, np.zeros(len(texts), np.int64), count_terms(texts), version)


def weight(model: TextModel, row: int, term: str) -> float:
    columns = model.columns_of([term])
    return float(model.vectors[row, columns[0]]) if len(columns) else 0.0


@given(many_texts, st.randoms(use_true_random=False))
def test_the_order_of_papers_changes_no_vector(papers: list[Text], random: Random) -> None:
    order = list(range(len(papers)))
    random.shuffle(order)
    model, shuffled = make_model(papers), make_model([papers[place] for place in order])
    assert np.array_equal(model.hashes, shuffled.hashes)
    assert np.allclose(model.vectors[order].toarray(), shuffled.vectors.toarray(), atol=1e-6)
    assert np.allclose(model.mean, shuffled.mean, atol=1e-6)


@given(many_texts)
def test_vectors_have_length_one_or_are_empty(papers: list[Text]) -> None:
    model = make_model(papers)
    lengths = np.sqrt(model.vectors.multiply(model.vectors).sum(axis=1))
    for length, entries in zip(np.asarray(lengths).ravel(), np.diff(model.vectors.indptr), strict=True):
        assert length == pytest.approx(1 if entries else 0, abs=1e-5)


@given(many_texts)
def test_a_text_of_the_model_gets_the_vector_it_has_there(papers: list[Text]) -> None:
    model = make_model(papers)
    assert np.allclose(model.vectors_of(papers).toarray(), model.vectors.toarray(), atol=1e-6)


@given(many_texts)
def test_postings_are_the_same_vectors_and_both_are_in_order(papers: list[Text]) -> None:
    model = make_model(papers)
    assert (model.postings != model.vectors).nnz == 0
    # What reads them from files takes this for granted.
    for matrix in (model.vectors, model.postings):
        indices, ends = matrix.indices, matrix.indptr
        assert all((np.diff(indices[start:end]) > 0).all() for start, end in pairwise(ends))


@given(many_texts)
def test_terms_that_count_are_in_two_papers_at_least_and_in_half_at_most(papers: list[Text]) -> None:
    model = make_model(papers)
    having: dict[str, int] = {}
    for text in papers:
        for term in {*terms_of(text.title), *terms_of(text.abstract)}:
            having[term] = having.get(term, 0) + 1
    wanted = [term for term, count in having.items() if 2 <= count <= len(papers) / 2]
    assert len(model.columns_of(wanted)) == len(wanted) == len(model.hashes)


def test_rarer_terms_are_worth_more() -> None:
    model = make_model([Text("agents proof"), Text("agents proof"), Text("agents"), *OTHERS])
    rare, common = (model.worth[model.columns_of([term])[0]] for term in ("proof", "agents"))
    assert rare > common > 0


def test_words_without_meaning_and_single_letters_are_no_terms() -> None:
    assert terms_of("The Model of a Proof: x") == ["model", "proof", "model proof"]


def test_no_pair_crosses_from_title_to_abstract_or_from_one_paper_to_the_next() -> None:
    model = make_model([Text("video robot", "graph token")] * 2 + OTHERS)
    assert len(model.columns_of(["video robot", "graph token"])) == 2
    assert not len(model.columns_of(["robot graph", "token video", "robot video", "token graph"]))


def test_a_title_counts_twice() -> None:
    in_title, in_abstract = (count_terms([text]).data.tolist() for text in (Text("agents"), Text("", "agents")))
    assert (in_title, in_abstract) == ([2], [1])
    model = make_model([Text("agents", "video"), Text("agents", "video"), *OTHERS])
    assert weight(model, 0, "agents") > weight(model, 0, "video") > 0


def test_repeating_a_term_counts_ever_less() -> None:
    repeated = [Text("", "agents " * times + "video") for times in (1, 2, 3)]
    model = make_model([*repeated, *OTHERS])
    ratios = [weight(model, row, "agents") / weight(model, row, "video") for row in range(3)]
    assert ratios[0] < ratios[1] < ratios[2]
    assert ratios[2] - ratios[1] < ratios[1] - ratios[0]


def test_papers_that_share_rare_words_are_alike_and_others_are_not() -> None:
    model = make_model([Text("robot memory"), Text("robot memory"), Text("graph proof"), Text("graph proof"), *OTHERS])
    alike = (model.vectors @ model.vectors.T).toarray()
    assert alike[0, 1] == pytest.approx(1)
    assert alike[0, 2] == 0


def test_empty_texts_have_empty_vectors_and_their_row() -> None:
    model = make_model([Text("robot"), Text("", ""), Text("robot"), *OTHERS])
    assert np.diff(model.vectors.indptr)[:3].tolist() == [1, 0, 1]
    assert model.rows_of([2, 99]).tolist() == [1, -1]
    assert model.vectors_of([Text("", ""), Text("never heard of")]).nnz == 0


def test_no_papers_make_a_model_too() -> None:
    model = make_model([])
    assert model.vectors.shape == model.postings.shape == (0, 0)
    assert model.vectors_of([Text("robot")]).shape == (1, 0)
    assert model.rows_of([1]).tolist() == [-1]
    assert model.queries_of(["robot memory"]).nnz == 0


def test_a_phrase_asks_for_each_of_its_terms_once_by_worth() -> None:
    model = make_model([Text("robot memory"), Text("robot memory"), Text("robot"), *OTHERS])
    query = model.queries_of(["robot memory", "robot robot", "unknown"])
    terms = model.columns_of(["robot", "memory", "robot memory"])
    assert query[0].indices.tolist() == terms.tolist()
    weights = query[0].toarray()[0, terms]
    assert np.allclose(weights / weights[0], model.worth[terms] / model.worth[terms[0]])
    assert query[1].data.tolist() == [1]
    assert query[2].nnz == 0


def test_the_same_texts_make_the_same_bytes() -> None:
    texts = [Text("robot memory", "graph"), Text("robot memory", "token graph"), *OTHERS]
    one, other = make_model(texts), make_model(texts)
    assert one.vectors.data.tobytes() == other.vectors.data.tobytes()
    assert one.mean.tobytes() == other.mean.tobytes()
