"""Papers as weighted words, so that what is alike can be found. Pure: texts in, arrays out.

Terms are words and pairs of neighbouring words, weighted as in BM25 (Robertson and Zaragoza 2009) and scaled to length
one, so that the product of two papers' vectors says how alike they are, from 0 to 1. A term is known by its hash only:
a million strings would take more memory than all the vectors do.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix, vstack

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

# Room for so many hashes that two terms of a language practically never share one.
HASHES = 2**31 - 1
TITLE_COUNTS = 2
# A term that only one paper has relates nobody; what half of all have says nothing.
LEAST_PAPERS = 2
MOST_PAPERS = 0.5
# How soon repeating a term stops to count, and how much longer papers are held back.
SATURATION = 1.6
LENGTH = 0.75
# Papers that are reckoned with at a time.
BLOCK = 2_000

WORD = re.compile(r"\w\w+")
# What people say around what they wish for. In papers these words are as good as any other.
# fmt: off
AROUND_WISHES = frozenset({
    "don", "doesn", "enjoy", "hate", "interest", "interested", "interests", "know", "learn", "like", "love", "new",
    "paper", "papers", "please", "prefer", "read", "reading", "really", "research", "stuff", "thing", "things", "topic",
    "topics", "want", "work", "works", "would",
})
# fmt: on


class Text(NamedTuple):
    """What a paper says of itself."""

    title: str
    abstract: str = ""


def terms_of(text: str, besides: frozenset[str] = frozenset()) -> list[str]:
    """Return the words and pairs of neighbouring words of `text`, in its order, without what every text has.

    Words of `besides` are left out, too.
    """
    without = _stop_words() | besides
    words = [word for word in WORD.findall(text.lower()) if word not in without]
    return [*words, *map(" ".join, pairwise(words))]


def count_terms(texts: Iterable[Text]) -> csr_matrix:
    """Return how often each text has each term: a row a text, a column a hash. A title counts twice."""
    return _count(terms_of(text.title) * TITLE_COUNTS + terms_of(text.abstract) for text in texts)


def hash_terms(terms: Iterable[str]) -> Ints:
    """Return the column of each term in what `count_terms` returns."""
    return np.asarray(_count([term] for term in terms).indices, dtype=np.int64)


@cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415  see _count

    return ENGLISH_STOP_WORDS  # type: ignore[no-any-return]


def _count(lists: Iterable[list[str]]) -> csr_matrix:
    # Imported by those who count: a process that only sends would hold 60 MB of it for nothing.
    from sklearn.feature_extraction import FeatureHasher  # noqa: PLC0415

    hasher = FeatureHasher(HASHES, input_type="string", alternate_sign=False, dtype=np.float32)
    # It refuses to count nothing at all, so there is always one empty list, which is taken off again.
    return hasher.transform(chain([[]], lists))[1:]


@dataclass(frozen=True)
class TextModel:
    """The vectors of all papers, and what it takes to make one of any text.

    `paper_ids` rise; row i of `vectors` (papers × terms) is of `paper_ids[i]`, which was listed on `days[i]` (a date's
    ordinal, 0 where unknown). `hashes` rise; column j is of the term with `hashes[j]`, which is worth `worth[j]` the
    rarer it is. `mean` is the mean of all vectors. `postings` are the same vectors, to be read by column.
    """

    version: str
    paper_ids: Ints
    days: Ints
    hashes: Ints
    worth: Floats
    mean: Floats
    mean_length: float
    vectors: csr_matrix
    postings: csc_matrix

    def rows_of(self, paper_ids: Collection[int]) -> Ints:
        """Return the row of each paper, −1 of one that is not in here."""
        wanted = np.fromiter(paper_ids, np.int64, len(paper_ids))
        last = len(self._row_by_id) - 1
        return np.where((wanted < 0) | (wanted > last), -1, self._row_by_id[np.clip(wanted, 0, last)])

    @cached_property
    def _row_by_id(self) -> Ints:
        """The row of each id up to the last, −1 where there is none: looked up seventy times as fast as found."""
        rows = np.full(int(self.paper_ids.max(initial=0)) + 1, -1)
        rows[self.paper_ids] = np.arange(len(self.paper_ids))
        return rows

    def columns_of(self, terms: Iterable[str]) -> Ints:
        """Return the columns of those terms that are in here, rising, each once."""
        columns = _places(self.hashes, hash_terms(terms))
        return np.unique(columns[columns >= 0])

    def vectors_of(self, texts: Sequence[Text]) -> csr_matrix:
        """Return the vectors of `texts` (texts × terms), known or not; a term that is not in here does not count."""
        counts = count_terms(texts)
        columns = _places(self.hashes, counts.indices)
        return _scale(_weigh(_keep(counts, columns, len(self.hashes)), self.worth, self.mean_length))

    def queries_of(self, phrases: Sequence[str]) -> csr_matrix:
        """Return vectors (phrases × terms) of what phrases ask for: each of its terms once, by worth."""
        counts = _count([*dict.fromkeys(terms_of(phrase, AROUND_WISHES))] for phrase in phrases)
        asked = _keep(counts, _places(self.hashes, counts.indices), len(self.hashes))
        return _scale(csr_matrix((self.worth[asked.indices], asked.indices, asked.indptr), asked.shape))


def fit(paper_ids: Ints, days: Ints, counts: csr_matrix, version: str) -> TextModel:
    """Return the model of these papers, whose ids rise; `counts` is what `count_terms` makes of their texts.

    Papers count alike whenever they were listed: whoever compares some of them fits on all of them.
    """
    hashes, papers_with = np.unique(counts.indices, return_counts=True)
    count = len(paper_ids)
    is_kept = (papers_with >= LEAST_PAPERS) & (papers_with <= MOST_PAPERS * count)
    hashes, papers_with = hashes[is_kept], papers_with[is_kept]
    worth = np.log1p((count - papers_with + 0.5) / (papers_with + 0.5)).astype(np.float32)
    kept = _stack(_keep(some, _places(hashes, some.indices), len(worth)) for some in _blocks(counts))
    mean_length = float(kept.sum() / max(count, 1)) or 1.0
    vectors = _stack(_scale(_weigh(some, worth, mean_length)) for some in _blocks(kept))
    return TextModel(
        version=version,
        paper_ids=paper_ids,
        days=days,
        hashes=hashes.astype(np.int64),
        worth=worth,
        mean=np.asarray(vectors.sum(axis=0) / max(count, 1), dtype=np.float32).ravel(),
        mean_length=mean_length,
        vectors=vectors,
        postings=vectors.tocsc(),
    )


def _blocks(matrix: csr_matrix) -> Iterator[csr_matrix]:
    """Yield the rows of `matrix`, so many at a time that what they are turned into on the way takes little memory."""
    for start in range(0, max(matrix.shape[0], 1), BLOCK):
        yield matrix[start : start + BLOCK]


def _stack(blocks: Iterable[csr_matrix]) -> csr_matrix:
    return vstack(list(blocks), format="csr")


def _places(known: Ints, wanted: Ints) -> Ints:
    """Return where each of `wanted` stands in `known`, whose values rise; −1 of one that does not."""
    if not len(known):
        return np.full(len(wanted), -1)
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[places] == wanted, places, -1)


def _keep(counts: csr_matrix, columns: Ints, width: int) -> csr_matrix:
    """Return `counts` with each entry moved to its place in `columns`, without those at −1."""
    is_kept = columns >= 0
    ends = np.concatenate([[0], np.cumsum(is_kept)])[counts.indptr]
    kept = csr_matrix((counts.data[is_kept], columns[is_kept], ends), (counts.shape[0], width), dtype=np.float32)
    kept.sort_indices()
    return kept


def _weigh(counts: csr_matrix, worth: Floats, mean_length: float) -> csr_matrix:
    lengths = np.asarray(counts.sum(axis=1)).ravel() / mean_length
    held_back = np.repeat(SATURATION * (1 - LENGTH + LENGTH * lengths), np.diff(counts.indptr))
    weights = worth[counts.indices] * (SATURATION + 1) * counts.data / (counts.data + held_back)
    return csr_matrix((weights.astype(np.float32), counts.indices, counts.indptr), counts.shape)


def _scale(weights: csr_matrix) -> csr_matrix:
    """Return each row scaled to length one; an empty one stays empty."""
    lengths = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
    scales = np.divide(1.0, lengths, out=np.ones_like(lengths), where=lengths > 0)
    data = weights.data * np.repeat(scales, np.diff(weights.indptr))
    return csr_matrix((data.astype(np.float32), weights.indices, weights.indptr), weights.shape)


# The model of no papers.
NOTHING = fit(np.empty(0, np.int64), np.empty(0, np.int64), csr_matrix((0, HASHES), dtype=np.float32), version="")
