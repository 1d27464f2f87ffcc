"""A small catalogue with a text model, for what is chosen by text."""

from functools import cache
from random import Random
from typing import Any

import numpy as np

from newsletter.offer import Candidate, Offer
from papers.text import plain
from papers.text_model import Text, TextModel, count_terms, fit

FIELDS = {
    "robots": ["robot", "arm", "grasp", "gripper", "walking", "stairs", "balance", "joints"],
    "video": ["video", "frames", "diffusion", "camera", "scene", "motion", "pixels", "editing"],
    "proofs": ["proof", "theorem", "lemma", "algebra", "logic", "axiom", "induction", "prover"],
    "tables": ["table", "cell", "layout", "document", "recognition", "header", "column", "scan"],
}
PAPERS_A_FIELD = 15
DAY = 739_000


@cache
def titles() -> dict[int, str]:
    """Titles by paper id: the first of each field are 1 to 15, 101 to 115 and so on."""
    chance = Random(3)  # noqa: S311  the same titles each time
    return {
        hundred * 100 + number: " ".join(chance.sample(words, 5)).capitalize()
        for hundred, words in enumerate(FIELDS.values())
        for number in range(1, PAPERS_A_FIELD + 1)
    }


@cache
def model() -> TextModel:
    """The model of all these papers, listed on DAY."""
    ids = np.array(sorted(titles()))
    counts = count_terms(Text(titles()[paper_id], "The words that all have") for paper_id in ids)
    return fit(ids, np.full(len(ids), DAY), counts, version="test")


def field_of(paper_id: int) -> str:
    return [*FIELDS][paper_id // 100]


def candidate(paper_id: int, **facts: Any) -> Candidate:
    """A paper of the catalogue on offer, ranked by its id and wanted by everybody alike unless told otherwise."""
    text = plain(titles().get(paper_id, f"Paper {paper_id}"))
    usual: dict[str, Any] = {"rank": paper_id, "score": 1.0, "attention": "+5 upvotes", "text": text}
    return Candidate(paper_id=paper_id, **(usual | facts))


def offer(*candidates: Candidate) -> Offer:
    return Offer(candidates, model(), DAY)
