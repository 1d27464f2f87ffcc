"""A digest once more, for a reader who lost it or never got it."""

import logging
from datetime import datetime

from django.db import transaction

from newsletter.due import reason_to_skip
from newsletter.kept_files import files_of, remove
from newsletter.models import Delivery, Edition
from subscribers.models import Subscriber, Suppression

logger = logging.getLogger(__name__)

Status = Delivery.Status
# How a digest ended that may go out again. What is on its way needs nobody's hand, and what was skipped was not wanted.
ENDED = [Status.ACCEPTED, Status.FAILED, Status.UNKNOWN]


class NotAgain(Exception):
    """A digest is not sent again; the message says why, for the person who asked."""


def latest_digest(reader: Subscriber) -> Delivery | None:
    """Return the digest of `reader` that was sent last, or that is on its way."""
    wanted = Delivery.objects.filter(subscriber=reader).exclude(status=Status.SKIPPED).order_by("-due_at", "pk")
    return wanted.select_related("edition", "subscriber").defer("edition__fragments").first()


def send_again(delivery: Delivery, at: datetime, by: str) -> None:
    """Queue a digest that was sent once more, due now and under the same Message-ID. Raises NotAgain.

    Twice is once: the second time it is on its way. The ledger has the one row it had.
    """
    if why := why_not_again(delivery, at):
        raise NotAgain(why)
    with transaction.atomic():
        ended = Delivery.objects.filter(pk=delivery.pk, status__in=ENDED, edition__status=Edition.Status.CLOSED)
        queued = ended.update(
            # The reader's hour is now, or it would be skipped as late.
            status=Status.QUEUED,
            due_at=at,
            next_attempt_at=at,
            attempts=0,
            handed_over_at=None,
            settled_at=None,
            detail="",
        )
        if not queued:
            raise NotAgain("It is on its way already.")
        # The embedded outbox takes a second mail of one delivery for a defect.
        transaction.on_commit(lambda: remove(files_of([], [delivery.pk])), robust=True)
    logger.warning("Delivery %s is sent again by %s", delivery.pk, by)


def why_not_again(delivery: Delivery, at: datetime) -> str:
    """Return in a sentence why a digest cannot be sent again; nothing when it can."""
    edition, reader = delivery.edition, delivery.subscriber
    if delivery.status not in ENDED:
        return "It was not to be sent." if delivery.status == Status.SKIPPED else "It is on its way already."
    if edition.status == Edition.Status.CANCELLED:
        return "Its edition was cancelled."
    if Edition.objects.current(at, edition.kind) != edition:
        return "It is too old: there is a newer edition, or none of late."
    if reader is not None and Suppression.objects.covers(reader.email):
        return "The address must not be mailed."
    reason = reason_to_skip(_as_due_at(delivery, at), reader, at)
    return f"{reason.label}." if reason else ""


def _as_due_at(delivery: Delivery, at: datetime) -> Delivery:
    return Delivery(edition=delivery.edition, picks=delivery.picks, due_at=at)
