"""Chooses the papers for each reader, and knows why. Pure: plain values in and out, no database, no clock."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from newsletter.matrices import Flags, Floats, Ints, nothing_collected
from newsletter.offer import Offer
from newsletter.reasons import Why, find_reasons, reasons_outside
from newsletter.relevance import Points, Taste, reckon

# Maximal marginal relevance (Carbonell and Goldstein 1998): how much the points count, against being like what was
# chosen before. Likeness is told in points by a factor.
MMR = 0.9
LIKENESS_IN_POINTS = 90.0
# What another paper for the same wish has less than the one before it, so that one wish does not take all the room.
REPEATED = 0.4
# Above all points there are.
PINNED = 1e6
# Papers that a digest names besides those it brings, and of which it takes them: the first, which trend for certain.
ALSO, TRENDING = 5, 20
# Readers at a time: what is made on the way takes some megabytes for each thousand.
BATCH = 1000


class Pick(NamedTuple):
    """A chosen paper, its points, and why it was chosen."""

    paper_id: int
    score: float
    why: tuple[Why, ...]


def choose(offer: Offer, tastes: Sequence[Taste]) -> list[list[Pick]]:
    """Return the picks of each reader, at most `size` of them: pinned papers first, in the edition's order.

    Never a paper they have had or spoken of, nor one with a muted word, pinned or not. Who has a taste gets what is
    near it or most in demand, not all of a kind, and last one paper outside of it; everybody else the edition in its
    order, what they follow first. The order of readers, candidates and wishes plays no part.
    """
    if not offer.candidates:
        return [[] for _ in tastes]
    batches = (tastes[start : start + BATCH] for start in range(0, len(tastes), BATCH))
    with nothing_collected():
        return [picks for batch in batches for picks in _choose(offer, batch)]


def _choose(offer: Offer, tastes: Sequence[Taste]) -> list[list[Pick]]:
    points = reckon(offer, tastes)
    free = ~_withheld(offer, tastes)
    wanted = free & (offer.pinned | points.is_wanted)
    sizes = np.array([taste.size for taste in tastes], np.int64)
    outside = _outside(offer, points, free & ~wanted, sizes - (wanted & offer.pinned).sum(axis=1))
    chosen = _most_various(offer, points, _number_wishes(offer, tastes), wanted, sizes - (outside >= 0))
    whys = find_reasons(offer, points, tastes, chosen)
    return [
        _picks(offer, points.total[row], places, whys[row], stranger)
        for row, (places, stranger) in enumerate(zip(chosen.tolist(), outside.tolist(), strict=True))
    ]


def name_others(offer: Offer, tastes: Sequence[Taste], chosen: Sequence[Sequence[Pick]]) -> list[list[int]]:
    """Return for each reader the ids of up to `ALSO` of the first `TRENDING` papers of the edition, in its order, that
    are not among the `chosen` and that they may have."""
    if not offer.candidates:
        return [[] for _ in tastes]
    left = ~_withheld(offer, tastes)
    for reader, picks in enumerate(chosen):
        left[reader, [offer.places[pick.paper_id] for pick in picks]] = False
    left = left[:, :TRENDING]
    first = np.argsort(~left, axis=1, kind="stable")[:, :ALSO]
    return [
        [offer.candidates[place].paper_id for place in places if is_left[place]]
        for places, is_left in zip(first.tolist(), left, strict=True)
    ]


def _withheld(offer: Offer, tastes: Sequence[Taste]) -> Flags:
    """Return which candidates each reader may not get."""
    withheld = np.zeros((len(tastes), len(offer.candidates)), np.bool_)
    for reader, taste in enumerate(tastes):
        places = [offer.places[said.paper_id] for said in taste.said if said.paper_id in offer.places]
        places += [offer.places[paper_id] for paper_id in taste.seen if paper_id in offer.places]
        for phrase in taste.muted:
            places += offer.having(phrase)
        if places:
            withheld[reader, places] = True
    return withheld


def _outside(offer: Offer, points: Points, left: Flags, room: Ints) -> Ints:
    """Return the place of the paper most in demand outside of each reader's taste; −1 where there is no use for one.

    Nothing like what they want less of; and nobody with room for one paper only gets a stranger's.
    """
    strange = left & (points.less == 0) & points.has_taste[:, np.newaxis] & (room > 1)[:, np.newaxis]
    most = np.where(strange, offer.popularity, -np.inf).argmax(axis=1)
    return np.where(strange.any(axis=1), most, -1)


def _number_wishes(offer: Offer, tastes: Sequence[Taste]) -> Ints:
    """Return which wish of a reader each candidate is there for (readers × candidates): the number of a stated interest
    that stands in it, else of a topic it is in, −1 for none."""
    numbers = np.full((len(tastes), len(offer.candidates)), -1)
    for reader, taste in enumerate(tastes):
        places = [*map(offer.in_topic, sorted(taste.topics)), *map(offer.having, sorted(taste.interests))]
        for number, of_wish in enumerate(places):
            if of_wish:
                numbers[reader, [*of_wish]] = number
    return numbers


def _most_various(offer: Offer, points: Points, wishes: Ints, wanted: Flags, sizes: Ints) -> Ints:
    """Return the places of the papers each reader gets, in order (readers × most papers), −1 where there are no more.

    Among equals the edition's order decides.
    """
    readers = np.arange(len(wanted))
    order = np.arange(len(offer.candidates))
    left = np.where(wanted, np.where(offer.pinned, PINNED - order, MMR * points.total), -np.inf)
    # Whoever gets the edition as it is gets it in its order.
    is_mixed = points.has_taste[:, np.newaxis] & ~offer.pinned
    nearest, repeated = np.zeros_like(left), np.zeros_like(left)
    chosen = np.full((len(wanted), max(sizes, default=0)), -1)
    for turn in range(chosen.shape[1]):
        held_back = (1 - MMR) * LIKENESS_IN_POINTS * nearest + REPEATED * repeated
        best = (left - is_mixed * held_back).argmax(axis=1)
        goes_on = (turn < sizes) & (left[readers, best] > -np.inf)
        chosen[goes_on, turn] = best[goes_on]
        left[readers, best] = -np.inf
        nearest = np.maximum(nearest, offer.alike[best])
        wish = wishes[readers, best][:, np.newaxis]
        repeated += (wishes == wish) & (wish >= 0)
    return chosen


def _picks(offer: Offer, points: Floats, places: list[int], whys: list[tuple[Why, ...]], stranger: int) -> list[Pick]:
    """Return the picks at `places` (−1 for none) and, where there is one and it is not alone, that at `stranger`."""
    places = places[: len(whys)]
    if places and stranger >= 0:
        places, whys = [*places, stranger], [*whys, reasons_outside(offer.candidates[stranger])]
    scores = points[places].astype(float).round(4).tolist()
    paper_ids = [offer.candidates[place].paper_id for place in places]
    return [*map(Pick, paper_ids, scores, whys)]
