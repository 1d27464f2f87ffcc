"""From what is stored to picks: the papers of an edition, what readers want of them, and what they get."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypedDict

from newsletter.models import Delivery, Edition, EditionEntry
from newsletter.offer import Candidate, Offer
from newsletter.reasons import basis_of, in_words, papers_named
from newsletter.relevance import Taste
from newsletter.selection import Pick, choose, name_others
from papers.modelling import current_text_model
from papers.models import Paper
from papers.text import plain
from papers.text_model import NOTHING
from papers.trending import in_words as attention_in_words
from subscribers.models import Subscriber
from subscribers.preferences import Preferences, read_preferences


class PickInWords(TypedDict):
    """A pick as a delivery keeps it."""

    paper_id: int
    score: float
    reason: str
    basis: str


class Choice(NamedTuple):
    """What a digest is made of: its picks, and the ids of the papers that it also names."""

    picks: list[PickInWords]
    also: list[int]


NOTHING_CHOSEN = Choice([], [])


def make_offer(edition: Edition) -> Offer:
    """Return what `edition` has for everybody. Without a text model what people like is left out, and all else holds.

    Once the edition is frozen, only papers that its mail holds; one that was hidden since is left out.
    """
    entries = EditionEntry.objects.filter(edition=edition).going_out()
    candidates = [
        _candidate(rank, entry)
        for rank, entry in enumerate(entries)
        if edition.is_draft or str(entry.paper_id) in edition.fragments["titles"]
    ]
    return Offer(candidates, current_text_model() or NOTHING, edition.closes_at.date().toordinal())


def _candidate(rank: int, entry: EditionEntry) -> Candidate:
    paper = entry.paper
    return Candidate(
        paper_id=entry.paper_id,
        rank=rank,
        score=entry.score,
        attention=attention_in_words(entry.parts),
        text=plain(paper.title, paper.summary or paper.abstract, *paper.keywords),
        topics={topic.pk: topic.name for topic in paper.topics.all()},
        authors=tuple(paper.authors),
        is_pinned=entry.is_pinned,
    )


def choose_for_readers(
    readers: Sequence[Subscriber], offer: Offer, besides: Edition | None = None
) -> dict[int, Choice]:
    """Return what each reader gets, by id; what `besides` brought them counts as not had."""
    seen = seen_by(readers, offer.places.keys(), besides)
    wanted = read_preferences(readers)
    tastes = [taste_of(wanted[reader.pk], seen[reader.pk]) for reader in readers]
    chosen = choose(offer, tastes)
    choices = map(Choice, tell(chosen), name_others(offer, tastes, chosen))
    return {reader.pk: choice for reader, choice in zip(readers, choices, strict=True)}


def choose_for_reader(reader: Subscriber, offer: Offer, besides: Edition) -> Choice:
    """Return what `reader` would get of what is on offer, were it chosen now; `besides` is the edition it is of."""
    return choose_for_readers([reader], offer, besides)[reader.pk]


def choice_for(preferences: Preferences, offer: Offer) -> Choice:
    """Return what a digest for somebody with these preferences, who has had nothing, would be made of."""
    tastes = [taste_of(preferences, seen=())]
    chosen = choose(offer, tastes)
    (picks,), (also,) = tell(chosen), name_others(offer, tastes, chosen)
    return Choice(picks, also)


def choose_for(preferences: Preferences, offer: Offer, seen: Iterable[int] = ()) -> list[PickInWords]:
    """Return what somebody with these preferences would get of what is on offer, without the papers in `seen`."""
    (picks,) = tell(choose(offer, [taste_of(preferences, seen)]))
    return picks


def taste_of(preferences: Preferences, seen: Iterable[int]) -> Taste:
    return Taste(**vars(preferences), seen=frozenset(seen))


def tell(chosen: Iterable[Sequence[Pick]]) -> list[list[PickInWords]]:
    """Return picks with their reasons in words. A liked paper that was hidden since is not named."""
    chosen = list(chosen)
    named = {paper_id for picks in chosen for pick in picks for paper_id in papers_named(pick.why)}
    titles = dict(Paper.objects.visible().filter(pk__in=named).values_list("pk", "title")) if named else {}
    return [
        [
            {
                "paper_id": pick.paper_id,
                "score": pick.score,
                "reason": in_words(pick.why, titles),
                "basis": basis_of(pick.why),
            }
            for pick in picks
        ]
        for picks in chosen
    ]


def seen_by(
    readers: Iterable[Subscriber], offered: Collection[int], besides: Edition | None = None
) -> Mapping[int, set[int]]:
    """Return which papers of those on offer each reader has had, or is about to get, but for what `besides` brings."""
    # Only editions that hold one of them can have brought it: a reader's history grows, what is on offer does not.
    holding = EditionEntry.objects.filter(paper__in=offered).values("edition")
    had = Delivery.objects.not_to_repeat().filter(subscriber__in=[reader.pk for reader in readers], edition__in=holding)
    if besides is not None:
        had = had.exclude(edition=besides)
    seen: dict[int, set[int]] = defaultdict(set)
    for subscriber_id, picks in had.values_list("subscriber_id", "picks"):
        seen[subscriber_id].update(pick["paper_id"] for pick in picks)
    return seen
