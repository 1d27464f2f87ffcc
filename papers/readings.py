"""Readings of attention as columns: what was gained, by which paper and when. Pure.

A hundred thousand papers with a million readings are a few arrays; nothing here walks them one by one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from papers.clock import clocks

KINDS = ("upvotes", "comments", "stars")
# These are nothing on the day a paper is listed; a repository may be older than its paper.
COUNTED_FROM_ZERO = np.array([kind in {"upvotes", "comments"} for kind in KINDS])
# Announcement days after the listing within which a first reading still counts from zero.
FIRST_READING_WITHIN = 2.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Reading(NamedTuple):
    """One count as it was read. `series` tells whose count it is, so that two sources are never mixed."""

    series: str
    kind: str
    value: int
    observed_at: datetime


@dataclass(frozen=True)
class Observed:
    """A paper and its readings, in any order. Kinds that the score does not know are left out."""

    key: str
    readings: Sequence[Reading]
    category: str = ""
    listed_on: date | None = None


@dataclass(frozen=True)
class Columns:
    """Papers (a row each) and what they gained (an entry a reading, in order of paper, kind, series and time).

    `listed` is the clock of the listing day, NaN where it is unknown; `category` is an index into `categories`, whose
    first is the empty one. A reading where counting begins says nothing of a gain: its `is_gain` is false.
    """

    keys: Sequence[str]
    categories: Sequence[str]
    category: Ints
    listed: Floats
    paper: Ints
    kind: Ints
    gain: Floats
    is_gain: Flags
    when: Floats
    timestamp: Floats

    def until(self, at: datetime) -> "Columns":
        """What was known at `at`."""
        known = self.timestamp <= at.timestamp()
        if known.all():
            return self
        names = ("paper", "kind", "gain", "is_gain", "when", "timestamp")
        return replace(self, **{name: getattr(self, name)[known] for name in names})

    @property
    def cell(self) -> Ints:
        """Where the entries belong in a table of papers by kinds."""
        return np.asarray(self.paper * len(KINDS) + self.kind)

    def sums(self, values: Floats) -> Floats:
        """Return the sums of the entries' `values` as a table of papers by kinds."""
        size = len(self.keys) * len(KINDS)
        sums = np.bincount(self.cell, weights=values, minlength=size)
        return np.asarray(sums.reshape(-1, len(KINDS)), dtype=np.float64)

    @cached_property
    def first_read(self) -> Floats:
        """The clock at which each kind of each paper first told of a gain, or of none; infinite where it never did."""
        first = np.full(len(self.keys) * len(KINDS), np.inf)
        np.minimum.at(first, self.cell[self.is_gain], self.when[self.is_gain])
        return first.reshape(-1, len(KINDS))

    @property
    def is_read(self) -> Flags:
        return np.isfinite(self.first_read)


@dataclass(frozen=True)
class Counts:
    """Readings as arrays of one length: row of the paper, index into KINDS, number of the series, count, POSIX time."""

    paper: Ints
    kind: Ints
    series: Ints
    value: Floats
    timestamp: Floats

    def in_order(self) -> "Counts":
        """Return them by paper, kind, series and time."""
        order = np.lexsort((self.value, self.timestamp, self.series, self.kind, self.paper))
        return Counts(**{name: array[order] for name, array in vars(self).items()})


def columns(papers: Iterable[Observed]) -> Columns:
    """Return the columns of `papers`."""
    papers = list(papers)
    readings = [
        (row, reading.series, reading.kind, reading.value, reading.observed_at.timestamp())
        for row, paper in enumerate(papers)
        for reading in paper.readings
        if reading.kind in KINDS
    ]
    rows, series, kinds, values, timestamps = zip(*readings, strict=True) if readings else ((), (), (), (), ())
    counts = Counts(
        paper=np.array(rows, dtype=np.int64),
        kind=np.array([KINDS.index(kind) for kind in kinds], dtype=np.int64),
        series=np.unique(np.array(series, dtype=str), return_inverse=True)[1].astype(np.int64),
        value=np.array(values, dtype=np.float64),
        timestamp=np.array(timestamps, dtype=np.float64),
    )
    return make_columns([(paper.key, paper.category, paper.listed_on) for paper in papers], counts)


def make_columns(papers: Sequence[tuple[str, str, date | None]], counts: Counts) -> Columns:
    """Return the columns of papers (key, category, listing day) and their counts."""
    counts = counts.in_order()
    when = clocks(counts.timestamp)
    listed = _clocks_of_days([listed_on for _, _, listed_on in papers])
    is_first = np.ones(len(when), dtype=bool)
    is_first[1:] = (np.diff(counts.paper) != 0) | (np.diff(counts.kind) != 0) | (np.diff(counts.series) != 0)
    is_near_listing = np.abs(when - listed[counts.paper]) <= FIRST_READING_WITHIN
    from_zero = is_first & COUNTED_FROM_ZERO[counts.kind] & is_near_listing
    rise = np.maximum(np.diff(counts.value, prepend=0.0), 0.0)
    names, category = np.unique(["", *(category for _, category, _ in papers)], return_inverse=True)
    return Columns(
        keys=[key for key, _, _ in papers],
        categories=names.tolist(),
        category=category[1:].astype(np.int64),
        listed=listed,
        paper=counts.paper,
        kind=counts.kind,
        gain=np.where(is_first, np.where(from_zero, counts.value, 0.0), rise),
        is_gain=~is_first | from_zero,
        when=when,
        timestamp=counts.timestamp,
    )


def _clocks_of_days(days: Sequence[date | None]) -> Floats:
    moments: list[Any] = [datetime.combine(day, time(), UTC).timestamp() if day else np.nan for day in days]
    known = np.array(moments, dtype=np.float64)
    return np.where(np.isnan(known), np.nan, clocks(np.nan_to_num(known)))
