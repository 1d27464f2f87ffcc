"""The trending score: how much new attention a paper gets, and how much more than papers of its kind. Pure.

Time t is counted in announcement days (papers.clock), T is now. For each kind of signal k that was read:

    G_k = Σ_e gain_e · 2^(−(T − t_e) / τ)                   what was gained, half as much each τ days
    E_k = mean of G_k over papers of the same category at the same age, on the last 20 announcement days,
          a day ago weighing 2^(−1/10) of today; with a prior of 20 papers of all categories
    L_k = log2((G_k + 5) / (E_k + 5)), within [−2, 5]       doublings over what is usual; 0 where nothing is known
    points_k = w_k · (log2(1 + G_k) + L_k + 2)              a kind that was not read counts as usual, not as zero:
                                                            G_k = max(E_k, 1), L_k = 0, its points are "unread"
    points_listed = min(6, Σ points_k)                      somebody put it on a daily list
    score = Σ points, each at most as many as all others together

So no signal that was read makes more than half of a score. Stars are cut at the 99th percentile of papers of the same
age, since they can be bought. Upvotes and comments start from nothing on the listing day, so a first reading near it
counts in full; of everything else the first reading is where counting begins, the kind counts as read from the second.

Sources: gains over lifetime averages, shrunk log-ratios and the cap answer failures seen in formulas of Hacker News,
Reddit and repository charts; docs/trending.md has the figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import NotRequired, TypedDict

import numpy as np

from papers.clock import clock, day_ago
from papers.readings import KINDS, Columns, Flags, Floats
from papers.usual import usual_gains

VERSION = "2"
# Announcement days after which a gain counts half.
HALF_LIVES = {"day": 1, "week": 3, "month": 10}
# Half-lives after which it does not count at all: less than a thousandth.
REACH = 10
WEIGHT_OF = {"upvotes": 0.6, "comments": 0.25, "stars": 0.15}
WEIGHTS = np.array([WEIGHT_OF[kind] for kind in KINDS])
LISTED_POINTS = 6.0
SHRINKAGE = 5.0
LIFT_BOUNDS = (-2.0, 5.0)
NAMES = {
    "upvotes": ("upvote", "upvotes"),
    "comments": ("comment", "comments"),
    "stars": ("GitHub star", "GitHub stars"),
}
# From how many times the usual on it is worth a word.
WORTH_SAYING = 2.0


class Part(TypedDict):
    """What one kind of signal adds to a score: what was gained since when, and its points.

    `usual` is E_k and `times` is 2^L_k before its bounds, both left out where nothing is known of the usual; `cohort`
    is the category they speak of, empty for all. The parts of kind "listed" and "unread" have points only.
    """

    kind: str
    points: float
    gain: NotRequired[int]
    decayed: NotRequired[float]
    since: NotRequired[str]
    usual: NotRequired[float]
    times: NotRequired[float]
    cohort: NotRequired[str]


@dataclass(frozen=True)
class Score:
    """A score and its parts, largest first; the points of the parts add up to the value."""

    value: float
    parts: list[Part]


def score_all(columns: Columns, *, at: datetime, window: str, keep: int | None = None) -> dict[str, Score]:
    """Return the scores at `at` of the papers that gained attention in `window`, by key: best first, ties by key.

    At most `keep` of them. Readings after `at` do not count. `window` is a key of HALF_LIVES; another one raises
    KeyError.
    """
    half_life, now = HALF_LIVES[window], clock(at)
    seen = columns.until(at)
    working = _work(seen, now, half_life)
    has_gained = _gained_within(seen, now, REACH * half_life).any(axis=1) & (working.total > 0)
    rows = sorted(np.nonzero(has_gained)[0].tolist(), key=lambda row: (-working.total[row], seen.keys[row]))[:keep]
    told = _told(seen, at, window)
    return {seen.keys[row]: Score(float(working.total[row]), _parts(seen, working, told, row)) for row in rows}


@dataclass(frozen=True)
class _Working:
    """What the formula makes on its way: a row a paper, a column a kind."""

    decayed: Floats
    usual: Floats
    is_of_category: Flags
    points: Floats
    unread: Floats
    listed: Floats

    @cached_property
    def total(self) -> Floats:
        return np.asarray(self.points.sum(axis=1) + self.unread + self.listed)


def _work(seen: Columns, now: float, half_life: int) -> _Working:
    ages = now - seen.listed
    usual = usual_gains(seen, now=now, half_life=half_life)
    decayed = np.minimum(seen.sums(seen.gain * 2.0 ** ((seen.when - now) / half_life)), usual.ceilings(ages))
    expected = usual.expected(ages, seen.category)
    doublings = np.log2((decayed + SHRINKAGE) / (expected + SHRINKAGE))
    lift = np.where(np.isnan(doublings), 0.0, np.clip(doublings, *LIFT_BOUNDS))
    as_usual = WEIGHTS * (np.log2(1.0 + np.fmax(expected, 1.0)) - LIFT_BOUNDS[0])
    points = np.where(seen.is_read, WEIGHTS * (np.log2(1.0 + decayed) + lift - LIFT_BOUNDS[0]), 0.0)
    unread = np.where(seen.is_read, 0.0, as_usual).sum(axis=1)
    most = points.sum(axis=1) + unread
    listed = np.where(np.isnan(seen.listed), 0.0, np.minimum(LISTED_POINTS, most))
    points = np.minimum(points, (most + listed)[:, np.newaxis] - points)
    return _Working(decayed, expected, usual.is_known_of(ages, seen.category), points, unread, listed)


def _gained_within(seen: Columns, now: float, span: float) -> Floats:
    """Return what was gained in the last `span` announcement days, undecayed, by paper and kind."""
    return seen.sums(np.where(now - seen.when < span, seen.gain, 0.0))


@dataclass(frozen=True)
class _Told:
    """Gains over one span by paper and kind, and the span in words."""

    gains: Floats
    since: str


def _told(seen: Columns, at: datetime, window: str) -> list[_Told]:
    """Return the gains over each span that is not shorter than `window`, and over all of its reach."""
    spans = {"since yesterday": 1, "in the last week": 5, "in the last month": 20}
    names = list(spans)[list(HALF_LIVES).index(window) :]
    told = [_Told(_gained_within(seen, clock(at), spans[name]), name) for name in names]
    if day_ago(at) != at.date() - timedelta(days=1):
        told = [replace(span, since=span.since.replace("yesterday", f"{day_ago(at):%A}")) for span in told]
    return [*told, _Told(_gained_within(seen, clock(at), REACH * HALF_LIVES[window]), "lately")]


def _parts(seen: Columns, working: _Working, told: Sequence[_Told], row: int) -> list[Part]:
    # The shortest span in which there is something to tell.
    span = next((span for span in told if span.gains[row].any()), told[-1])
    parts = [_part(seen, working, span, row, index) for index in np.nonzero(seen.is_read[row])[0].tolist()]
    for kind, points in (("listed", working.listed), ("unread", working.unread)):
        if points[row]:
            parts.append({"kind": kind, "points": float(points[row])})
    return sorted(parts, key=lambda part: (-part["points"], part["kind"]))


def _part(seen: Columns, working: _Working, span: _Told, row: int, index: int) -> Part:
    decayed, usual = float(working.decayed[row, index]), float(working.usual[row, index])
    part: Part = {
        "kind": KINDS[index],
        "points": float(working.points[row, index]),
        "gain": int(span.gains[row, index]),
        "since": span.since,
        "decayed": round(decayed, 2),
    }
    if not np.isnan(usual):
        part["usual"] = round(usual, 2)
        part["times"] = round((decayed + SHRINKAGE) / (usual + SHRINKAGE), 2)
        part["cohort"] = seen.categories[seen.category[row]] if working.is_of_category[row, index] else ""
    return part


def in_words(parts: Sequence[Part]) -> str:
    """Return the gains as a reader sees them: "+84 upvotes since yesterday, 6× usual for cs.CL at this age".

    Empty when nothing was gained.
    """
    gained = [part for part in parts if part.get("gain", 0) > 0]
    if not gained:
        return ""
    counts = ", ".join(f"+{part['gain']:,} {NAMES[part['kind']][part['gain'] != 1]}" for part in gained)
    # Editions that closed under the first version of the formula say no more than the counts.
    return f"{counts} {gained[0].get('since', '')}".rstrip() + _usual_in_words(gained[0])


def _usual_in_words(part: Part) -> str:
    times = part.get("times", 0.0)
    if times < WORTH_SAYING:
        return ""
    cohort = f" for {part['cohort']}" if part["cohort"] else ""
    return f", {times:.0f}× usual{cohort} at this age"
