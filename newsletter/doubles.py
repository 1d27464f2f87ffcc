"""Which papers of an edition are one work under two entries. Pure: papers in, pairs out, nothing is looked up."""

import re
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from papers.matching import may_share_authors
from papers.models import Paper
from papers.text import normalise_title

# Of all words of two titles so many are in both; short titles have too few to tell.
ALIKE = 0.8
FEWEST_WORDS = 4
# What tells "Part 1" from "Part 2", and one model from the next.
TELLING = re.compile(r"\w*\d\w*|[ivx]+")


class Double(NamedTuple):
    """Two papers in the order of the edition, and why they look like one; not sure when others wrote the second."""

    first: Paper
    second: Paper
    why: str
    is_sure: bool


def doubles_among(papers: Sequence[Paper]) -> list[Double]:
    """Return each pair of `papers` that looks like one work."""
    titles = {paper.pk: normalise_title(paper.title) for paper in papers}
    words = {pk: frozenset(title.split()) for pk, title in titles.items()}
    found: list[Double] = []
    for first, second in combinations(papers, 2):
        is_same = titles[first.pk] == titles[second.pk] != ""
        is_alike = is_same or _are_alike(words[first.pk], words[second.pk])
        if double := _double(first, second, is_same=is_same, is_alike=is_alike):
            found.append(double)
    return found


def _double(first: Paper, second: Paper, *, is_same: bool, is_alike: bool) -> Double | None:
    for name, known, told in (("arXiv id", first.arxiv_id, second.arxiv_id), ("DOI", first.doi, second.doi)):
        if known and known == told:
            return Double(first, second, f"have the same {name}", is_sure=True)
    is_same = is_same or first.title_hash == second.title_hash != ""
    if not (is_same or is_alike):
        return None
    share_authors = may_share_authors(first.authors, second.authors)
    if is_same:
        return Double(first, second, "have the same title" + ("" if share_authors else ", by others"), share_authors)
    return Double(first, second, "have nearly the same title", is_sure=True) if share_authors else None


def _are_alike(words: frozenset[str], others: frozenset[str]) -> bool:
    if min(len(words), len(others)) < FEWEST_WORDS or any(map(TELLING.fullmatch, words ^ others)):
        return False
    return len(words & others) >= ALIKE * len(words | others)
