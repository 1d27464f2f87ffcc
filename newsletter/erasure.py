"""Forgets a person: nothing stays but a keyed hash, and the ledger's count."""

import logging
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from newsletter.freed_pages import note_freed_pages
from newsletter.kept_files import files_of, remove
from newsletter.models import Delivery, DeliveryEvent
from newsletter.privacy import holding
from subscribers.models import AddressChange, Letter, Mailbox, SignUp, Subscriber, Suppression

logger = logging.getLogger(__name__)

# What of a delivery says something about its reader. The row stays, so that the counts of an edition add up.
NOTHING_KNOWN = {"picks": [], "also": [], "detail": "", "provider_message_id": ""}
# And of an event about it; what kind it was and when stays, for the counts of an edition.
NOTHING_TOLD = {"reference": "", "provider_message_id": "", "detail": "", "raw": {}}


def erase(reader: Subscriber, at: datetime) -> None:
    """Forget `reader`, and never write to the address again. A second time nothing is left to do.

    What is leaving at this moment arrives; what waits does not leave.
    """
    with transaction.atomic():
        known = Subscriber.objects.filter(pk=reader.pk).first()
        if known is None:
            return
        Suppression.objects.suppress(known.email, Suppression.Reason.ERASED, at)
        # Before the reader is locked: who answers a sign-up or moves a reader takes the reader last.
        _forget_address(known.email)
        lock([known.pk])
        told = delete_readers([known.pk], at)
    logger.info("Reader %s is erased, and what %s deliveries told", reader.pk, told)


def lock(readers: Collection[int]) -> None:
    """Hold these readers and their deliveries, in the order in which a hand-over does."""
    deliveries = Delivery.objects.filter(subscriber__in=readers).order_by("next_attempt_at", "pk")
    list(deliveries.select_for_update().values_list("pk", flat=True))
    list(Subscriber.objects.filter(pk__in=readers).order_by("pk").select_for_update().values_list("pk", flat=True))


def delete_readers(readers: Collection[int], at: datetime) -> int:
    """Delete readers who are held, their files, and what the ledger tells about them; return how many lines that is."""
    deliveries = list(Delivery.objects.filter(subscriber__in=readers).values_list("pk", flat=True))
    _empty(readers, at)
    Subscriber.objects.filter(pk__in=readers).delete()
    note_freed_pages()
    transaction.on_commit(lambda: remove(files_of(readers, deliveries)), robust=True)
    return len(deliveries)


def _forget_address(address: str) -> None:
    """Remove whatever else holds the address, or counts by it; also what others asked to have sent there."""
    holding(SignUp.objects.all(), address).delete()
    holding(Letter.objects.all(), address).delete()
    holding(AddressChange.objects.all(), address).delete()
    Mailbox.objects.forget(address)


def _empty(readers: Collection[int], at: datetime) -> None:
    """Blank the deliveries of readers, and settle those that wait: there is nobody to send them to."""
    Delivery.objects.queued().filter(subscriber__in=readers).update(
        status=Delivery.Status.SKIPPED, skip_reason=Delivery.SkipReason.ERASED, settled_at=at
    )
    DeliveryEvent.objects.filter(delivery__subscriber__in=readers).update(**NOTHING_TOLD)
    Delivery.objects.filter(subscriber__in=readers).update(**NOTHING_KNOWN)
