"""What is usual: how much papers of a category gain at an age, over the last announcement days. Pure.

For each of the last 20 announcement days, at the same time of day, every paper's decayed gain is counted to the others
of its age and category; a day ago weighs 2^(−1/10) of today (an exponentially weighted mean of 28 calendar days).
A category speaks with a prior of 20 papers of all categories, so that three odd papers make no rule.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from papers.readings import KINDS, Columns, Flags, Floats, Ints

# Announcement days that are looked back on.
DAYS = 20
DAYS_TO_HALF = 10
# Ages in announcement days at which another group of ages begins.
AGE_BOUNDS = np.array([1, 2, 3, 5, 10, 20])
AGES = len(AGE_BOUNDS) + 1
PRIOR = 20.0
# References below which nothing is said of what is usual.
MIN_REFERENCES = 10.0
# A percentile needs so many.
MIN_FOR_CEILING = 100
CEILING_PERCENTILE = 99
WITH_CEILING = {"stars"}


@dataclass(frozen=True)
class Usual:
    """Weighted sums and weights by group of ages, category and kind; ceilings by group of ages and kind."""

    sums: Floats
    weights: Floats
    ceiling: Floats

    def expected(self, ages: Floats, category: Ints) -> Floats:
        """Return the usual gain of papers of these ages and categories by kind; NaN where too little is known."""
        all_sums, all_weights = self.sums.sum(axis=1), self.weights.sum(axis=1)
        overall = np.where(all_weights >= MIN_REFERENCES, all_sums / np.where(all_weights > 0, all_weights, 1), np.nan)
        group = age_groups(ages)
        # Papers without a category are no category.
        own = np.where(category > 0, 1.0, 0.0)[:, np.newaxis]
        sums, weights = own * self.sums[group, category], own * self.weights[group, category]
        expected = (sums + PRIOR * overall[group]) / (weights + PRIOR)
        return np.where(np.isnan(ages)[:, np.newaxis], np.nan, expected)

    def is_known_of(self, ages: Floats, category: Ints) -> Flags:
        """Return by kind whether the category itself has enough papers of that age to be named."""
        enough = self.weights[age_groups(ages), category] >= MIN_REFERENCES
        return np.asarray(enough & (category > 0)[:, np.newaxis])

    def ceilings(self, ages: Floats) -> Floats:
        """Return the most that papers of these ages are believed to gain, by kind; infinite without a limit."""
        return np.where(np.isnan(ages)[:, np.newaxis], np.inf, self.ceiling[age_groups(ages)])


def age_groups(ages: Floats) -> Ints:
    """Return the group of each age; an unknown age is in the first, and not to be asked for."""
    return np.digitize(np.floor(np.nan_to_num(ages)), AGE_BOUNDS)


def usual_gains(seen: Columns, *, now: float, half_life: float) -> Usual:
    """Return what was usual on the announcement days before the clock `now`."""
    shape = (AGES, len(seen.categories), len(KINDS))
    usual = Usual(np.zeros(shape), np.zeros(shape), np.full((AGES, len(KINDS)), np.inf))
    for index, kind in enumerate(KINDS):
        gained: list[list[Floats]] = [[] for _ in range(AGES)]
        for days_ago, gains in _gains_as_of(seen, index, now, half_life):
            ages = now - days_ago - seen.listed
            rows = np.nonzero((ages >= 0) & (seen.first_read[:, index] <= now - days_ago))[0]
            groups, weight = age_groups(ages[rows]), 2.0 ** (-days_ago / DAYS_TO_HALF)
            cells = groups * shape[1] + seen.category[rows]
            for table, values in ((usual.sums, weight * gains[rows]), (usual.weights, np.full(len(rows), weight))):
                table[:, :, index] += np.bincount(cells, values, minlength=AGES * shape[1]).reshape(shape[:2])
            if kind in WITH_CEILING:
                for group in range(AGES):
                    gained[group].append(gains[rows[groups == group]])
        if kind in WITH_CEILING:
            usual.ceiling[:, index] = [_ceiling(np.concatenate(of_group)) for of_group in gained]
    return usual


def _gains_as_of(seen: Columns, index: int, now: float, half_life: float) -> Iterator[tuple[int, Floats]]:
    """Yield for each of the days looked back on how long ago it is, and every paper's decayed gain of one kind then."""
    chosen = seen.kind == index
    age = now - seen.when[chosen]
    bins = np.minimum(np.floor(age), DAYS).astype(np.int64)
    cells = seen.paper[chosen] * (DAYS + 1) + bins
    weighted = seen.gain[chosen] * 2.0 ** (-age / half_life)
    by_day = np.bincount(cells, weighted, minlength=len(seen.keys) * (DAYS + 1)).reshape(-1, DAYS + 1)
    so_far = by_day[:, DAYS].copy()
    for days_ago in range(DAYS, 0, -1):
        # What was gained so long ago or earlier, worth as much more as it was fresher then.
        yield days_ago, so_far * 2.0 ** (days_ago / half_life)
        so_far += by_day[:, days_ago - 1]


def _ceiling(gains: Floats) -> float:
    return float(np.percentile(gains, CEILING_PERCENTILE)) if len(gains) >= MIN_FOR_CEILING else np.inf
