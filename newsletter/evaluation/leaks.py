"""Finds what would make a ranking look better than it is: an answer hidden in the way the question is put. Pure."""

from dataclasses import replace

import numpy as np

from newsletter.evaluation.races import Race, Ranker, Scores
from newsletter.offer import Offer
from papers.text_model import TextModel

# As good as nothing else measured on such data: more means that something leaks.
TOO_GOOD = 0.5
# Sums in another order differ in the last digits.
ROUNDING = 1e-3


class LeakFound(Exception):
    """The figures would be too good; says why."""


def check_model(race: Race) -> None:
    """Raise LeakFound unless the model is fitted on every paper listed up to the contest's last day, and on no other.

    Vocabulary and document frequencies that are older than some candidates favour the candidates they do know.
    """
    known = race.catalogue.until(race.contest.day)
    if set(race.model.paper_ids.tolist()) != set(range(known)):
        raise LeakFound(
            f"Refit: the model holds {len(race.model.paper_ids)} papers, but {known} were listed up to its last day; "
            "it must be fitted on all of these, candidates included, and on no later one."
        )
    if not np.allclose(race.model.worth, _worth(race.model), rtol=1e-3):
        raise LeakFound("Refit: the model's document frequencies are not those of the papers it holds.")


def check_histories(race: Race) -> None:
    """Raise LeakFound if a history reaches into the days of the candidates: the targets would be the newest of all."""
    first = race.catalogue.days[race.contest.candidates.start]
    for event in race.contest.events:
        if race.catalogue.days[max(event.history)] >= first:
            raise LeakFound(
                "Age: a history reaches into the days of the candidates, so that the targets are the newest of them "
                "by construction."
            )


def check_age(race: Race, ranker: Ranker, offer: Offer, scores: Scores) -> None:
    """Raise LeakFound unless the scores stay the same when the candidates swap places and days, first against last.

    `scores` are those of `ranker` for this offer and the race's tastes, in the offer's order.
    """
    swapped = swap_ages(race, offer)
    if np.abs(ranker(swapped, race.tastes) - scores).max() > ROUNDING:
        raise LeakFound("Age: the ranking changes with the days on which the candidates were listed.")


def swap_ages(race: Race, offer: Offer) -> Offer:
    """Return the same offer, in which the candidate listed first is listed last, and so on, under that one's id."""
    first, last = race.contest.candidates.start, race.contest.candidates.stop - 1
    rows = np.arange(len(race.model.paper_ids))
    rows[first : last + 1] = rows[first : last + 1][::-1]
    vectors = race.model.vectors[rows]
    model = replace(race.model, vectors=vectors, postings=vectors.tocsc())
    candidates = [replace(one, paper_id=first + last - one.paper_id) for one in offer.candidates]
    return Offer(candidates, model, offer.day)


def _worth(model: TextModel) -> Scores:
    count, papers_with = len(model.paper_ids), np.diff(model.postings.indptr)
    return np.asarray(np.log1p((count - papers_with + 0.5) / (papers_with + 0.5)))
