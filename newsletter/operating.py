"""What an operator does to an edition, and to all mail. Each workflow says how many deliveries it moved on.

`by` is who did it, for the log: "a command", or a user of the admin by number.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from mail import throttle
from newsletter.alerts import clear
from newsletter.models import Alert, Delivery, DeliveryQuerySet, Edition
from subscribers.models import Suppression

logger = logging.getLogger(__name__)

Status, Reason = Delivery.Status, Delivery.SkipReason
# Of addresses that are compared with the suppressed ones at a time.
BATCH = 1000


@dataclass(frozen=True)
class Requeued:
    """How many deliveries go out again, and how many do not: too late, or to somebody who must not be mailed."""

    queued: int = 0
    late: int = 0
    suppressed: int = 0


# --- The edition ----------------------------------------------------------------------------------------------------


def pause(edition: Edition, at: datetime, by: str) -> bool:
    """Stop sending an edition; what is leaving right now finishes. Return whether this call did it."""
    is_done = edition.pause(at)
    if is_done:
        logger.warning("Edition %s is paused by %s", edition, by)
    return is_done


def resume(edition: Edition, at: datetime, by: str) -> bool:
    """Go on sending; whoever resumes has looked at what stood. Return whether this call did it."""
    is_done = edition.resume(at)
    if is_done:
        clear(Alert.objects.filter(edition=edition), at)
        logger.warning("Edition %s is resumed by %s", edition, by)
    return is_done


def cancel(edition: Edition, at: datetime, by: str) -> int | None:
    """Never send what has not left of an edition; return how many deliveries are skipped, None if it is cancelled.

    A process that has some in hand puts them back, and `skip_cancelled` takes care of these.
    """
    with transaction.atomic():
        open_ones = Edition.objects.filter(pk=edition.pk).exclude(status=Edition.Status.CANCELLED)
        if not open_ones.update(status=Edition.Status.CANCELLED, paused_at=None, pause_reason=""):
            return None
        count = _skip_queued_of(Delivery.objects.filter(edition=edition), at)
        _count_audience(edition.pk)
        clear(Alert.objects.filter(edition=edition), at)
    logger.warning("Edition %s is cancelled by %s: %s deliveries skipped", edition, by, count)
    return count


def skip_cancelled(at: datetime) -> int:
    """Skip what was put back, or made, after its edition was cancelled; return how many."""
    left = Delivery.objects.queued().filter(edition__status=Edition.Status.CANCELLED)
    edition_ids = list(left.order_by().values_list("edition", flat=True).distinct())
    count = 0
    for edition_id in edition_ids:
        with transaction.atomic():
            count += _skip_queued_of(Delivery.objects.filter(edition=edition_id), at)
            _count_audience(edition_id)
    if count:
        logger.warning("%s deliveries of cancelled editions skipped", count)
    return count


def _skip_queued_of(deliveries: DeliveryQuerySet, at: datetime) -> int:
    return deliveries.queued().update(status=Status.SKIPPED, skip_reason=Reason.CANCELLED, settled_at=at)


def _count_audience(edition_id: int) -> None:
    """A closing that was broken off has counted nobody."""
    count = Delivery.objects.filter(edition=edition_id).count()
    Edition.objects.filter(pk=edition_id).update(audience=count)


# --- Deliveries that wait for somebody to decide --------------------------------------------------------------------


def let_unknown_be(edition: Edition, at: datetime, by: str) -> int:
    """Skip what may have left, as if it had; return how many."""
    unknown = _unknown(edition)
    count = unknown.update(status=Status.SKIPPED, skip_reason=Reason.UNCERTAIN, settled_at=at)
    logger.warning("Edition %s: %s unknown deliveries are let be by %s", edition, count, by)
    return count


def send_unknown_again(edition: Edition, at: datetime, by: str) -> Requeued:
    """Queue what may have left once more, under the same Message-ID, at the risk of a second copy.

    What is too late by now is let be: skipped as late it would count as never sent, and its papers could come twice.
    """
    with transaction.atomic():
        unknown = _unknown(edition).filter(edition__status=Edition.Status.CLOSED)
        late = unknown.filter(due_at__lt=_oldest(at)).update(
            status=Status.SKIPPED, skip_reason=Reason.UNCERTAIN, settled_at=at
        )
        done = Requeued(queued=_queue_again(unknown, at), late=late)
    logger.warning("Edition %s: unknown deliveries sent again by %s: %s", edition, by, done)
    return done


def retry_failed(edition: Edition, at: datetime, by: str) -> Requeued:
    """Queue what was refused for good once more. What is too late, or to suppressed addresses, stays as it is."""
    failed = edition.deliveries.filter(status=Status.FAILED)
    in_time = failed.filter(due_at__gte=_oldest(at), edition__status=Edition.Status.CLOSED)
    late = failed.count() - in_time.count()
    readers = list(in_time.values_list("pk", "subscriber__email"))
    queued = 0
    for start in range(0, len(readers), BATCH):
        batch = readers[start : start + BATCH]
        suppressed = Suppression.objects.covering([email for _, email in batch if email])
        wanted = [pk for pk, email in batch if email and email not in suppressed]
        queued += _queue_again(failed.filter(pk__in=wanted), at)
    done = Requeued(queued=queued, late=late, suppressed=len(readers) - queued)
    logger.warning("Edition %s: failed deliveries sent again by %s: %s", edition, by, done)
    return done


def _unknown(edition: Edition) -> DeliveryQuerySet:
    return Delivery.objects.filter(edition=edition, status=Status.UNKNOWN)


def _oldest(at: datetime) -> datetime:
    return at - settings.NEWSLETTER_LATE_AFTER


def _queue_again(deliveries: DeliveryQuerySet, at: datetime) -> int:
    return deliveries.update(
        status=Status.QUEUED, next_attempt_at=at, attempts=0, handed_over_at=None, settled_at=None, detail=""
    )


# --- All mail -------------------------------------------------------------------------------------------------------


def stop_all(at: datetime, by: str) -> bool:
    """Let no digest leave any more, of whatever edition; return whether this call did it."""
    is_done = throttle.stop_all(at)
    if is_done:
        logger.warning("All mail is stopped by %s", by)
    return is_done


def start_again(by: str) -> bool:
    """Let mail leave again; return whether this call did it."""
    is_done = throttle.start_again()
    if is_done:
        logger.warning("Mail is started again by %s", by)
    return is_done
