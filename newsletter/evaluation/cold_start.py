"""How well papers are chosen for people of whom little is known, day by day. Pure: papers and people in, figures out.

What somebody would say is taken from their earlier papers: the keywords most of them share, or the latest one.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from newsletter.evaluation.baselines import popularity
from newsletter.evaluation.events import Catalogue, Contest, Event
from newsletter.evaluation.figures import Figures, summarise
from newsletter.evaluation.leaks import check_model
from newsletter.evaluation.races import Fitter, Race, Ranker, Scores, fit_until_then
from newsletter.offer import Offer
from newsletter.relevance import Taste, rank

KEYWORDS = 3
LONG_AGO = -(10**9)


def evaluate_cold_start(
    catalogue: Catalogue, contests: Sequence[Contest], ranker: Ranker = rank, fitter: Fitter = fit_until_then
) -> dict[str, Any]:
    """Return the figures of the selection for three keywords and for one liked paper, beside what they have to beat.

    Raises LeakFound if a model makes them look better than they are.
    """
    figures: dict[str, list[Figures]] = defaultdict(list)
    for contest in contests:
        race = Race(catalogue, contest, fitter(catalogue, contest))
        check_model(race)
        offer = race.offer(race.attention)
        liked = [race.taste(event.history[-1]) for event in contest.events]
        asking = [Taste(interests=keywords(catalogue, event)) for event in contest.events]
        scores = [ranker(_without(offer, event), [taste]) for event, taste in zip(contest.events, asking, strict=True)]
        figures["three_keywords"] += race.measure(race.by_id(offer, np.vstack(scores)))
        figures["one_liked_paper"] += race.measure(race.by_id(offer, ranker(offer, liked)))
        figures["three_keywords_plain"] += race.measure(_plain(race, asking))
        figures["popularity"] += race.measure(popularity(race))
    users = [event.user for contest in contests for event in contest.events]
    return {
        **{name: summarise(found, users) for name, found in figures.items()},
        "events": len(users),
        "users": len(set(users)),
        "days": len(contests),
    }


def keywords(catalogue: Catalogue, event: Event) -> tuple[str, ...]:
    """Return what most of somebody's earlier papers are about: three keywords at most, equals by alphabet."""
    found = Counter(keyword for place in event.history for keyword in catalogue.papers[place].keywords)
    return tuple(sorted(found, key=lambda keyword: (-found[keyword], keyword))[:KEYWORDS])


def _without(offer: Offer, event: Event) -> Offer:
    """Return the same offer, in which the person's own papers are too old to tell what their keywords mean.

    The keywords were taken from these, so they match best of all, and are most like what the same people write next.
    """
    days = offer.model.days.copy()
    days[[*event.history]] = LONG_AGO
    return Offer(offer.candidates, replace(offer.model, days=days), offer.day)


def _plain(race: Race, tastes: Sequence[Taste]) -> Scores:
    """Return how well each candidate matches the keywords as mere words."""
    phrases = sorted({phrase for taste in tastes for phrase in taste.interests})
    rows = {phrase: row for row, phrase in enumerate(phrases)}
    matches = (race.model.queries_of(phrases) @ race.model.vectors[race.places].T).toarray()
    return np.array([matches[[rows[phrase] for phrase in taste.interests]].sum(axis=0) for taste in tastes])
