"""Choosing for a hundred thousand readers, and what one of them sees in a preview."""

import random
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import numpy as np

from bench.clock import AT
from bench.drafts import make_draft
from bench.measure import milliseconds, report, resident_megabytes, seconds
from bench.search import MadeUpText
from newsletter.choosing import make_offer
from newsletter.models import Edition
from newsletter.offer import Offer
from newsletter.preview import preview_picks
from newsletter.relevance import Taste, rank, read_history
from newsletter.selection import BATCH, choose
from papers.modelling import refresh_text_model
from papers.models import Paper
from subscribers.models import Feedback, Subscriber
from subscribers.preferences import Said, read_preferences

PAPERS, CANDIDATES = 10_000, 150
READERS = (10_000, 30_000, 100_000)
SAID, INTERESTS, PHRASES = 30, 3, 5_000
TOP = 10
PREVIEWS = 200

Choose = Callable[[Offer, Sequence[Taste]], object]


def bench_selection() -> None:
    """Readers who each spoke of thirty papers, stated three interests of five thousand, mute two words and had five of
    the papers. The seconds are those of this process, without the making of the readers.
    """
    phrases = _fill()
    edition = Edition.objects.get()
    for readers in READERS:
        ranked = _spent(_rank, edition, phrases, readers)
        # What somebody said comes as a list for each; that is made arrays of before anything is reckoned.
        read = _spent(read_history, edition, phrases, readers)
        chosen = _spent(choose, edition, phrases, readers)
        report("rank", "seconds", ranked - read, readers=readers, candidates=CANDIDATES, reading=round(read, 2))
        peak = round(resident_megabytes())
        report("choose", "seconds", chosen, readers=readers, to_rank=round(chosen / ranked, 1), peak_megabytes=peak)


def bench_preview_of_reader() -> None:
    """What a reader would get now, while the edition and the text model are in memory."""
    readers = list(Subscriber.objects.all())
    times = [seconds(partial(_preview, reader)) for reader in readers][len(readers) // 10 :]
    report("preview of a reader", "p95_ms", milliseconds(times)["p95_ms"], p50_ms=milliseconds(times)["p50_ms"])


def _rank(offer: Offer, tastes: Sequence[Taste]) -> None:
    np.argpartition(-rank(offer, tastes), TOP, axis=1)


def _preview(reader: Subscriber) -> None:
    shown = preview_picks(read_preferences([reader])[reader.pk], AT, reader)
    if not (shown and shown.picks):
        raise SystemExit("There is nothing to preview.")


def _spent(action: Choose, edition: Edition, phrases: Sequence[str], readers: int) -> float:
    offer = make_offer(edition)
    chance = np.random.default_rng(readers)
    spent = 0.0
    for _ in range(0, readers, BATCH):
        tastes = [_taste(offer, phrases, chance) for _ in range(BATCH)]
        started = time.process_time()
        action(offer, tastes)
        spent += time.process_time() - started
    return spent


def _taste(offer: Offer, phrases: Sequence[str], chance: np.random.Generator) -> Taste:
    papers = chance.choice(offer.model.paper_ids, SAID).tolist()
    days = chance.integers(offer.day - 1000, offer.day, SAID).tolist()
    kinds = chance.choice(["more", "more", "saved", "less"], SAID).tolist()
    return Taste(
        interests=tuple(phrases[number] for number in chance.integers(0, len(phrases), INTERESTS)),
        muted=tuple(phrases[number] for number in chance.integers(0, len(phrases), 2)),
        said=tuple(map(Said, papers, kinds, days)),
        seen=frozenset(chance.choice([*offer.places], 5).tolist()),
    )


def _fill() -> list[str]:
    """Make papers, their model, an edition and some readers; return phrases that stand in the papers."""
    text, chance = MadeUpText(seed=11), random.Random(11)  # noqa: S311  the same each time
    titles, abstracts = text.take(PAPERS, 10), text.take(PAPERS, 160)
    papers = Paper.objects.bulk_create(
        Paper(
            key=f"arxiv:{number}",
            title=title,
            abstract=abstract,
            listed_on=AT.date() - timedelta(days=number * 700 // PAPERS),
        )
        for number, (title, abstract) in enumerate(zip(titles, abstracts, strict=True))
    )
    refresh_text_model(AT)
    make_draft(papers[:CANDIDATES])
    words = [title.split() for title in titles]
    phrases = [" ".join(chance.choice(words)[:2]) for _ in range(PHRASES)]
    _make_readers(papers, phrases, chance)
    return phrases


def _make_readers(papers: Sequence[Paper], phrases: Sequence[str], chance: random.Random) -> None:
    readers = Subscriber.objects.bulk_create(
        Subscriber(
            email=f"reader{number}@example.org",
            status=Subscriber.Status.ACTIVE,
            created_at=AT,
            confirmed_at=AT,
            interests="\n".join(chance.sample(phrases, INTERESTS)),
        )
        for number in range(PREVIEWS)
    )
    Feedback.objects.bulk_create(
        Feedback(
            subscriber=reader, paper=paper, kind=Feedback.Kind.MORE, at=AT - timedelta(days=chance.randint(0, 900))
        )
        for reader in readers
        for paper in chance.sample(papers, SAID)
    )
