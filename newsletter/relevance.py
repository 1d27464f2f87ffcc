"""How well each paper on offer suits each reader. Pure: plain values and arrays in and out, no database, no clock.

For N readers and K papers: points = z(H·S + Q·Cᵀ − background) + popularity + what they follow − what is like those
they want less of. S says how alike the papers in H, each reader's history, and those on offer are; Q is what stated
interests come to mean through the papers that match them best. The recipe and its figures are in docs/selection.md.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from papers.text import fold, plain
from papers.text_model import TextModel
from subscribers.preferences import Said

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Key = TypeVar("Key")

# Days after which what somebody said counts half: tastes last.
HALF_LIFE = 730
# How much of what all papers have in common is taken off.
BACKGROUND = 0.9
# What a standard deviation of attention is worth, where one of text is worth 1.
POPULARITY = 0.3
# A stated interest counts as much as so many liked papers.
INTEREST = 2.0
# It means the papers of the past year that match it best.
MEANING_PAPERS = 20
MEANING_DAYS = 365
MATCH_POINTS = 1.0
AUTHOR_POINTS = 3.0
TOPIC_POINTS = 1.0
# For each hundredth by which a paper is more alike one that somebody wants less of than two papers are by chance.
LESS_POINTS = 0.3
CHANCE = 0.03
# What is no nearer a taste than this is noise, unless it is among the few papers most in demand.
FLOOR = 0.0
MOST_IN_DEMAND = 3


@dataclass(frozen=True)
class Candidate:
    """A paper of the edition. `rank` is its place there, `score` the attention it gets, on a logarithmic scale.

    `attention` is that in words; `text` is `papers.text.plain` of what it says.
    """

    paper_id: int
    rank: int
    score: float
    attention: str = ""
    text: str = ""
    topics: dict[int, str] = field(default_factory=dict)
    authors: tuple[str, ...] = ()
    is_pinned: bool = False


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


class Asked(NamedTuple):
    """What a stated interest comes to among the candidates.

    `meaning` is how alike each is to the papers that match the phrase best, None if none does; `places` are those of
    the candidates in whose text it stands.
    """

    meaning: Floats | None
    places: list[int]


class Offer:
    """The papers of an edition in numbers, prepared once for all readers; `day` is the ordinal of the edition's date.

    What is only known once readers ask, such as how alike a paper they like is, is reckoned then and kept.
    """

    def __init__(self, candidates: Iterable[Candidate], model: TextModel, day: int) -> None:
        self.candidates = sorted(candidates, key=lambda candidate: (candidate.rank, candidate.paper_id))
        self.model = model
        self.day = day
        self.places = {candidate.paper_id: place for place, candidate in enumerate(self.candidates)}
        self.vectors = _vectors(model, self.places)
        self.background = np.asarray(BACKGROUND * (self.vectors @ model.mean), dtype=np.float32)
        self.popularity = standardise(np.array([[candidate.score for candidate in self.candidates]], np.float32))[0]
        self.pinned: Flags = np.array([candidate.is_pinned for candidate in self.candidates], np.bool_)
        self.in_demand = np.isin(np.arange(len(self.candidates)), _largest(self.popularity, MOST_IN_DEMAND))
        self.alike: Floats = (self.vectors @ self.vectors.T).toarray()
        # As large as all papers times all candidates, but memory is taken only for what is written.
        self._likeness = np.zeros((len(model.paper_ids), len(self.candidates)), np.float32)
        self._is_known = np.zeros(len(model.paper_ids), np.bool_)
        self._asked: dict[str, Asked] = {}
        self._having: dict[str, list[int]] = {}
        self._by_word = _by(self.candidates, lambda candidate: candidate.text.split())
        self._by_author = _by(self.candidates, lambda candidate: map(same_name, candidate.authors))
        self._by_topic = _by(self.candidates, lambda candidate: candidate.topics)

    def likeness_to(self, rows: Ints) -> Floats:
        """Return S (all papers × candidates), of which `rows` are filled in."""
        missing = np.unique(rows[~self._is_known[rows]])
        if len(missing):
            self._likeness[missing] = (self.model.vectors[missing] @ self.vectors.T).toarray()
            self._is_known[missing] = True
        return self._likeness

    def asked(self, phrases: Collection[str]) -> Mapping[str, Asked]:
        """Return what each of `phrases` comes to, and what others did that were asked for before."""
        new = [phrase for phrase in dict.fromkeys(phrases) if phrase not in self._asked]
        if new:
            asked = map(Asked, self._meanings(new), map(self.having, new))
            self._asked.update(zip(new, asked, strict=True))
        return self._asked

    def _meanings(self, phrases: Sequence[str]) -> list[Floats | None]:
        is_recent = self.model.days >= self.day - MEANING_DAYS
        matches = (self.model.queries_of(phrases) @ self.model.postings.T).tocsr()
        matches.data[~is_recent[matches.indices]] = 0
        matches.eliminate_zeros()
        best = _best(matches, MEANING_PAPERS)
        meanings = best @ self.likeness_to(best.indices)
        return [meaning if count else None for meaning, count in zip(meanings, np.diff(best.indptr), strict=True)]

    def having(self, phrase: str) -> list[int]:
        """Return the places of the candidates in whose text `phrase` stands."""
        if phrase not in self._having:
            self._having[phrase] = self._find(plain(phrase))
        return self._having[phrase]

    def _find(self, wanted: str) -> list[int]:
        words = wanted.split()
        if not words:
            return []
        places = set.intersection(*(self._by_word.get(word, set()) for word in words))
        return sorted(place for place in places if wanted in self.candidates[place].text)

    def by_author(self, name: str) -> set[int]:
        return self._by_author.get(same_name(name), set())

    def in_topic(self, topic_id: int) -> set[int]:
        return self._by_topic.get(topic_id, set())


def same_name(name: str) -> str:
    """Return the form in which two spellings of a name are equal: in one case, without accents."""
    return " ".join(fold(name).split())


def standardise(values: Floats) -> Floats:
    """Return each row shifted and scaled to mean 0 and deviation 1; a row of equal values becomes zeros."""
    if not values.size:
        return values
    deviation = values.std(axis=1, keepdims=True)
    # A deviation of nothing but rounding is none.
    is_flat = deviation <= 1e-6 * np.abs(values).max(axis=1, keepdims=True)
    return np.where(is_flat, 0, (values - values.mean(axis=1, keepdims=True)) / np.where(is_flat, 1, deviation))


@dataclass(frozen=True)
class Points:
    """What each candidate gets for each reader (readers × candidates), and how that comes about.

    `likes` (readers × all papers) and `wishes` (readers × phrases) are the shares of a reader's taste that papers they
    like and interests they stated have; together one, where there is a taste. `nearness` is the likeness to it as it
    is, `text` the same in standard deviations. `wish` tells for which of their wishes a candidate is there, −1 for none.
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
    wish: Ints

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
    history, shape = _history(offer, tastes), (len(tastes), len(offer.model.paper_ids))
    likes = history.likes(shape)
    phrases = sorted({phrase for taste in tastes for phrase in taste.interests})
    asked = offer.asked(phrases)
    meant = {phrase: meaning for phrase in phrases if (meaning := asked[phrase].meaning) is not None}
    wishes = _wishes(tastes, [*meant])
    meanings = np.array([*meant.values()], np.float32).reshape(len(meant), len(offer.candidates))
    whole = np.asarray(likes.sum(axis=1) + wishes.sum(axis=1)).ravel()
    has_taste = whole > 0
    likes, wishes = _times(likes, _shares(whole)), _times(wishes, _shares(whole))
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
        wish=_number_wishes(offer, tastes),
    )


