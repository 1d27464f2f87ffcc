"""How well the service chooses papers for people, week by week. Pure: papers and people in, figures out.

The rules, and why they are such, are in docs/selection.md.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from newsletter.evaluation.baselines import BASELINES
from newsletter.evaluation.events import Catalogue, Contest
from newsletter.evaluation.figures import TOP, Figures, measure, summarise
from newsletter.evaluation.leaks import TOO_GOOD, check_age, check_histories, check_model
from newsletter.evaluation.races import Fitter, Race, Ranker, fit_until_then
from newsletter.offer import Offer
from newsletter.relevance import rank
from newsletter.selection import choose


def evaluate(
    catalogue: Catalogue, contests: Sequence[Contest], ranker: Ranker = rank, fitter: Fitter = fit_until_then
) -> dict[str, Any]:
    """Return the figures of the selection, of the same without votes, of whole digests, and of what it has to beat.

    Raises LeakFound if the contests, the models or the ranker make them look better than they are.
    """
    figures: dict[str, list[Figures]] = defaultdict(list)
    alike: dict[str, list[float]] = defaultdict(list)
    for contest in contests:
        race = Race(catalogue, contest, fitter(catalogue, contest))
        check_model(race)
        check_histories(race)
        offer = race.offer(race.attention)
        scores = ranker(offer, race.tastes)
        check_age(race, ranker, offer, scores)
        figures["selection"] += race.measure(race.by_id(offer, scores))
        offer_alone = race.offer(np.zeros(len(race.places)))
        figures["text_alone"] += race.measure(race.by_id(offer_alone, ranker(offer_alone, race.tastes)))
        for name, method in BASELINES.items():
            figures[name] += race.measure(method(race))
        digests = _digests(race, offer)
        for event, digest, of_event in zip(contest.events, digests, race.by_id(offer, scores), strict=True):
            figures["digest"].append(measure(digest, event.targets))
            alike["digest"].append(likeness(offer, digest))
            alike["ranking"].append(likeness(offer, race.order(event, of_event)[:TOP]))
    return _summary(contests, figures, alike)


def _digests(race: Race, offer: Offer) -> list[list[int]]:
    """Return the papers that would go out in each event: with diversity, and one from outside of the taste."""
    return [[pick.paper_id for pick in picks] for picks in choose(offer, race.tastes)]


def likeness(offer: Offer, papers: Sequence[int]) -> float:
    """Return how alike two of these papers are in the mean, from 0 to 1."""
    places = [offer.places[paper] for paper in papers]
    if len(places) < 2:
        return 0.0
    return float(offer.alike[np.ix_(places, places)][np.triu_indices(len(places), 1)].mean())


def _summary(
    contests: Sequence[Contest], figures: dict[str, list[Figures]], alike: dict[str, list[float]]
) -> dict[str, Any]:
    users = [event.user for contest in contests for event in contest.events]
    summaries = {name: summarise(found, users) for name, found in figures.items()}
    shipped = {name: summaries.pop(name) for name in ("selection", "text_alone", "digest")}
    return {
        **shipped,
        "intra_list_similarity": {name: round(float(np.mean(values)), 4) for name, values in alike.items()},
        "baselines": summaries,
        "events": len(users),
        "users": len(set(users)),
        "weeks": len(contests),
        "warnings": [_warning(name, found) for name, found in shipped.items() if found["ndcg@10"] >= TOO_GOOD],
    }


def _warning(name: str, found: dict[str, Any]) -> str:
    low, high = found["ndcg@10_interval"]
    return (
        f"{name}: nDCG@10 of {found['ndcg@10']}. From {TOO_GOOD} on this is a leak, not a success, "
        f"unless it is chance ({low} to {high})."
    )
