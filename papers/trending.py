"""The trending score: how much new attention a paper got, most recent first. Pure: no database, no clock.

For each kind of signal k, with readings v_0, v_1, … taken at times t_0 < t_1 < …:

    gain_k  = Σ_i max(0, v_i − v_(i−1)) · 2^(−(at − t_i) / half_life)
    score   = Σ_k w_k · log2(1 + gain_k) / Σ_k w_k        over the kinds that were read

Gains older than ten half-lives do not count. Upvotes and comments start from nothing on the listing day, so their
first reading counts in full. A repository may be older than its paper, so the first count of stars is only where
counting begins. A kind that was never read is left out of both sums: missing is not zero.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import log2
from typing import NamedTuple, TypedDict

VERSION = "1"
WEIGHTS = {"upvotes": 0.6, "comments": 0.25, "stars": 0.15}
COUNTED_FROM_ZERO = {"upvotes", "comments"}
HALF_LIVES = {"day": timedelta(days=1), "week": timedelta(days=3), "month": timedelta(days=10)}
# How far back a window looks: ten half-lives, where a gain weighs less than a thousandth.
REACH = {window: 10 * half_life for window, half_life in HALF_LIVES.items()}
NAMES = {
    "upvotes": ("upvote", "upvotes"),
    "comments": ("comment", "comments"),
    "stars": ("GitHub star", "GitHub stars"),
}


class Reading(NamedTuple):
    """One count as it was read. `series` tells whose count it is, so that two sources are never mixed."""

    series: str
    kind: str
    value: int
    observed_at: datetime


class Part(TypedDict):
    """What one kind of signal adds: the gain as counted, and its points in the score."""

    kind: str
    gain: int
    points: float


@dataclass(frozen=True)
class Score:
    """A score and its parts, largest first; the points of the parts add up to the value."""

    value: float
    parts: list[Part]


def score(readings: Iterable[Reading], *, at: datetime, window: str) -> Score:
    """Return the score at `at` of a paper with these readings, in any order; readings after `at` do not count.

    `window` is a key of HALF_LIVES; another one raises KeyError.
    """
    half_life = HALF_LIVES[window]
    series: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for reading in readings:
        if reading.kind in WEIGHTS and reading.observed_at <= at:
            series[reading.kind, reading.series].append(reading)
    gains: dict[str, int] = defaultdict(int)
    decayed: dict[str, float] = defaultdict(float)
    for (kind, _), counts in sorted(series.items()):
        for gained, observed_at in _gains(kind, counts):
            within_reach = gained if at - observed_at < REACH[window] else 0
            gains[kind] += within_reach
            decayed[kind] += within_reach * 2 ** (-((at - observed_at) / half_life))
    return _weigh(gains, decayed)


def _gains(kind: str, counts: list[Reading]) -> list[tuple[int, datetime]]:
    ordered = sorted(counts, key=lambda reading: (reading.observed_at, reading.value))
    first = [(ordered[0].value, ordered[0].observed_at)] if kind in COUNTED_FROM_ZERO else []
    return first + [(max(0, new.value - old.value), new.observed_at) for old, new in pairwise(ordered)]


def _weigh(gains: Mapping[str, int], decayed: Mapping[str, float]) -> Score:
    total = sum(WEIGHTS[kind] for kind in decayed)
    parts: list[Part] = [
        {"kind": kind, "gain": gains[kind], "points": WEIGHTS[kind] * log2(1 + decayed[kind]) / total}
        for kind in decayed
    ]
    parts.sort(key=lambda part: (-part["points"], part["kind"]))
    return Score(sum(part["points"] for part in parts), parts)


def in_words(parts: Sequence[Part]) -> str:
    """Return the gains as a reader sees them, such as "+84 upvotes, +1 comment"; empty when nothing was gained."""
    return ", ".join(
        f"+{part['gain']:,} {NAMES[part['kind']][part['gain'] != 1]}" for part in parts if part["gain"] > 0
    )
