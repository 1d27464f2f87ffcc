"""Chooses the papers for a reader, and says why. Pure: plain values in and out, no database, no clock.

First version: a paper's points are its trending score, relative to the best of the edition, plus some for each interest
it matches, each followed author and topic, and for what it shares with the nearest paper the reader liked. What nobody
asked for ranks by trending alone.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from math import log, sqrt

from papers.text import fold, plain

INTEREST_POINTS = 1.5
AUTHOR_POINTS = 2.0
TOPIC_POINTS = 1.0
# For a paper with the same telling words as one the reader liked; less for fewer of them.
LIKED_POINTS = 2.0
# Less in common than this (of 1) is chance, and no reason to name.
LIKENESS_FLOOR = 0.2
LONGEST_TITLE = 60
# What a reason names of each kind, be there ever so many.
MOST_NAMED = 3


@dataclass(frozen=True)
class Candidate:
    """A paper of the edition, in the edition's order. `text` is `papers.text.plain` of what it says.

    `words` are those of its title and keywords: see `words_of`.
    """

    paper_id: int
    score: float
    attention: str
    text: str
    topics: dict[int, str]
    words: frozenset[str] = frozenset()
    authors: tuple[str, ...] = ()
    is_pinned: bool = False


@dataclass(frozen=True)
class Liked:
    """A paper the reader liked. `words` as of a candidate."""

    paper_id: int
    title: str
    words: frozenset[str]


@dataclass(frozen=True)
class Taste:
    """What a reader asked for, and what they have had. Phrases and names as typed; topics by id."""

    interests: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    topics: frozenset[int] = frozenset()
    liked: tuple[Liked, ...] = ()
    size: int = 10
    seen: frozenset[int] = field(default=frozenset(), repr=False)


@dataclass(frozen=True)
class Pick:
    """A chosen paper and why, in words."""

    paper_id: int
    score: float
    reason: str

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def words_of(title: str, keywords: Iterable[str]) -> frozenset[str]:
    """Return the words of a title and keywords, in the form of `papers.text.plain`."""
    return frozenset(word for text in (title, *keywords) for word in plain(text).split())


def shorten(title: str, limit: int) -> str:
    """Return `title` in at most `limit` characters, cut between words where it can be."""
    return title if len(title) <= limit else f"{title[: limit - 1].rsplit(' ', 1)[0]}…"


def choose(candidates: Sequence[Candidate], taste: Taste) -> list[Pick]:
    """Return at most `taste.size` picks: pinned papers first, then most points, ties in the edition's order.

    Never a paper the reader has had or liked, nor one with a muted word, pinned or not.
    """
    wishes = _Wishes(candidates, taste)
    muted = [plain(phrase) for phrase in taste.muted]
    known = taste.seen | {liked.paper_id for liked in taste.liked}
    scored = [
        (candidate, wishes.pick(candidate))
        for candidate in candidates
        if candidate.paper_id not in known and not any(phrase in candidate.text for phrase in muted)
    ]
    # Sorting is stable, so equal points keep the edition's order.
    scored.sort(key=lambda item: (not item[0].is_pinned, -item[1].score))
    return [pick for _, pick in scored[: taste.size]]


class _Wishes:
    """What a reader asked for, in the form in which the papers of one edition are compared with it."""

    def __init__(self, candidates: Sequence[Candidate], taste: Taste) -> None:
        self.best = max((candidate.score for candidate in candidates), default=0.0) or 1.0
        self.interests = {phrase: plain(phrase) for phrase in taste.interests}
        self.authors = {_same_name(name) for name in taste.authors}
        self.topics = taste.topics
        self.liked = sorted(taste.liked, key=lambda liked: liked.paper_id)
        self.likeness = _Likeness(candidates if taste.liked else ())

    def pick(self, candidate: Candidate) -> Pick:
        matched = [phrase for phrase, found in self.interests.items() if found in candidate.text]
        by = [name for name in dict.fromkeys(candidate.authors) if _same_name(name) in self.authors]
        followed = [name for topic_id, name in sorted(candidate.topics.items()) if topic_id in self.topics]
        liked, likeness = self._nearest_liked(candidate)
        points = (
            candidate.score / self.best
            + INTEREST_POINTS * len(matched)
            + AUTHOR_POINTS * len(by)
            + TOPIC_POINTS * len(followed)
            + LIKED_POINTS * likeness
        )
        reasons = []
        if matched:
            reasons.append(f"matches {_named([f'“{shorten(phrase, LONGEST_TITLE)}”' for phrase in matched])}")
        if by:
            reasons.append(f"by {_named(by)}, whom you follow")
        if followed:
            reasons.append(f"in {_named(followed)}, which you follow")
        if liked:
            reasons.append(f"because you liked “{shorten(liked.title, LONGEST_TITLE)}”")
        return Pick(candidate.paper_id, round(points, 4), _reason(candidate, reasons))

    def _nearest_liked(self, candidate: Candidate) -> tuple[Liked | None, float]:
        """Return the liked paper most like `candidate`, ties by id, and how much (0 to 1); none that is too unlike."""
        found: tuple[Liked | None, float] = (None, 0.0)
        for liked in self.liked:
            likeness = self.likeness.of(liked.words, candidate.words)
            if likeness >= LIKENESS_FLOOR and likeness > found[1]:
                found = liked, likeness
        return found


class _Likeness:
    """How much two papers have in common; a word counts more the fewer of `candidates` have it."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.count = len(candidates)
        self.having = Counter(word for candidate in candidates for word in candidate.words)

    def of(self, one: frozenset[str], other: frozenset[str]) -> float:
        """Return the cosine of the two sets of weighted words, from 0 to 1."""
        shared = self._weight(one & other)
        return min(1.0, shared / sqrt(self._weight(one) * self._weight(other))) if shared else 0.0

    def _weight(self, words: Iterable[str]) -> float:
        # In a fixed order: the sum of floats depends on it, and a set's order on the process.
        return sum(log((1 + self.count) / (1 + self.having[word])) for word in sorted(words))


def _same_name(name: str) -> str:
    """Return the form in which two spellings of a name are equal: in one case, without accents."""
    return " ".join(fold(name).split())


def _named(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return " and ".join([*names[:MOST_NAMED], f"{more} more"] if more > 0 else names)


def _reason(candidate: Candidate, reasons: Sequence[str]) -> str:
    if candidate.is_pinned:
        return "picked by the editors"
    if not reasons and candidate.attention:
        return f"trending: {candidate.attention}"
    # Without attention it is in the edition because somebody put it there.
    return ", ".join(reasons) or "chosen by the editors"
