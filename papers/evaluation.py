"""How well an early reading foretells which papers people will have liked in the end. Pure: rows in, figures out.

For each listing day with at least six papers: Spearman's rank correlation between a score of the early reading and the
final upvotes, the share of the final five best among the five best by score, and whether the best is the same. Figures
are means over days, with 95 % intervals from resampling days.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from random import Random
from statistics import StatisticsError, correlation, fmean
from typing import TypedDict

from papers.trending import Reading, score

MIN_PAPERS = 6
TOP = 5
RESAMPLES = 1000


@dataclass(frozen=True)
class Observation:
    """A paper read on its listing day, and how many upvotes it had in the end. Unknown counts are None."""

    key: str
    listed_on: date
    read_at: datetime
    counts: dict[str, int]
    final_upvotes: int

    @property
    def age_in_minutes(self) -> float:
        """Minutes from the midnight (UTC) that began the listing day to the reading."""
        return (self.read_at - datetime.combine(self.listed_on, time(), UTC)).total_seconds() / 60


Method = Callable[[Observation], float]


def shipped(seen: Observation) -> float:
    """The score of the day, as the service computes it."""
    readings = (Reading("early", kind, value, seen.read_at) for kind, value in seen.counts.items())
    return score(readings, at=seen.read_at, window="day").value


def early_upvotes(seen: Observation) -> float:
    return seen.counts["upvotes"]


def hacker_news(seen: Observation) -> float:
    """(p − 1)^0.8 / ((age in minutes + 120) / 60)^1.8"""
    return math.pow(max(seen.counts["upvotes"] - 1, 0), 0.8) / math.pow((seen.age_in_minutes + 120) / 60, 1.8)


def reddit_hot(seen: Observation) -> float:
    """log10(max(p, 1)) + seconds / 45,000, counted from when the paper was listed."""
    listed_at = datetime.combine(seen.listed_on, time(), UTC).timestamp()
    return math.log10(max(seen.counts["upvotes"], 1)) + (listed_at - 1_134_028_003) / 45_000


BASELINES: dict[str, Method] = {
    "early_upvotes": early_upvotes,
    "hacker_news": hacker_news,
    "reddit_hot": reddit_hot,
}


class Evaluation(TypedDict):
    """The figures of the shipped score and of each baseline, and over how many days they are means."""

    score: dict[str, object]
    baselines: dict[str, dict[str, object]]
    days: int


def evaluate(observations: Iterable[Observation]) -> Evaluation:
    """Return the figures of the shipped score, beside those of the baselines, and the number of days."""
    by_day: dict[date, list[Observation]] = defaultdict(list)
    for seen in observations:
        by_day[seen.listed_on].append(seen)
    days = [by_day[day] for day in sorted(by_day) if len(by_day[day]) >= MIN_PAPERS]
    return {
        "score": _figures(days, shipped),
        "baselines": {name: _figures(days, method) for name, method in BASELINES.items()},
        "days": len(days),
    }


def _figures(days: Sequence[Sequence[Observation]], method: Method) -> dict[str, object]:
    per_day = {
        "spearman": [_spearman(day, method) for day in days],
        f"top{TOP}_overlap": [_overlap(day, method, TOP) for day in days],
        "top1": [_overlap(day, method, 1) for day in days],
    }
    figures: dict[str, object] = {}
    for name, values in per_day.items():
        figures[name] = round(fmean(values), 4) if values else None
        figures[f"{name}_interval"] = _interval(values)
    return figures


def _spearman(day: Sequence[Observation], method: Method) -> float:
    try:
        return correlation(_ranks([method(seen) for seen in day]), _ranks([seen.final_upvotes for seen in day]))
    except StatisticsError:
        return 0.0  # all alike: nothing was foretold


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of theirs."""
    places: dict[float, list[int]] = defaultdict(list)
    for place, value in enumerate(sorted(values), start=1):
        places[value].append(place)
    return [fmean(places[value]) for value in values]


def _overlap(day: Sequence[Observation], method: Method, top: int) -> float:
    def best(rank: Method) -> set[str]:
        return {seen.key for seen in sorted(day, key=lambda seen: (-rank(seen), seen.key))[:top]}

    return len(best(method) & best(lambda seen: seen.final_upvotes)) / top


def _interval(values: Sequence[float]) -> list[float]:
    if not values:
        return []
    chance = Random(0)  # noqa: S311  a fixed seed, so that the same file gives the same interval
    means = sorted(fmean(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return [round(means[int(RESAMPLES * 0.025)], 4), round(means[int(RESAMPLES * 0.975)], 4)]
