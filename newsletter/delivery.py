"""Gets queued deliveries out: claim, check, hand over, settle. A killed process loses nothing and doubles nothing.

What has been claimed has not left. What is handed over is committed as such before the first byte leaves, so a row
found handed over with nobody behind it may have left, and is never sent again by itself.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import F, QuerySet

from mail.transport import HandOverError, Mailer, NotSent, Refused, RefusedForNow, Uncertain
from newsletter.models import Delivery, Edition
from newsletter.rendering import digest_message
from subscribers.models import Suppression

logger = logging.getLogger(__name__)

CLAIM_SIZE = 20
FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=1)

Clock = Callable[[], datetime]


def send_due(clock: Clock, *, until: datetime) -> Counter[str]:
    """Send what is due, until nothing is or `until` has come; return how many deliveries went to which status."""
    outcome: Counter[str] = Counter()
    editions: dict[int, Edition] = {}
    with Mailer() as mailer:
        while clock() < until and (claimed := claim(clock())):
            for start in range(0, len(claimed), settings.NEWSLETTER_WINDOW):
                window = claimed[start : start + settings.NEWSLETTER_WINDOW]
                outcome.update(_send_window(window, mailer, editions, clock))
    if outcome:
        logger.info("Deliveries: %s", ", ".join(f"{count} {status}" for status, count in sorted(outcome.items())))
    return outcome


def release_expired(at: datetime) -> Counter[str]:
    """Take back the rows whose process is gone: claimed ones are queued again, handed-over ones become unknown."""
    expired = Delivery.objects.expired(at)
    queued = expired.filter(status=Delivery.Status.CLAIMED).update(
        status=Delivery.Status.QUEUED, claim=None, lease_until=None
    )
    unknown = expired.filter(status=Delivery.Status.HANDED_OVER).update(
        status=Delivery.Status.UNKNOWN,
        claim=None,
        lease_until=None,
        settled_at=at,
        detail="the sending process ended before the answer came",
    )
    if queued or unknown:
        logger.warning("Expired leases: %s back to queued, %s unknown", queued, unknown)
    return Counter(queued=queued, unknown=unknown)


def claim(at: datetime) -> list[Delivery]:
    """Take up to CLAIM_SIZE due deliveries for this process alone, those due longest first."""
    claim_id = uuid.uuid4()
    with transaction.atomic():
        due = Delivery.objects.due(at).order_by("next_attempt_at", "pk")
        if database.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        # Read first, then written: PostgreSQL may evaluate a locking subquery with a limit more than once, and claim
        # more. The status is asked for again: where rows are not locked, somebody else may have been faster.
        due_ids = list(due.values_list("pk", flat=True)[:CLAIM_SIZE])
        Delivery.objects.queued().filter(pk__in=due_ids).update(
            status=Delivery.Status.CLAIMED,
            claim=claim_id,
            lease_until=at + settings.NEWSLETTER_LEASE,
            attempts=F("attempts") + 1,
        )
    return list(Delivery.objects.filter(claim=claim_id).order_by("next_attempt_at", "pk"))


def _send_window(
    window: Sequence[Delivery], mailer: Mailer, editions: dict[int, Edition], clock: Clock
) -> Counter[str]:
    try:
        mailer.open()
    except NotSent as err:
        logger.warning("No connection to the mail server: %s", err)
        return Counter(_retry_later(delivery, err, clock()) for delivery in window)
    outcome: Counter[str] = Counter()
    for delivery in _commit_hand_over(window, clock(), outcome):
        if delivery.edition_id not in editions:
            editions[delivery.edition_id] = Edition.objects.get(pk=delivery.edition_id)
        delivery.edition = editions[delivery.edition_id]
        outcome[_send(delivery, mailer, clock)] += 1
    return outcome


def _commit_hand_over(window: Sequence[Delivery], at: datetime, outcome: Counter[str]) -> list[Delivery]:
    """Mark as handed over what of `window` is still ours and may go out; return it, with fresh readers.

    One transaction, so that who unsubscribed before it is not mailed, and who does so later finds it leaving.
    """
    with transaction.atomic():
        ours = _in_hand(window, Delivery.Status.CLAIMED).filter(lease_until__gt=at)
        stopped = ours.exclude(edition__in=Edition.objects.sending())
        stopped.update(status=Delivery.Status.QUEUED, claim=None, lease_until=None)
        ready = []
        for delivery in ours.select_related("subscriber").order_by("next_attempt_at", "pk"):
            if reason := _reason_to_skip(delivery, at):
                outcome[_settle(delivery, Delivery.Status.SKIPPED, at, skip_reason=reason)] += 1
            else:
                ready.append(delivery)
        _in_hand(ready, Delivery.Status.CLAIMED).update(
            status=Delivery.Status.HANDED_OVER, handed_over_at=at, lease_until=at + settings.NEWSLETTER_LEASE
        )
    return ready


def _reason_to_skip(delivery: Delivery, at: datetime) -> Delivery.SkipReason | None:
    reader = delivery.subscriber
    if reader is None:
        return Delivery.SkipReason.ERASED
    if not reader.is_active:
        return Delivery.SkipReason.UNSUBSCRIBED
    if Suppression.objects.covers(reader.email):
        return Delivery.SkipReason.SUPPRESSED
    if at > delivery.due_at + settings.NEWSLETTER_LATE_AFTER:
        return Delivery.SkipReason.LATE
    return None if delivery.picks else Delivery.SkipReason.NOTHING_RELEVANT


def _send(delivery: Delivery, mailer: Mailer, clock: Clock) -> str:
    """Hand one delivery over and settle it; return the status it has now."""
    if delivery.subscriber is None:
        raise ValueError(f"Delivery {delivery.pk} has no reader.")
    message = digest_message(delivery, delivery.subscriber)
    try:
        provider_id = mailer.hand_over(message)
    except (NotSent, RefusedForNow) as err:
        return _retry_later(delivery, err, clock())
    except Refused as err:
        return _settle(delivery, Delivery.Status.FAILED, clock(), detail=str(err))
    except Uncertain as err:
        return _settle(delivery, Delivery.Status.UNKNOWN, clock(), detail=str(err))
    return _settle(delivery, Delivery.Status.ACCEPTED, clock(), detail="", provider_message_id=provider_id[:200])


def _retry_later(delivery: Delivery, err: HandOverError, at: datetime) -> str:
    wait = min(FIRST_RETRY * 2 ** min(delivery.attempts - 1, 10), LAST_RETRY)
    _update_in_hand(
        delivery, status=Delivery.Status.QUEUED, next_attempt_at=at + wait, detail=str(err), handed_over_at=None
    )
    return Delivery.Status.QUEUED


def _settle(delivery: Delivery, status: Delivery.Status, at: datetime, **facts: str) -> str:
    if status not in {Delivery.Status.ACCEPTED, Delivery.Status.SKIPPED}:
        logger.warning("Delivery %s %s: %s", delivery.pk, status, facts.get("detail"))
    _update_in_hand(delivery, status=status, settled_at=at, **facts)
    return status


def _update_in_hand(delivery: Delivery, **changes: object) -> None:
    in_hand = Delivery.objects.filter(pk=delivery.pk, claim=delivery.claim)
    if not in_hand.update(claim=None, lease_until=None, **changes):
        logger.error("Delivery %s was taken from this process before it could be settled", delivery.pk)


def _in_hand(deliveries: Sequence[Delivery], status: Delivery.Status) -> QuerySet[Delivery]:
    claims = {delivery.claim for delivery in deliveries}
    return Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries], claim__in=claims, status=status)
