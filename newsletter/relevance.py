"""How well each paper on offer suits each reader. Pure: plain values and arrays in and out, no database, no clock.

For N readers and K papers: points = z(H·S + Q·Cᵀ − background) + popularity + what they follow − what is like those
they want less of. S says how alike the papers in H, each reader's history, and those on offer are; Q is what stated
interests come to mean through the papers that match them best. The recipe and its figures are in docs/selection.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from newsletter.matrices import Flags, Floats, Ints, multiply_rows, nothing_collected, shares_of, standardise
from newsletter.offer import Offer
from subscribers.preferences import Said

# Days after which what somebody said counts half: tastes last.
HALF_LIFE = 730
# What a standard deviation of attention is worth, where one of text is worth 1.
POPULARITY = 0.3
# A stated interest counts as much as so many liked papers.
INTEREST = 2.0
MATCH_POINTS = 1.0
AUTHOR_POINTS = 3.0
TOPIC_POINTS = 1.0
# For each hundredth by which a paper is more alike one that somebody wants less of than two papers are by chance.
LESS_POINTS = 0.3
CHANCE = 0.03
# What is no nearer a taste than this is noise, unless it is among the few papers most in demand.
FLOOR = 0.0


@dataclass(frozen=True)
class Taste:
    """What a reader asked for, said, and has had. Phrases and names as typed; topics and seen papers by id.

    Of "more" and "less" only what counts. `ignored` are terms of liked papers that say nothing about the reader.
    """

    interests: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    topics: frozenset[int] = frozenset()
    said: tuple[Said, ...] = ()
    ignored: tuple[str, ...] = ()
    size: int = 10
    seen: frozenset[int] = field(default=frozenset(), repr=False)


@dataclass(frozen=True)
class Points:
    """What each candidate gets for each reader (readers × candidates), and how that comes about.

    `likes` (readers × all papers) and `wishes` (readers × phrases) are the shares of a reader's taste that papers they
    like and interests they stated have; together one, where there is a taste. `nearness` is the likeness to it as it
    is, `text` the same in standard deviations.
    """

    likes: csr_matrix
    wishes: csr_matrix
    phrases: list[str]
    meanings: Floats
    has_taste: Flags
    nearness: Floats
    text: Floats
    popularity: Floats
    matches: Floats
    authors: Floats
    topics: Floats
    less: Floats
    in_demand: Flags

    @cached_property
    def total(self) -> Floats:
        return self.text + self.popularity + self.matches + self.authors + self.topics - self.less

    @cached_property
    def is_near(self) -> Flags:
        """Which candidates are near a reader's taste; none where there is no taste."""
        return (self.nearness > FLOOR) & self.has_taste[:, np.newaxis]

    @cached_property
    def is_asked_for(self) -> Flags:
        """Which candidates match a stated interest, or are of an author or in a topic that a reader follows."""
        return (self.matches + self.authors + self.topics) > 0

    @property
    def is_wanted(self) -> Flags:
        """Which candidates are no noise: all, where there is no taste."""
        in_demand = self.in_demand & (self.less == 0)
        wanted: Flags = self.is_near | self.is_asked_for | in_demand | ~self.has_taste[:, np.newaxis]
        return wanted

    def likes_of(self, reader: int) -> tuple[Ints, Floats]:
        """Return the rows of the papers a reader likes, and their shares of the taste."""
        return _row(self.likes, reader)

    def wishes_of(self, reader: int) -> tuple[Ints, Floats]:
        """Return the numbers of the phrases a reader stated, and their shares of the taste."""
        return _row(self.wishes, reader)


def _row(matrix: csr_matrix, number: int) -> tuple[Ints, Floats]:
    places = slice(matrix.indptr[number], matrix.indptr[number + 1])
    return matrix.indices[places], matrix.data[places]


@dataclass(frozen=True)
class Case:
    """One reader's share of the points, which is their row number `row`."""

    offer: Offer
    points: Points
    taste: Taste
    row: int


def reckon(offer: Offer, tastes: Sequence[Taste]) -> Points:
    """Return the points of every candidate for every reader."""
    history, shape = read_history(offer, tastes), (len(tastes), len(offer.model.paper_ids))
    likes = history.likes(shape)
    phrases = sorted({phrase for taste in tastes for phrase in taste.interests})
    asked = offer.asked(phrases)
    meant = {phrase: meaning for phrase in phrases if (meaning := asked[phrase].meaning) is not None}
    wishes = _wishes(tastes, [*meant])
    meanings = np.array([*meant.values()], np.float32).reshape(len(meant), len(offer.candidates))
    whole = np.asarray(likes.sum(axis=1) + wishes.sum(axis=1)).ravel()
    has_taste = whole > 0
    likes, wishes = multiply_rows(likes, shares_of(whole)), multiply_rows(wishes, shares_of(whole))
    nearness = likes @ offer.likeness_to(likes.indices) + wishes @ meanings
    nearness -= _ignored(offer, tastes, likes)
    nearness = np.where(has_taste[:, np.newaxis], nearness - offer.background, 0).astype(np.float32)
    return Points(
        likes=likes,
        wishes=wishes,
        phrases=[*meant],
        meanings=meanings,
        has_taste=has_taste,
        nearness=nearness,
        text=standardise(nearness),
        popularity=_popularity(offer, has_taste),
        matches=MATCH_POINTS
        * _count(offer, [[asked[phrase].places for phrase in taste.interests] for taste in tastes]),
        authors=AUTHOR_POINTS * _count(offer, [[*map(offer.by_author, taste.authors)] for taste in tastes]),
        topics=TOPIC_POINTS * _count(offer, [[*map(offer.in_topic, taste.topics)] for taste in tastes]),
        less=_disliked(offer, history.dislikes(shape)),
        in_demand=offer.in_demand,
    )


