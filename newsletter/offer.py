"""What an edition has for everybody, in numbers. Pure: plain values and arrays in and out, no database, no clock."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.sparse import csr_matrix

from newsletter.matrices import Flags, Floats, Ints, largest, largest_of_rows, standardise
from papers.text import fold, plain
from papers.text_model import TextModel

Key = TypeVar("Key")

# How much of what all papers have in common is taken off.
BACKGROUND = 0.9
# A stated interest means the papers of the past year that match it best.
MEANING_PAPERS = 20
MEANING_DAYS = 365
# Anybody may ask what any phrase comes to, and memory has an end.
PHRASES_KEPT = 20_000
# Papers that everybody gets who may, since so many people are excited about them.
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
        self.postings = self.vectors.tocsc()
        self.background = np.asarray(BACKGROUND * (self.vectors @ model.mean), dtype=np.float32)
        self.popularity = standardise(np.array([[candidate.score for candidate in self.candidates]], np.float32))[0]
        self.pinned: Flags = np.array([candidate.is_pinned for candidate in self.candidates], np.bool_)
        self.in_demand = np.isin(np.arange(len(self.candidates)), largest(self.popularity, MOST_IN_DEMAND))
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
        """Return what each of `phrases` comes to, and what others do that were asked for lately."""
        if len(self._asked) > PHRASES_KEPT:
            self._asked = {}
        # Of its own, should another thread begin anew.
        asked = self._asked
        new = [phrase for phrase in dict.fromkeys(phrases) if phrase not in asked]
        if new:
            asked.update(zip(new, map(Asked, self._meanings(new), map(self.having, new)), strict=True))
        return asked

    def _meanings(self, phrases: Sequence[str]) -> list[Floats | None]:
        is_recent = self.model.days >= self.day - MEANING_DAYS
        matches = (self.model.queries_of(phrases) @ self.model.postings.T).tocsr()
        matches.data[~is_recent[matches.indices]] = 0
        matches.eliminate_zeros()
        best = largest_of_rows(matches, MEANING_PAPERS)
        meanings = best @ self.likeness_to(best.indices)
        return [meaning if count else None for meaning, count in zip(meanings, np.diff(best.indptr), strict=True)]

    def having(self, phrase: str) -> list[int]:
        """Return the places of the candidates in whose text `phrase` stands."""
        if len(self._having) > PHRASES_KEPT:
            self._having = {}
        having = self._having
        if phrase not in having:
            having[phrase] = self._find(plain(phrase))
        return having[phrase]

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