def rank(offer: Offer, tastes: Sequence[Taste]) -> Floats:
    """Return what everything goes by: the points of each candidate, in the edition's order, for each reader."""
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
        # However they came, this puts them in order.
        return csr_matrix((self.weights[chosen], (self.readers[chosen], self.rows[chosen])), shape)


def _history(offer: Offer, tastes: Sequence[Taste]) -> History:
    """Return what readers said, by weight: 1 today, half of that after HALF_LIFE days."""
    flat = [*chain.from_iterable(taste.said for taste in tastes)]
    readers = np.repeat(np.arange(len(tastes)), [len(taste.said) for taste in tastes])
    rows = offer.model.rows_of([said.paper_id for said in flat])
    ages = np.maximum(offer.day - np.array([said.day for said in flat], np.int64), 0)
    weights = (0.5 ** (ages / HALF_LIFE)).astype(np.float32)
    is_less = np.array([said.kind == "less" for said in flat], np.bool_)
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


def _times(rows: csr_matrix, factors: Floats) -> csr_matrix:
    """Return each of `rows` times its factor."""
    data = (rows.data * np.repeat(factors, np.diff(rows.indptr))).astype(np.float32)
    return csr_matrix((data, rows.indices, rows.indptr), rows.shape)


def _shares(wholes: Floats) -> Floats:
    """Return what each part of a whole is to be multiplied by to be its share; of nothing there are none."""
    return np.divide(1, wholes, out=np.zeros_like(wholes), where=wholes > 0)


