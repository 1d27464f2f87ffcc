"""Takes from a provider's log what left and the ledger does not know of, as after a backup was restored."""

import logging
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from newsletter.claiming import release_expired
from newsletter.models import Delivery

logger = logging.getLogger(__name__)

# Every digest bears it in its Message-ID.
DELIVERY_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.ASCII | re.IGNORECASE)
BATCH = 1000
WAITING = [Delivery.Status.QUEUED, Delivery.Status.UNKNOWN]


class Noted(NamedTuple):
    """How many deliveries were named, how many of these are accepted now and were not, and how many a process has
    in hand."""

    named: int
    changed: int
    in_hand: int


def note_sent(log: Iterable[str], at: datetime) -> Noted:
    """Note the deliveries that stand in the lines of `log` as accepted, unless they are in hand or settled already.

    Twice is once. Lines that name none of ours are of no concern. What a process had in hand when it ended is taken
    back first.
    """
    release_expired(at)
    named, changed, in_hand = 0, 0, 0
    ids = _ids_in(log)
    while batch := list(islice(ids, BATCH)):
        ours = Delivery.objects.filter(pk__in=batch)
        named += ours.count()
        in_hand += ours.filter(lease_until__isnull=False).count()
        changed += ours.filter(status__in=WAITING).update(
            status=Delivery.Status.ACCEPTED, settled_at=at, detail="in the provider's log"
        )
    logger.warning("%s deliveries noted as sent, of %s in a log", changed, named)
    return Noted(named, changed, in_hand)


def _ids_in(log: Iterable[str]) -> Iterator[UUID]:
    seen: set[UUID] = set()
    for line in log:
        for found in DELIVERY_ID.findall(line):
            delivery_id = UUID(found)
            if delivery_id not in seen:
                seen.add(delivery_id)
                yield delivery_id
