"""How a paper gets its points for a reader, part by part, and what becomes of it. Pure: read off what ranked it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from newsletter.relevance import Case

# Of what somebody likes, so much is named that adds to the nearness of a paper.
MOST_NAMED = 3


class Share(NamedTuple):
    """What a liked paper (its id), or a stated interest, adds to the nearness of another paper."""

    about: int | str
    likeness: float
    share: float

    @property
    def added(self) -> float:
        return self.likeness * self.share


class Fate(StrEnum):
    """What becomes of a candidate."""

    PINNED = "pinned"
    CHOSEN = "chosen"
    OUTSIDE = "outside"
    HAD = "had"
    SPOKEN_OF = "spoken of"
    MUTED = "muted"
    FAR = "far"
    NO_ROOM = "no room"


@dataclass(frozen=True)
class Nearness:
    """How near a candidate is to a taste: what adds most to it, what the others add, and what is taken off.

    `usual` and `deviation` are those of all candidates of the edition, for this reader.
    """

    strongest: list[Share]
    others: float
    background: float
    ignored: float
    whole: float
    usual: float
    deviation: float


@dataclass(frozen=True)
class Account:
    """The points of a candidate: those of each part, and what they are for. Without a taste there is no nearness, and
    the edition's order takes the place of attention."""

    paper_id: int
    nearness: Nearness | None
    text: float
    attention: float
    attention_deviations: float
    phrases: list[str]
    matches: float
    names: list[str]
    authors: float
    topic_names: list[str]
    topics: float
    less: float
    total: float
    rank: int


def explain_points(case: Case, place: int) -> Account:
    """Return how the candidate at `place` gets its points for a reader."""
    offer, points, taste, row = case.offer, case.points, case.taste, case.row
    asked = offer.asked(taste.interests)
    total = points.total[row]
    return Account(
        paper_id=offer.candidates[place].paper_id,
        nearness=_nearness(case, place) if points.has_taste[row] else None,
        text=float(points.text[row, place]),
        attention=float(points.popularity[row, place]),
        attention_deviations=float(offer.popularity[place]),
        phrases=[phrase for phrase in taste.interests if place in asked[phrase].places],
        matches=float(points.matches[row, place]),
        names=[name for name in taste.authors if place in offer.by_author(name)],
        authors=float(points.authors[row, place]),
        topic_names=[name for topic, name in sorted(offer.candidates[place].topics.items()) if topic in taste.topics],
        topics=float(points.topics[row, place]),
        less=float(points.less[row, place]),
        total=float(total[place]),
        rank=1 + int((total > total[place]).sum()),
    )


def _nearness(case: Case, place: int) -> Nearness:
    shares = sorted(_shares(case, place), key=lambda share: -share.added)
    added = sum(share.added for share in shares)
    strongest = [share for share in shares[:MOST_NAMED] if share.added > 0]
    near, background = case.points.nearness[case.row], float(case.offer.background[place])
    whole = float(near[place])
    return Nearness(
        strongest=strongest,
        others=added - sum(share.added for share in strongest),
        background=background,
        # What ignored words would have added is what is missing.
        ignored=max(added - background - whole, 0.0) if case.taste.ignored else 0.0,
        whole=whole,
        usual=float(near.mean()),
        deviation=float(near.std()),
    )


def _shares(case: Case, place: int) -> Iterator[Share]:
    """Yield what each liked paper and each stated interest adds."""
    rows, shares = case.points.likes_of(case.row)
    likeness = case.offer.likeness_to(rows)[rows, place]
    papers = case.offer.model.paper_ids[rows]
    yield from map(Share, papers.tolist(), likeness.tolist(), shares.tolist())
    columns, shares = case.points.wishes_of(case.row)
    phrases = [case.points.phrases[column] for column in columns]
    yield from map(Share, phrases, case.points.meanings[columns, place].tolist(), shares.tolist())


def fate_of(case: Case, place: int, chosen: Collection[int]) -> Fate:
    """Return what becomes of the candidate at `place`, where the papers in `chosen` are the reader's picks."""
    candidate, points = case.offer.candidates[place], case.points
    is_wanted = bool(points.is_wanted[case.row, place])
    if candidate.paper_id in chosen:
        if candidate.is_pinned:
            return Fate.PINNED
        return Fate.CHOSEN if is_wanted else Fate.OUTSIDE
    if candidate.paper_id in case.taste.seen:
        return Fate.HAD
    if candidate.paper_id in {said.paper_id for said in case.taste.said}:
        return Fate.SPOKEN_OF
    if muting_phrases(case, place):
        return Fate.MUTED
    return Fate.NO_ROOM if is_wanted or candidate.is_pinned else Fate.FAR


def muting_phrases(case: Case, place: int) -> list[str]:
    """Return the muted phrases that stand in the text of the candidate at `place`."""
    return [phrase for phrase in case.taste.muted if place in case.offer.having(phrase)]
