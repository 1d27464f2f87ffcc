"""How near the top a ranking has what somebody turned out to want. Pure."""

import math
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TOP = 10
RESAMPLES = 1000


class Figures(NamedTuple):
    """What one ranking is worth to one person, each from 0 to 1."""

    ndcg: float
    mrr: float
    hit: float


def measure(ranking: Sequence[int], targets: Collection[int]) -> Figures:
    """Return the figures of `ranking`, best first.

    nDCG@10 (Järvelin and Kekäläinen 2002) against the best order there is; one over the place of the first target,
    none if it is not there; and whether there is one among the first ten.
    """
    found = [place for place, paper in enumerate(ranking) if paper in targets]
    gain = sum(_gain(place) for place in found if place < TOP)
    best = sum(map(_gain, range(min(TOP, len(targets)))))
    return Figures(gain / best, 1 / (1 + found[0]) if found else 0.0, float(bool(found) and found[0] < TOP))


def _gain(place: int) -> float:
    return 1 / math.log2(place + 2)


def summarise(figures: Sequence[Figures], users: Sequence[str]) -> dict[str, Any]:
    """Return the means over events, and the 95 % interval of nDCG from resampling people with all of their events."""
    means = np.mean(np.asarray(figures), axis=0)
    return {
        "ndcg@10": round(float(means[0]), 4),
        "mrr": round(float(means[1]), 4),
        "hit@10": round(float(means[2]), 4),
        "ndcg@10_interval": _interval(np.array([one.ndcg for one in figures]), users),
    }


def _interval(values: NDArray[np.float64], users: Sequence[str]) -> list[float]:
    _, whose = np.unique(np.asarray(users), return_inverse=True)
    events, sums = np.bincount(whose), np.bincount(whose, values)
    # A fixed seed, so that the same files give the same interval.
    drawn = np.random.default_rng(0).integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / events[drawn].sum(axis=1)
    return [round(float(bound), 4) for bound in np.percentile(means, [2.5, 97.5])]
