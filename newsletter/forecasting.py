"""What will become of an edition if it closes as it is: who gets how many papers, who none and why, until when.

Deliveries are planned as closing plans them, and not stored. Of many readers a sample stands for all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import TypeVar

from django.conf import settings
from django.db.models import QuerySet

from newsletter.audience import plan_deliveries, readers_without
from newsletter.choosing import make_offer
from newsletter.models import Delivery, Edition
from newsletter.progress import Hour, foretell
from newsletter.taken import rate
from subscribers.models import Subscriber

# Readers whose picks are chosen in a second or so, and enough to be off by three percent at most, nearly always.
SAMPLE = 1000

Key = TypeVar("Key")


@dataclass(frozen=True)
class Outlook:
    """What is to be expected. Counts are of all readers, estimated where fewer were `looked_at`."""

    closes_at: datetime
    readers: int
    looked_at: int
    # How many readers get so many papers, most papers first.
    by_papers: dict[int, int]
    # How many get nothing, in words; the reason most have first.
    by_reason: dict[str, int]
    other_cadence: int
    first_at: datetime | None
    # When the last are due, and will have left as far as limits and the pace of late tell; None when they do not.
    last_due_at: datetime | None
    finishes_at: datetime | None
    in_time: int | None

    @property
    def is_estimate(self) -> bool:
        return self.looked_at < self.readers

    @property
    def digests(self) -> int:
        return sum(self.by_papers.values())

    @property
    def late(self) -> int:
        """How many would not leave before they are late, as far as that can be told."""
        return 0 if self.in_time is None else max(0, self.digests - self.in_time)


def outlook_of(edition: Edition, at: datetime) -> Outlook:
    """Return what becomes of a draft that closes at its time, or at once if that is over."""
    closing = copy(edition)
    closing.closing_at = max(at, edition.closes_at)
    readers = readers_without(edition)
    reader_ids = list(readers.values_list("pk", flat=True))
    looked_at = evenly(reader_ids, SAMPLE)
    sample = Subscriber.objects.filter(pk__in=looked_at).order_by("pk")
    planned = plan_deliveries(closing, make_offer(edition), list(sample), at)
    queued = [delivery for delivery in planned if delivery.status == Delivery.Status.QUEUED]
    outcomes = Counter((delivery.skip_reason, len(delivery.picks)) for delivery in planned)
    counts = scaled(outcomes, len(reader_ids))
    hours = _hours(queued, sum(count for (reason, _), count in counts.items() if not reason), closing.closing_at)
    foretold = foretell(hours, rate(at), closing.closing_at) if hours else None
    return Outlook(
        closes_at=closing.closing_at,
        readers=len(reader_ids),
        looked_at=len(planned),
        by_papers=dict(sorted(((size, count) for (reason, size), count in counts.items() if not reason), reverse=True)),
        by_reason=_by_reason(counts),
        other_cadence=_of_another_cadence(edition).count(),
        first_at=min((hour.starts_at for hour in hours), default=None),
        last_due_at=max((hour.starts_at for hour in hours), default=None),
        finishes_at=foretold.finishes_at if foretold else None,
        in_time=foretold.in_time if foretold else None,
    )


def evenly(keys: Sequence[Key], size: int) -> list[Key]:
    """Return up to `size` of `keys`, each as far from the next as the others are: the same ones each time."""
    if len(keys) <= size:
        return list(keys)
    return [keys[number * len(keys) // size] for number in range(size)]


def scaled(counts: Mapping[Key, int], total: int) -> dict[Key, int]:
    """Return `counts` in the same proportions, adding up to `total`."""
    seen = sum(counts.values())
    if not seen:
        return {}
    ends = [round(total * end / seen) for end in accumulate(counts.values())]
    return {key: end - start for key, start, end in zip(counts, [0, *ends], ends, strict=False)}


def _hours(queued: Iterable[Delivery], total: int, closes_at: datetime) -> list[Hour]:
    """When these are due, hour by hour, as if they were `total`; what is due while it closes leaves then."""
    of_hour: dict[datetime, list[Delivery]] = defaultdict(list)
    for delivery in queued:
        of_hour[delivery.due_at.replace(minute=0, second=0, microsecond=0)].append(delivery)
    counts = scaled({hour: len(of_hour[hour]) for hour in sorted(of_hour)}, total)
    return [
        Hour(
            count=count,
            starts_at=max(closes_at, min(delivery.next_attempt_at for delivery in of_hour[hour])),
            late_at=min(delivery.due_at for delivery in of_hour[hour]) + settings.NEWSLETTER_LATE_AFTER,
        )
        for hour, count in counts.items()
    ]


def _by_reason(counts: Mapping[tuple[str, int], int]) -> dict[str, int]:
    reasons = Counter({Delivery.SkipReason(reason).label: count for (reason, _), count in counts.items() if reason})
    return dict(reasons.most_common())


def _of_another_cadence(edition: Edition) -> QuerySet[Subscriber]:
    return Subscriber.objects.active().exclude(cadence__in=edition.cadences)
