"""Who turned out to have to do with which new papers: what a good ranking would have foretold. Pure.

Nobody was asked what they want to read. That somebody wrote a paper or put it on the list stands for it: their papers
so far are the history, those of the time in question are the targets.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from papers.text_model import Text, count_terms

Ints = NDArray[np.int64]
# The papers of each person, by their places in the catalogue, which rise.
Histories = dict[str, list[int]]

LEAST_HISTORY = 3
# In the daily form the papers of so many days compete.
DAYS_ON_OFFER = 7
SEED = 0


@dataclass(frozen=True)
class Paper:
    """A paper as it was on its listing day; `day` is that date's ordinal."""

    arxiv_id: str
    title: str
    abstract: str
    day: int
    keywords: tuple[str, ...] = ()
    early_upvotes: int | None = None


@dataclass(frozen=True)
class Catalogue:
    """All papers by listing day and arXiv id; a paper is known by its place."""

    papers: list[Paper]

    @classmethod
    def of(cls, papers: Iterable[Paper]) -> "Catalogue":
        return cls(sorted(papers, key=lambda paper: (paper.day, paper.arxiv_id)))

    @cached_property
    def days(self) -> Ints:
        return np.array([paper.day for paper in self.papers], np.int64)

    @cached_property
    def counts(self) -> csr_matrix:
        """How often each paper has each term. Counting looks at one paper at a time, so no later one is known."""
        return count_terms(Text(paper.title, paper.abstract) for paper in self.papers)

    def until(self, day: int) -> int:
        """Return how many papers were listed up to `day`."""
        return int(np.searchsorted(self.days, day, "right"))


@dataclass(frozen=True)
class Event:
    """Somebody, their papers so far, and which of the candidates turned out to be theirs, all by their places."""

    user: str
    history: tuple[int, ...]
    targets: frozenset[int]


@dataclass(frozen=True)
class Contest:
    """The papers that compete (by their places), the last day of their listing, and whose they turned out to be."""

    candidates: range
    day: int
    events: tuple[Event, ...]


def weekly(catalogue: Catalogue, histories: Histories, first: date, last: date) -> list[Contest]:
    """Return a contest for each ISO week whose Thursday lies between `first` and `last`.

    Events are people with a paper in that week and at least three before it.
    """
    contests = []
    users = _by_day(catalogue, histories)
    for monday, places in groupby(range(len(catalogue.papers)), lambda place: _monday(catalogue.papers[place].day)):
        if first <= date.fromordinal(monday + 3) <= last:
            week = [*places]
            candidates = range(week[0], week[-1] + 1)
            events = _events(users, histories, candidates, range(monday, monday + 7), LEAST_HISTORY)
            contests.append(Contest(candidates, catalogue.papers[week[-1]].day, events))
    return [contest for contest in contests if contest.events]


def daily(catalogue: Catalogue, histories: Histories, first: date, last: date) -> list[Contest]:
    """Return a contest for each listing day between `first` and `last`, among the papers of the last seven days.

    Events are people with a paper on that day and one before it. Their earlier papers are no candidates for them, so
    the targets are the newest papers of all: an order by age would look good here, and no ranking may know it.
    """
    contests = []
    users = _by_day(catalogue, histories)
    for day in sorted(users):
        if first <= date.fromordinal(day) <= last:
            today = range(catalogue.until(day - 1), catalogue.until(day))
            candidates = range(catalogue.until(day - DAYS_ON_OFFER), catalogue.until(day))
            contests.append(Contest(candidates, day, _events(users, histories, today, range(day, day + 1), 1)))
    return [contest for contest in contests if contest.events]


def draw(contests: Sequence[Contest], size: int) -> list[Contest]:
    """Return the same contests with `size` of their events, drawn by chance, but the same ones each time."""
    events = [(place, event) for place, contest in enumerate(contests) for event in contest.events]
    chance = Random(SEED)  # noqa: S311  for the same figures each time
    kept: dict[int, set[str]] = defaultdict(set)
    for place, event in chance.sample(events, min(size, len(events))):
        kept[place].add(event.user)
    return [
        replace(contests[place], events=tuple(one for one in contests[place].events if one.user in kept[place]))
        for place in sorted(kept)
    ]


def _monday(day: int) -> int:
    return day - date.fromordinal(day).weekday()


def _by_day(catalogue: Catalogue, histories: Histories) -> dict[int, set[str]]:
    """Return who has a paper on each listing day."""
    users: dict[int, set[str]] = defaultdict(set)
    for user, places in histories.items():
        for place in places:
            users[catalogue.papers[place].day].add(user)
    return users


def _events(
    users: dict[int, set[str]], histories: Histories, targets: range, days: range, least: int
) -> tuple[Event, ...]:
    def found() -> Iterator[Event]:
        for user in sorted(set().union(*(users.get(day, set()) for day in days))):
            history = tuple(place for place in histories[user] if place < targets.start)
            if len(history) >= least:
                yield Event(user, history, frozenset(place for place in histories[user] if place in targets))

    return tuple(found())