def _ignored(offer: Offer, tastes: Sequence[Taste], likes: csr_matrix) -> Floats:
    """Return how much of the nearness comes from terms that a reader says mean nothing (readers × candidates)."""
    ignored = np.zeros((len(tastes), len(offer.candidates)), np.float32)
    for reader, taste in enumerate(tastes):
        if taste.ignored:
            columns = offer.model.columns_of(taste.ignored)
            liked = likes[reader] @ offer.model.vectors[:, columns]
            ignored[reader] = (liked @ offer.vectors[:, columns].T).toarray()
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


def _best(matches: csr_matrix, count: int) -> csr_matrix:
    """Return the `count` largest entries of each row, scaled to add to one; of equals those that come first."""
    kept = [start + _largest(matches.data[start:end], count) for start, end in pairwise(matches.indptr.tolist())]
    ends = np.cumsum([0, *map(len, kept)])
    places = np.concatenate([*kept, np.empty(0, np.int64)]).astype(np.int64)
    best = csr_matrix((matches.data[places], matches.indices[places], ends), matches.shape)
    whole = np.asarray(best.sum(axis=1)).ravel()
    return _times(best, _shares(whole))


def _largest(values: Floats, count: int) -> Ints:
    """Return the places of the `count` largest of `values`; of equals the first."""
    if len(values) > count:
        enough = np.nonzero(values >= np.partition(values, -count)[-count])[0]
    else:
        enough = np.arange(len(values))
    return enough[np.argsort(-values[enough], kind="stable")[:count]]


def _number_wishes(offer: Offer, tastes: Sequence[Taste]) -> Ints:
    """Return which wish of a reader each candidate is there for (readers × candidates): the number of a stated interest
    that stands in it, else of a topic it is in, −1 for none."""
    numbers = np.full((len(tastes), len(offer.candidates)), -1)
    for reader, taste in enumerate(tastes):
        places = [*map(offer.in_topic, sorted(taste.topics)), *map(offer.having, sorted(taste.interests))]
        for number, of_wish in enumerate(places):
            numbers[reader, [*of_wish]] = number
    return numbers


def _vectors(model: TextModel, paper_ids: Collection[int]) -> csr_matrix:
    """Return the vectors of these papers; of one the model does not hold an empty one."""
    rows = model.rows_of(paper_ids)
    is_known = rows >= 0
    places = csr_matrix(
        (np.ones(is_known.sum(), np.float32), (np.nonzero(is_known)[0], rows[is_known])),
        (len(rows), len(model.paper_ids)),
    )
    return places @ model.vectors


def _by(candidates: Sequence[Candidate], keys_of: Callable[[Candidate], Iterable[Key]]) -> dict[Key, set[int]]:
    """Return the places of the candidates that have each key."""
    places: dict[Key, set[int]] = defaultdict(set)
    for place, candidate in enumerate(candidates):
        for key in keys_of(candidate):
            places[key].add(place)
    return dict(places)
