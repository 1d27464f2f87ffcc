"""Why a paper was chosen: found in the very numbers that ranked it, and said in words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

import numpy as np

from newsletter.relevance import CHANCE, Candidate, Offer, Points, Taste, same_name
from papers.text import shorten

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
    """What of a taste adds most to the nearness of a paper: nothing where all of it is as unlike as chance has it."""

    nearness: float
    why: Why | None


@dataclass(frozen=True)
class Case:
    """One reader's share of the points, which is their row number `row`."""

    offer: Offer
    points: Points
    taste: Taste
    row: int


def find_reasons(case: Case, places: Sequence[int]) -> list[tuple[Why, ...]]:
    """Return why a reader gets each of the candidates at `places`: what they asked for, and what of their taste gave
    it most points; else attention."""
    found = zip(places, _strongest_papers(case, places), _strongest_wishes(case, places), strict=True)
    return [_reasons(case, place, strongest) for place, *strongest in found]


def reasons_outside(candidate: Candidate) -> tuple[Why, ...]:
    """Return why somebody gets a paper that is unlike what they like."""
    outside = Why(Kind.OUTSIDE)
    return (outside, Why(Kind.TRENDING, candidate.attention)) if candidate.attention else (outside,)


def _reasons(case: Case, place: int, strongest: Sequence[Strongest]) -> tuple[Why, ...]:
    offer, points, taste = case.offer, case.points, case.taste
    candidate = offer.candidates[place]
    if candidate.is_pinned:
        return (Why(Kind.PINNED),)
    whys = []
    if points.matches[case.row, place]:
        asked = offer.asked(taste.interests)
        whys += [Why(Kind.MATCHES, phrase) for phrase in taste.interests if place in asked[phrase].places]
    if points.authors[case.row, place]:
        followed = set(map(same_name, taste.authors))
        whys += [Why(Kind.AUTHOR, name) for name in dict.fromkeys(candidate.authors) if same_name(name) in followed]
    if points.topics[case.row, place]:
        whys += [Why(Kind.TOPIC, name) for topic, name in sorted(candidate.topics.items()) if topic in taste.topics]
    told = {why.about for why in whys}
    new = [one for one in strongest if one.why and one.why.about not in told]
    if new and (why := max(new, key=lambda one: one.nearness).why):
        whys.append(why)
    return tuple(whys) or (_otherwise(case, place),)


def _otherwise(case: Case, place: int) -> Why:
    attention = case.offer.candidates[place].attention
    if case.points.is_near[case.row, place] and not (case.offer.in_demand[place] and attention):
        return Why(Kind.TASTE)
    # Without attention it is in the edition because somebody put it there.
    return Why(Kind.TRENDING, attention) if attention else Why(Kind.EDITION)


def _strongest_papers(case: Case, places: Sequence[int]) -> list[Strongest]:
    """Return which paper they like adds most to the nearness of each candidate."""
    rows, shares = case.points.likes_of(case.row)
    if not len(rows):
        return [Strongest(0, None)] * len(places)
    likeness = case.offer.likeness_to(rows)[rows[:, np.newaxis], places]
    added = shares[:, np.newaxis] * likeness
    best = added.argmax(axis=0)
    saved = {said.paper_id for said in case.taste.said if said.kind == "saved"}
    found = []
    for column, line in enumerate(best.tolist()):
        paper_id = int(case.offer.model.paper_ids[rows[line]])
        why = Why(Kind.SAVED if paper_id in saved else Kind.LIKED, paper_id)
        found.append(Strongest(float(added[line, column]), why if likeness[line, column] > CHANCE else None))
    return found


def _strongest_wishes(case: Case, places: Sequence[int]) -> list[Strongest]:
    """Return which stated interest adds most to the nearness of each candidate."""
    columns, shares = case.points.wishes_of(case.row)
    if not len(columns):
        return [Strongest(0, None)] * len(places)
    likeness = case.points.meanings[columns[:, np.newaxis], places]
    added = shares[:, np.newaxis] * likeness
    return [
        Strongest(
            float(added[line, column]),
            Why(Kind.MEANT, case.points.phrases[columns[line]]) if likeness[line, column] > CHANCE else None,
        )
        for column, line in enumerate(added.argmax(axis=0).tolist())
    ]


def in_words(whys: Sequence[Why], titles: Mapping[int, str]) -> str:
    """Return reasons as a reader sees them. A paper that `titles` does not have is not named."""
    said = []
    for kind, group in groupby(whys, key=lambda why: why.kind):
        names = [_name(why, titles) for why in group]
        if all(name is not None for name in names):
            said.append(WORDS[kind].format(_listed([name for name in names if name])))
    return ", ".join(said) or WORDS[Kind.TASTE]


def papers_named(whys: Sequence[Why]) -> set[int]:
    """Return the papers whose titles `in_words` needs."""
    return {why.about for why in whys if isinstance(why.about, int)}


def _name(why: Why, titles: Mapping[int, str]) -> str | None:
    name = titles.get(why.about) if isinstance(why.about, int) else why.about
    return f"“{shorten(name, LONGEST_TITLE)}”" if name and why.kind in QUOTED else name


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return " and ".join([*names[:MOST_NAMED], f"{more} more"] if more > 0 else names)
