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

from papers.readings import Columns, Observed, Reading, columns
from papers.trending import score_all

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
    def listed_at(self) -> datetime:
        """The midnight (UTC) that began the listing day."""
        return datetime.combine(self.listed_on, time(), UTC)

    @property
    def age_in_minutes(self) -> float:
        """Minutes from the beginning of the listing day to the reading."""
        return (self.read_at - self.listed_at).total_seconds() / 60

    def as_observed(self) -> Observed:
        """The paper as the formula takes it."""
        readings = [Reading("early", kind, value, self.read_at) for kind, value in self.counts.items()]
        return Observed(self.key, readings, listed_on=self.listed_on)


# A score of each paper of a day, given all that was read so far.
Method = Callable[[Sequence[Observation], Columns], list[float]]


def shipped(day: Sequence[Observation], so_far: Columns) -> list[float]:
    """The score of the day, as the service computes it, with the days before as what is usual."""
    scores = score_all(so_far, at=max(seen.read_at for seen in day), window="day")
    return [scores[seen.key].value if seen.key in scores else 0.0 for seen in day]


def early_upvotes(day: Sequence[Observation], _: Columns) -> list[float]:
    return [seen.counts["upvotes"] for seen in day]


def hacker_news(day: Sequence[Observation], _: Columns) -> list[float]:
    """(p − 1)^0.8 / ((age in minutes + 120) / 60)^1.8"""
    return [
        math.pow(max(seen.counts["upvotes"] - 1, 0), 0.8) / math.pow((seen.age_in_minutes + 120) / 60, 1.8)
        for seen in day
    ]


def reddit_hot(day: Sequence[Observation], _: Columns) -> list[float]:
    """log10(max(p, 1)) + seconds / 45,000, counted from when the paper was listed."""
    return [
        math.log10(max(seen.counts["upvotes"], 1)) + (seen.listed_at.timestamp() - 1_134_028_003) / 45_000
        for seen in day
    ]


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
    observations = list(observations)
    so_far = columns(seen.as_observed() for seen in observations)
    by_day: dict[date, list[Observation]] = defaultdict(list)
    for seen in observations:
        by_day[seen.listed_on].append(seen)
    days = [by_day[day] for day in sorted(by_day) if len(by_day[day]) >= MIN_PAPERS]
    figures = {
        name: _figures([(day, method(day, so_far)) for day in days])
        for name, method in {"score": shipped, **BASELINES}.items()
    }
    return {"score": figures.pop("score"), "baselines": figures, "days": len(days)}


# The papers of a day, and what a method makes of each.
Scored = tuple[Sequence[Observation], Sequence[float]]


def _figures(days: Sequence[Scored]) -> dict[str, object]:
    per_day = {
        "spearman": [_spearman(*day) for day in days],
        f"top{TOP}_overlap": [_overlap(*day, TOP) for day in days],
        "top1": [_overlap(*day, 1) for day in days],
    }
    figures: dict[str, object] = {}
    for name, values in per_day.items():
        figures[name] = round(fmean(values), 4) if values else None
        figures[f"{name}_interval"] = _interval(values)
    return figures


def _spearman(day: Sequence[Observation], scores: Sequence[float]) -> float:
    try:
        return correlation(_ranks(scores), _ranks([seen.final_upvotes for seen in day]))
    except StatisticsError:
        return 0.0  # all alike: nothing was foretold


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of theirs."""
    places: dict[float, list[int]] = defaultdict(list)
    for place, value in enumerate(sorted(values), start=1):
        places[value].append(place)
    return [fmean(places[value]) for value in values]


def _overlap(day: Sequence[Observation], scores: Sequence[float], top: int) -> float:
    def best(values: Iterable[float]) -> set[str]:
        ranked = sorted(zip(values, day, strict=True), key=lambda item: (-item[0], item[1].key))
        return {seen.key for _, seen in ranked[:top]}

    return len(best(scores) & best(seen.final_upvotes for seen in day)) / top


def _interval(values: Sequence[float]) -> list[float]:
    if not values:
        return []
    chance = Random(0)  # noqa: S311  a fixed seed, so that the same file gives the same interval
    means = sorted(fmean(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return [round(means[int(RESAMPLES * 0.025)], 4), round(means[int(RESAMPLES * 0.975)], 4)]