def rank(offer: Offer, tastes: Sequence[Taste]) -> Floats:
    """Return what everything goes by: the points of each candidate, in the edition's order, for each reader."""
    with nothing_collected():
        return reckon(offer, tastes).total


def _popularity(offer: Offer, has_taste: Flags) -> Floats:
    """Return what attention adds; for a reader whose taste nobody knows the edition's order, which is an editor's."""
    order = -np.arange(len(offer.candidates), dtype=np.float32) / max(len(offer.candidates), 1)
    return np.where(has_taste[:, np.newaxis], POPULARITY * offer.popularity, order).astype(np.float32)


@dataclass(frozen=True)
class History:
    """What readers said of papers that the model holds: whose row, of which of its rows, how much it counts."""

    readers: Ints
    rows: Ints
    weights: Floats
    is_less: Flags

    def likes(self, shape: tuple[int, int]) -> csr_matrix:
        return self._matrix(~self.is_less, shape)

    def dislikes(self, shape: tuple[int, int]) -> csr_matrix:
        return self._matrix(self.is_less, shape)

    def _matrix(self, chosen: Flags, shape: tuple[int, int]) -> csr_matrix:
        ends = np.concatenate([[0], np.cumsum(np.bincount(self.readers[chosen], minlength=shape[0]))])
        matrix = csr_matrix((self.weights[chosen], self.rows[chosen], ends), shape)
        # However they came, so that sums are of the same order.
        matrix.sum_duplicates()
        return matrix


def read_history(offer: Offer, tastes: Sequence[Taste]) -> History:
    """Return what readers said, by weight: 1 today, half of that after HALF_LIFE days."""
    counts = [len(taste.said) for taste in tastes]
    # One after the other: paper, kind, day.
    flat: list[Any] = [*chain.from_iterable(chain.from_iterable(taste.said for taste in tastes))]
    readers = np.repeat(np.arange(len(tastes)), counts)
    rows = offer.model.rows_of(flat[0::3])
    ages = np.maximum(offer.day - np.fromiter(flat[2::3], np.int64, len(readers)), 0)
    weights = np.exp2(-ages / HALF_LIFE, dtype=np.float32)
    is_less = np.fromiter(map("less".__eq__, flat[1::3]), np.bool_, len(readers))
    is_known = rows >= 0
    return History(readers[is_known], rows[is_known], weights[is_known], is_less[is_known])


def _wishes(tastes: Sequence[Taste], phrases: Sequence[str]) -> csr_matrix:
    """Return the weights of what readers are interested in (readers × phrases)."""
    columns = {phrase: column for column, phrase in enumerate(phrases)}
    asked = [[columns[phrase] for phrase in taste.interests if phrase in columns] for taste in tastes]
    readers = np.repeat(np.arange(len(tastes)), [*map(len, asked)])
    weights = np.full(len(readers), INTEREST, np.float32)
    places = (readers, np.fromiter(chain.from_iterable(asked), np.int64, len(readers)))
    return csr_matrix((weights, places), (len(tastes), len(phrases)))


def _ignored(offer: Offer, tastes: Sequence[Taste], likes: csr_matrix) -> Floats:
    """Return how much of the nearness comes from terms that a reader says mean nothing (readers × candidates)."""
    ignored = np.zeros((len(tastes), len(offer.candidates)), np.float32)
    for reader, taste in enumerate(tastes):
        if taste.ignored:
            columns = offer.model.columns_of(taste.ignored)
            liked = likes[reader] @ offer.model.postings[:, columns]
            ignored[reader] = (liked @ offer.postings[:, columns].T).toarray()
    return ignored


def _disliked(offer: Offer, dislikes: csr_matrix) -> Floats:
    rows = np.unique(dislikes.indices)
    beyond_chance = np.maximum(offer.likeness_to(rows)[rows] - CHANCE, 0)
    return np.asarray(100 * LESS_POINTS * (dislikes[:, rows] @ beyond_chance), dtype=np.float32)


def _count(offer: Offer, places: Iterable[Iterable[Iterable[int]]]) -> Floats:
    """Return how often each candidate is in what each reader has there (readers × candidates)."""
    found = [[*chain.from_iterable(of_reader)] for of_reader in places]
    counts = np.zeros((len(found), len(offer.candidates)), np.float32)
    readers = np.repeat(np.arange(len(found)), [*map(len, found)])
    np.add.at(counts, (readers, np.fromiter(chain.from_iterable(found), np.int64, len(readers))), 1)
    return counts
