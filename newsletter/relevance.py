"""How well each paper on offer suits each reader. Pure: plain values and arrays in and out, no database, no clock.

For N readers and K papers: points = z(H·S + Q·Cᵀ − background) + popularity + what they follow − what is like those
they want less of. S says how alike the papers in H, each reader's history, and those on offer are; Q is what stated
interests come to mean through the papers that match them best. The recipe and its figures are in docs/selection.md.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from papers.text import fold, plain
from papers.text_model import TextModel

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Key = TypeVar("Key")

# Days after which what somebody said counts half: tastes last.
HALF_LIFE = 730
# How much of what all papers have in common is taken off.
BACKGROUND = 0.7
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


class Said(NamedTuple):
    """What a reader said of a paper: "more", "less" or "saved"; on which day, a date's ordinal."""

    paper_id: int
    kind: str
    day: int


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
        self.alike: Floats = (self.vectors @ self.vectors.T).toarray()
        # As large as all papers times all candidates, but memory is taken only for what is written.
        self._likeness = np.zeros((len(model.paper_ids), len(self.candidates)), np.float32)
        self._is_known = np.zeros(len(model.paper_ids), np.bool_)
        self._asked: dict[str, Asked] = {}
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

    def asked(self, phrase: str) -> Asked:
        if phrase not in self._asked:
            self._asked[phrase] = Asked(self._meaning(phrase), self.having(phrase))
        return self._asked[phrase]

    def _meaning(self, phrase: str) -> Floats | None:
        query = self.model.query_of(phrase)
        matches = self.model.postings[:, query.indices] @ query.data
        matches[self.model.days < self.day - MEANING_DAYS] = 0
        found = np.nonzero(matches)[0]
        # Stable: of equally good ones the papers with the lower ids.
        best = found[np.argsort(-matches[found], kind="stable")[:MEANING_PAPERS]]
        if not len(best):
            return None
        return np.asarray(matches[best] / matches[best].sum() @ self.likeness_to(best)[best], dtype=np.float32)

    def having(self, phrase: str) -> list[int]:
        """Return the places of the candidates in whose text `phrase` stands."""
        wanted = plain(phrase)
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

    @property
    def total(self) -> Floats:
        return self.text + self.popularity + self.matches + self.authors + self.topics - self.less


def reckon(offer: Offer, tastes: Sequence[Taste]) -> Points:
    """Return the points of every candidate for every reader."""
    likes = _history(offer, tastes, {"more", "saved"})
    phrases = sorted({phrase for taste in tastes for phrase in taste.interests})
    phrases = [phrase for phrase in phrases if offer.asked(phrase).meaning is not None]
    wishes = _wishes(tastes, phrases)
    meanings = np.array([offer.asked(phrase).meaning for phrase in phrases], np.float32)
    meanings = meanings.reshape(len(phrases), len(offer.candidates))
    whole = np.asarray(likes.sum(axis=1) + wishes.sum(axis=1)).ravel()
    has_taste = whole > 0
    share = np.where(has_taste, 1 / np.where(has_taste, whole, 1), 0)
    likes, wishes = _times(likes, share), _times(wishes, share)
    nearness = likes @ offer.likeness_to(likes.indices) + wishes @ meanings
    nearness -= _ignored(offer, tastes, likes)
    nearness = np.where(has_taste[:, np.newaxis], nearness - offer.background, 0).astype(np.float32)
    return Points(
        likes=likes,
        wishes=wishes,
        phrases=phrases,
        meanings=meanings,
        has_taste=has_taste,
        nearness=nearness,
        text=standardise(nearness),
        popularity=_popularity(offer, has_taste),
        matches=MATCH_POINTS
        * _count(offer, [[offer.asked(one).places for one in taste.interests] for taste in tastes]),
        authors=AUTHOR_POINTS * _count(offer, [[*map(offer.by_author, taste.authors)] for taste in tastes]),
        topics=TOPIC_POINTS * _count(offer, [[*map(offer.in_topic, taste.topics)] for taste in tastes]),
        less=_disliked(offer, tastes),
    )


def rank(offer: Offer, tastes: Sequence[Taste]) -> Floats:
    """Return what everything goes by: the points of each candidate, in the edition's order, for each reader."""
    return reckon(offer, tastes).total


def _popularity(offer: Offer, has_taste: Flags) -> Floats:
    """Return what attention adds; for a reader whose taste nobody knows the edition's order, which is an editor's."""
    order = -np.arange(len(offer.candidates), dtype=np.float32) / max(len(offer.candidates), 1)
    return np.where(has_taste[:, np.newaxis], POPULARITY * offer.popularity, order).astype(np.float32)


def _history(offer: Offer, tastes: Sequence[Taste], kinds: Collection[str]) -> csr_matrix:
    """Return the weights of what readers said (readers × all papers): 1 today, half of that after HALF_LIFE days."""
    said = [[one for one in taste.said if one.kind in kinds] for taste in tastes]
    flat = [*chain.from_iterable(said)]
    readers = np.repeat(np.arange(len(tastes)), [*map(len, said)])
    rows = offer.model.rows_of(one.paper_id for one in flat)
    ages = np.maximum(offer.day - np.fromiter((one.day for one in flat), np.int64, len(flat)), 0)
    weights = (0.5 ** (ages / HALF_LIFE)).astype(np.float32)
    is_known = rows >= 0
    shape = (len(tastes), len(offer.model.paper_ids))
    # However they came, this puts them in order.
    return csr_matrix((weights[is_known], (readers[is_known], rows[is_known])), shape)


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


def _ignored(offer: Offer, tastes: Sequence[Taste], likes: csr_matrix) -> Floats:
    """Return how much of the nearness comes from terms that a reader says mean nothing (readers × candidates)."""
    ignored = np.zeros((len(tastes), len(offer.candidates)), np.float32)
    for reader, taste in enumerate(tastes):
        if taste.ignored:
            columns = offer.model.columns_of(taste.ignored)
            liked = likes[reader] @ offer.model.vectors[:, columns]
            ignored[reader] = (liked @ offer.vectors[:, columns].T).toarray()
    return ignored


def _disliked(offer: Offer, tastes: Sequence[Taste]) -> Floats:
    history = _history(offer, tastes, {"less"})
    rows = np.unique(history.indices)
    beyond_chance = np.maximum(offer.likeness_to(rows)[rows] - CHANCE, 0)
    return np.asarray(100 * LESS_POINTS * (history[:, rows] @ beyond_chance), dtype=np.float32)


def _count(offer: Offer, places: Iterable[Iterable[Iterable[int]]]) -> Floats:
    """Return how often each candidate is in what each reader has there (readers × candidates)."""
    found = [[*chain.from_iterable(of_reader)] for of_reader in places]
    counts = np.zeros((len(found), len(offer.candidates)), np.float32)
    readers = np.repeat(np.arange(len(found)), [*map(len, found)])
    np.add.at(counts, (readers, np.fromiter(chain.from_iterable(found), np.int64, len(readers))), 1)
    return counts


def _vectors(model: TextModel, paper_ids: Iterable[int]) -> csr_matrix:
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
