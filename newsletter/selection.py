"""Chooses the papers for a reader, and says why. Pure: plain values in and out, no database, no clock.

First version: a paper's points are its trending score, relative to the best of the edition, plus one point for each
interest it matches and each followed topic it is in. What nobody asked for ranks by trending alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from papers.text import plain

INTEREST_POINTS = 1.5
TOPIC_POINTS = 1.0


@dataclass(frozen=True)
class Candidate:
    """A paper of the edition, in the edition's order. `text` is `papers.text.plain` of what it says."""

    paper_id: int
    score: float
    attention: str
    text: str
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
    muted = [plain(phrase) for phrase in taste.muted]
    wanted = {phrase: plain(phrase) for phrase in taste.interests}
    scored = [
        (candidate, _pick(candidate, taste, wanted, best))
        for candidate in candidates
        if candidate.paper_id not in taste.seen and not any(phrase in candidate.text for phrase in muted)
    ]
    # Sorting is stable, so equal points keep the edition's order.
    scored.sort(key=lambda item: (not item[0].is_pinned, -item[1].score))
    return [pick for _, pick in scored[: taste.size]]


def _pick(candidate: Candidate, taste: Taste, wanted: Mapping[str, str], best: float) -> Pick:
    matched = [phrase for phrase, found in wanted.items() if found in candidate.text]
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
    if candidate.attention:
        reasons = reasons or [f"trending: {candidate.attention}"]
    # Without attention it is in the edition because somebody put it there.
    return ", ".join(reasons) or "chosen by the editors"
