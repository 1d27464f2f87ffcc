"""Why a paper was chosen: found in the very numbers that ranked it, and said in words. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from newsletter.matrices import Floats, Ints
from newsletter.offer import Candidate, Offer, same_name
from newsletter.relevance import CHANCE, Points, Taste
from papers.shortening import shorten

LONGEST_TITLE = 60
# What a reason names of each kind, be there ever so many.
MOST_NAMED = 3


class Kind(StrEnum):
    """What a reason speaks of."""

    PINNED = "pinned"
    MATCHES = "matches"
    AUTHOR = "author"
    TOPIC = "topic"
    SAVED = "saved"
    LIKED = "liked"
    MEANT = "meant"
    TASTE = "taste"
    TRENDING = "trending"
    OUTSIDE = "outside"
    EDITION = "edition"


class Basis(StrEnum):
    """What a pick rests on, as its reader would sum it up."""

    EDITORS = "editors"
    WISHED = "wished"
    TASTE = "taste"
    TRENDING = "trending"
    OUTSIDE = "outside"


BASES = {
    Kind.PINNED: Basis.EDITORS,
    Kind.EDITION: Basis.EDITORS,
    Kind.MATCHES: Basis.WISHED,
    Kind.AUTHOR: Basis.WISHED,
    Kind.TOPIC: Basis.WISHED,
    Kind.SAVED: Basis.TASTE,
    Kind.LIKED: Basis.TASTE,
    Kind.MEANT: Basis.TASTE,
    Kind.TASTE: Basis.TASTE,
    Kind.TRENDING: Basis.TRENDING,
    Kind.OUTSIDE: Basis.OUTSIDE,
}

# `{}` stands for what the reason is about.
WORDS = {
    Kind.PINNED: "picked by the editors",
    Kind.MATCHES: "matches {}",
    Kind.AUTHOR: "by {}, whom you follow",
    Kind.TOPIC: "in {}, which you follow",
    Kind.SAVED: "because you saved {}",
    Kind.LIKED: "because you liked {}",
    Kind.MEANT: "near your interest {}",
    Kind.TASTE: "near what you like",
    Kind.TRENDING: "trending: {}",
    Kind.OUTSIDE: "outside your usual",
    Kind.EDITION: "chosen by the editors",
}
QUOTED = {Kind.MATCHES, Kind.SAVED, Kind.LIKED, Kind.MEANT}


class Why(NamedTuple):
    """One reason. It is about a phrase, a name, attention in words, or nothing; of SAVED and LIKED about a paper."""

    kind: Kind
    about: str | int = ""


class Strongest(NamedTuple):
    """What of each reader's taste adds most to the nearness of each of their picks (readers × picks).

    `added` is how much that is, 0 where all is as unlike as chance has it; `column` is which paper or phrase it is.
    """

    added: Floats
    column: Ints


class Found(NamedTuple):
    """What the numbers say of one pick: by how much it is near by a paper and by a stated interest, and by which."""

    is_asked_for: bool
    is_near: bool
    by_paper: float
    paper_id: int
    by_wish: float
    phrase: int


def find_reasons(offer: Offer, points: Points, tastes: Sequence[Taste], chosen: Ints) -> list[list[tuple[Why, ...]]]:
    """Return why each reader gets each of the candidates at the places `chosen` (readers × picks, −1 for none): what
    they asked for, and what of their taste gave it most points; else attention."""
    papers = _strongest(offer.likeness_to(points.likes.indices), points.likes, chosen)
    wishes = _strongest(points.meanings, points.wishes, chosen)
    facts = (
        np.take_along_axis(points.is_asked_for, chosen, axis=1),
        np.take_along_axis(points.is_near, chosen, axis=1),
        papers.added,
        offer.model.paper_ids[papers.column] if len(offer.model.paper_ids) else papers.column,
        *wishes,
    )
    rows = zip(tastes, chosen.tolist(), *[fact.tolist() for fact in facts], strict=True)
    return [
        [
            _reasons(offer, points.phrases, taste, place, found)
            for place, found in zip(places, map(Found, *of_reader), strict=True)
            if place >= 0
        ]
        for taste, places, *of_reader in rows
    ]


def reasons_outside(candidate: Candidate) -> tuple[Why, ...]:
    """Return why somebody gets a paper that is unlike what they like."""
    outside = Why(Kind.OUTSIDE)
    return (outside, Why(Kind.TRENDING, candidate.attention)) if candidate.attention else (outside,)


def _strongest(likeness: Floats, shares: csr_matrix, chosen: Ints) -> Strongest:
    """Return what adds most, of `shares` (readers × papers or phrases) times `likeness` (these × candidates)."""
    counts = np.diff(shares.indptr)
    added, best = np.zeros(chosen.shape, np.float32), np.zeros(chosen.shape, np.int64)
    if len(shares.data) and chosen.size:
        readers = np.repeat(np.arange(len(counts)), counts)
        # A line for each entry of `shares`. Where there is no pick the last candidate stands in, and nobody asks.
        alike = likeness[shares.indices[:, np.newaxis], chosen[readers]]
        each = np.where(alike > CHANCE, shares.data[:, np.newaxis] * alike, 0)
        added[counts > 0] = np.maximum.reduceat(each, shares.indptr[:-1][counts > 0])
        entries, picks = np.nonzero((each == added[readers]) & (each > 0))
        # Backwards, so that of equals the first is what stays.
        best[readers[entries[::-1]], picks[::-1]] = shares.indices[entries[::-1]]
    return Strongest(added, best)


def _reasons(offer: Offer, phrases: Sequence[str], taste: Taste, place: int, found: Found) -> tuple[Why, ...]:
    if offer.candidates[place].is_pinned:
        return (Why(Kind.PINNED),)
    whys = _asked_for(offer, taste, place) if found.is_asked_for else []
    # What gets in by demand alone is near nothing.
    by_paper, by_wish = (found.by_paper, found.by_wish) if found.is_near else (0, 0)
    if by_wish and any(why.about == phrases[found.phrase] for why in whys):
        by_wish = 0
    if by_paper and by_paper >= by_wish:
        is_saved = any(said.paper_id == found.paper_id and said.kind == "saved" for said in taste.said)
        whys.append(Why(Kind.SAVED if is_saved else Kind.LIKED, found.paper_id))
    elif by_wish:
        whys.append(Why(Kind.MEANT, phrases[found.phrase]))
    return tuple(whys) or (_otherwise(offer, place, is_near=found.is_near),)


def _asked_for(offer: Offer, taste: Taste, place: int) -> list[Why]:
    candidate = offer.candidates[place]
    asked, followed = offer.asked(taste.interests), set(map(same_name, taste.authors))
    names = [name for name in dict.fromkeys(candidate.authors) if same_name(name) in followed]
    return [
        *[Why(Kind.MATCHES, phrase) for phrase in taste.interests if place in asked[phrase].places],
        *[Why(Kind.AUTHOR, name) for name in names],
        *[Why(Kind.TOPIC, name) for topic, name in sorted(candidate.topics.items()) if topic in taste.topics],
    ]


def _otherwise(offer: Offer, place: int, *, is_near: bool) -> Why:
    attention = offer.candidates[place].attention
    if is_near and not (offer.in_demand[place] and attention):
        return Why(Kind.TASTE)
    # Without attention it is in the edition because somebody put it there.
    return Why(Kind.TRENDING, attention) if attention else Why(Kind.EDITION)


def in_words(whys: Sequence[Why], titles: Mapping[int, str]) -> str:
    """Return reasons as a reader sees them. A paper that `titles` does not have is not named."""
    said = []
    for kind, group in groupby(whys, key=lambda why: why.kind):
        names = [_name(why, titles) for why in group]
        if all(name is not None for name in names):
            said.append(WORDS[kind].format(_listed([name for name in names if name])))
    return ", ".join(said) or WORDS[Kind.TASTE]


def basis_of(whys: Sequence[Why]) -> Basis:
    """Return what a pick rests on: its first reason."""
    return BASES[whys[0].kind]


def papers_named(whys: Sequence[Why]) -> set[int]:
    """Return the papers whose titles `in_words` needs."""
    return {why.about for why in whys if isinstance(why.about, int)}


def _name(why: Why, titles: Mapping[int, str]) -> str | None:
    name = titles.get(why.about) if isinstance(why.about, int) else why.about
    return f"“{shorten(name, LONGEST_TITLE)}”" if name and why.kind in QUOTED else name


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return " and ".join([*names[:MOST_NAMED], f"{more} more"] if more > 0 else names)
