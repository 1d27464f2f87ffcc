"""How well papers are chosen for people of whom little is known, day by day. Pure: papers and people in, figures out.

What somebody would say is taken from their earlier papers: the keywords most of them share, or the latest one.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from newsletter.evaluation.baselines import popularity
from newsletter.evaluation.events import Catalogue, Contest, Event
from newsletter.evaluation.figures import Figures, summarise
from newsletter.evaluation.leaks import check_model
from newsletter.evaluation.races import Fitter, Race, Ranker, Scores, fit_until_then
from newsletter.relevance import Taste, rank

KEYWORDS = 3


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
        tastes = {
            "three_keywords": [Taste(interests=keywords(catalogue, event)) for event in contest.events],
            "one_liked_paper": [race.taste(event.history[-1]) for event in contest.events],
        }
        for name, wanted in tastes.items():
            figures[name] += race.measure(race.by_id(offer, ranker(offer, wanted)))
        figures["three_keywords_plain"] += race.measure(_plain(race, tastes["three_keywords"]))
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


def _plain(race: Race, tastes: Sequence[Taste]) -> Scores:
    """Return how well each candidate matches the keywords as mere words."""
    phrases = sorted({phrase for taste in tastes for phrase in taste.interests})
    rows = {phrase: row for row, phrase in enumerate(phrases)}
    matches = (race.model.queries_of(phrases) @ race.model.vectors[race.places].T).toarray()
    return np.array([matches[[rows[phrase] for phrase in taste.interests]].sum(axis=0) for taste in tastes])
