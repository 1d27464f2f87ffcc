"""Chooses the papers for a reader, and says why. Pure: plain values in and out, no database, no clock.

First version: a paper's points are its trending score, relative to the best of the edition, plus one point for each
interest it matches and each followed topic it is in. What nobody asked for ranks by trending alone.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field

from papers.text import has_phrase, words

INTEREST_POINTS = 1.5
TOPIC_POINTS = 1.0


@dataclass(frozen=True)
class Candidate:
    """A paper of the edition, in the edition's order. `text` holds its title, keywords and summary as word lists."""

    paper_id: int
    score: float
    attention: str
    text: tuple[tuple[str, ...], ...]
    topics: dict[int, str]
    is_pinned: bool = False


@dataclass(frozen=True)
class Taste:
    """What a reader asked for, and what they have had. Phrases as typed; topics by id."""

    interests: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    topics: frozenset[int] = frozenset()
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


def choose(candidates: Sequence[Candidate], taste: Taste) -> list[Pick]:
    """Return at most `taste.size` picks: pinned papers first, then most points, ties in the edition's order.

    Never a paper the reader has had, nor one with a muted word, pinned or not.
    """
    best = max((candidate.score for candidate in candidates), default=0.0) or 1.0
    offered = [c for c in candidates if c.paper_id not in taste.seen and not _has_any(c, taste.muted)]
    scored = [(candidate, _pick(candidate, taste, best)) for candidate in offered]
    # Sorting is stable, so equal points keep the edition's order.
    scored.sort(key=lambda item: (not item[0].is_pinned, -item[1].score))
    return [pick for _, pick in scored[: taste.size]]


def _pick(candidate: Candidate, taste: Taste, best: float) -> Pick:
    matched = [phrase for phrase in taste.interests if _has_any(candidate, [phrase])]
    followed = [name for topic_id, name in sorted(candidate.topics.items()) if topic_id in taste.topics]
    points = candidate.score / best + INTEREST_POINTS * len(matched) + TOPIC_POINTS * len(followed)
    return Pick(candidate.paper_id, round(points, 4), _reason(candidate, matched, followed))


def _reason(candidate: Candidate, matched: Sequence[str], followed: Sequence[str]) -> str:
    if candidate.is_pinned:
        return "picked by the editors"
    reasons = []
    if matched:
        reasons.append(f"matches {' and '.join(f'“{phrase}”' for phrase in matched)}")
    if followed:
        reasons.append(f"in {' and '.join(followed)}, which you follow")
    return ", ".join(reasons) or f"trending: {candidate.attention or 'new today'}"


def _has_any(candidate: Candidate, phrases: Collection[str]) -> bool:
    wanted = [tuple(words(phrase)) for phrase in phrases]
    return any(has_phrase(text, phrase) for text in candidate.text for phrase in wanted)
