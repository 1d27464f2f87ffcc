"""Editions that wait to go out: papers of the bundled catalogue, readers, and the picks of each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from bench.drafts import make_draft
from bench.measure import seconds
from newsletter.audience import BATCH, insert
from newsletter.models import Delivery, Edition
from newsletter.reasons import Basis
from newsletter.rendering import compile_fragments
from newsletter.schedule import share_of
from newsletter.selection import ALSO
from papers.ingest import ingest
from papers.models import Paper
from papers.sources.sample import Sample
from subscribers.models import Subscriber

PAPERS, PICKS = 150, 10
# Those of one hour are due within so many minutes, each reader at a moment of their own.
SPREAD = timedelta(minutes=10)
BASES = [Basis.WISHED, Basis.TASTE, Basis.TRENDING]
REASON = "it is near “{}”, which you liked, and 84 people voted for it since yesterday"


def make_edition() -> Edition:
    """Return an edition that closed a moment ago, the next of its kind; nobody has a delivery of it."""
    at = timezone.now()
    if not Paper.objects.exists():
        ingest("sample", Sample().fetch(at))
    draft = make_draft(list(Paper.objects.order_by("pk")[:PAPERS]), at - timedelta(days=Edition.objects.count()))
    draft.fragments = compile_fragments(draft, list(draft.entries.going_out()))
    draft.status, draft.closing_at, draft.closed_at = Edition.Status.CLOSED, at, at
    draft.save()
    return draft


def make_readers(count: int) -> None:
    """See to it that there are at least `count` readers."""
    for start in range(Subscriber.objects.count(), count, BATCH):
        Subscriber.objects.bulk_create(
            Subscriber(
                email=f"reader{number}@example.org",
                status=Subscriber.Status.ACTIVE,
                created_at=timezone.now(),
                confirmed_at=timezone.now(),
            )
            for number in range(start, min(start + BATCH, count))
        )


def queue(edition: Edition, readers: int) -> float:
    """Queue a digest for so many readers, all of an hour that struck as long ago as its digests take.

    Return the seconds that storing them took; what was made up for them here is not counted.
    """
    spent = 0.0
    at = timezone.now()
    ids = list(Subscriber.objects.order_by("pk").values_list("pk", flat=True)[:readers])
    papers = list(edition.entries.values_list("paper_id", "paper__title"))
    for start in range(0, readers, BATCH):
        deliveries = [_delivery(edition, reader_id, papers, at) for reader_id in ids[start : start + BATCH]]
        spent += seconds(partial(insert, deliveries))
    return spent


def _delivery(edition: Edition, reader_id: int, papers: Sequence[tuple[int, str]], at: datetime) -> Delivery:
    reason = REASON.format(papers[reader_id % len(papers)][1])
    chosen = [papers[(reader_id * 7 + place * 13) % len(papers)] for place in range(PICKS)]
    return Delivery(
        edition=edition,
        subscriber_id=reader_id,
        due_at=at - SPREAD,
        next_attempt_at=at - SPREAD + share_of(SPREAD, edition.pk, reader_id),
        chosen_at=at,
        picks=[
            {"paper_id": paper_id, "score": 61.25 - place, "reason": reason, "basis": BASES[place % len(BASES)]}
            for place, (paper_id, _) in enumerate(chosen)
        ],
        also=[papers[(reader_id * 7 + 6 + place * 13) % len(papers)][0] for place in range(ALSO)],
    )
