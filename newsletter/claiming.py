"""Who has a delivery in hand: taken for one process alone, put back, or taken back when its process is gone."""

import logging
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from newsletter.models import Delivery, DeliveryQuerySet

logger = logging.getLogger(__name__)

CLAIM_SIZE = 100
# What it takes to send one: the rest of a row and its reader takes longer to read than the mail to make.
NEEDED = [
    *("edition_id", "subscriber_id", "status", "due_at", "attempts", "claim", "lease_until", "handed_over_at"),
    *("picks", "also"),
    *(f"subscriber__{name}" for name in ("email", "status", "link_version", "cadence", "paused_until", "time_zone")),
]
Status = Delivery.Status


def claim(at: datetime, size: int = CLAIM_SIZE) -> list[Delivery]:
    """Take up to `size` due deliveries for this process alone, those due longest first; with their readers."""
    claim_id = uuid.uuid4()
    with transaction.atomic():
        due = Delivery.objects.due(at).order_by("next_attempt_at", "pk")
        if database.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        # Read first, then written: PostgreSQL may evaluate a locking subquery with a limit more than once, and claim
        # more. The status is asked for again: where rows are not locked, somebody else may have been faster.
        due_ids = list(due.values_list("pk", flat=True)[:size])
        if not due_ids:
            return []
        Delivery.objects.queued().filter(pk__in=due_ids).update(
            status=Status.CLAIMED,
            claim=claim_id,
            lease_until=at + settings.NEWSLETTER_LEASE,
            attempts=F("attempts") + 1,
        )
    claimed = Delivery.objects.filter(pk__in=due_ids, claim=claim_id).select_related("subscriber").only(*NEEDED)
    return list(claimed.order_by("next_attempt_at", "pk"))


def in_hand(deliveries: Iterable[Delivery]) -> DeliveryQuerySet:
    """Those of `deliveries` that still bear the claim they were read with."""
    known = list(deliveries)
    claims = {delivery.claim for delivery in known}
    return Delivery.objects.filter(pk__in=[delivery.pk for delivery in known], claim__in=claims)


def put_back(deliveries: Iterable[Delivery]) -> int:
    """Queue again what this process has taken and surely not sent; return how many."""
    return in_hand(deliveries).update(
        status=Status.QUEUED, claim=None, lease_until=None, handed_over_at=None, attempts=Greatest(F("attempts") - 1, 0)
    )


def release_expired(at: datetime) -> Counter[str]:
    """Take back the rows whose process is gone: claimed ones are queued again, handed-over ones become unknown.

    What the provider has told of one, before or after, settles it with the next look at events.
    """
    expired = Delivery.objects.expired(at)
    queued = expired.filter(status=Status.CLAIMED).update(status=Status.QUEUED, claim=None, lease_until=None)
    unknown = expired.filter(status=Status.HANDED_OVER).update(
        status=Status.UNKNOWN,
        claim=None,
        lease_until=None,
        settled_at=at,
        detail="the sending process ended before the answer came",
    )
    if queued or unknown:
        logger.warning("Expired leases: %s back to queued, %s unknown", queued, unknown)
    return Counter(queued=queued, unknown=unknown)
