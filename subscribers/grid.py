"""Which papers a visitor is offered to like: the best of the last weeks, of many topics. The same for everybody."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.cache import caches

from papers.keeping import KEPT_FOR
from papers.models import Paper, Topic, TrendingScore

SIZE = 12
MOST_OF_A_TOPIC = 2
# So many of the best are looked at.
POOL = 150


@dataclass(frozen=True)
class Card:
    """A paper as the grid shows it; `topics` are the names of the curated subjects it is in."""

    paper_id: int
    title: str
    authors: str
    topics: tuple[str, ...]
    blurb: str


def grid(chosen: Iterable[int] = ()) -> list[Card]:
    """Return the papers on offer, best first, and after them those of `chosen` that are no longer among them."""
    cards: list[Card] = caches["process"].get_or_set("start-grid", _offer, KEPT_FOR) or []
    missing = set(chosen) - {card.paper_id for card in cards}
    if missing:
        cards = cards + _cards(
            Paper.objects.visible().filter(pk__in=missing).order_by("key").prefetch_related("topics")
        )
    return cards


def _offer() -> list[Card]:
    window = TrendingScore.Window.MONTH
    day = TrendingScore.objects.latest_day(window)
    if day is None:
        return []
    best = TrendingScore.objects.ranked(window, day).prefetch_related("paper__topics")[:POOL]
    return spread(_cards(score.paper for score in best), SIZE)


def _cards(papers: Iterable[Paper]) -> list[Card]:
    return [
        Card(
            paper_id=paper.pk,
            title=paper.title,
            authors=paper.short_authors,
            topics=tuple(topic.name for topic in paper.topics.all() if topic.kind == Topic.Kind.KEYWORDS),
            blurb=paper.blurb,
        )
        for paper in papers
    ]


def spread(cards: Sequence[Card], size: int) -> list[Card]:
    """Return `size` of `cards`, in their order: at most two of each topic, and where those are too few the best others.

    Papers of no topic count as those of one.
    """
    taken: list[Card] = []
    others: list[Card] = []
    counted: Counter[str] = Counter()
    for card in cards:
        names = card.topics or ("",)
        fits = all(counted[name] < MOST_OF_A_TOPIC for name in names)
        (taken if fits else others).append(card)
        if fits:
            counted.update(names)
    chosen = {*taken[:size], *others[: max(0, size - len(taken))]}
    return [card for card in cards if card in chosen]
