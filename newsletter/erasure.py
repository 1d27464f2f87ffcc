"""Forgets a person: nothing stays but a keyed hash, and the ledger's count."""

import logging
import uuid
from datetime import datetime

from django.db import connection, transaction

from newsletter.kept_files import files_of, remove
from newsletter.models import Delivery
from newsletter.privacy import holding
from subscribers.models import AddressChange, Letter, Mailbox, SignUp, Subscriber, Suppression

logger = logging.getLogger(__name__)

# What of a delivery says something about its reader. The row stays, so that the counts of an edition add up.
NOTHING_KNOWN = {"picks": [], "detail": "", "provider_message_id": ""}

# Bytes of a database that is written anew at once.
MOST_REWRITTEN = 100 * 1024 * 1024


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
        deliveries = _lock(known)
        _empty(known, at)
        Subscriber.objects.filter(pk=known.pk).delete()
        transaction.on_commit(lambda: remove(files_of(known.pk, deliveries)), robust=True)
        transaction.on_commit(forget_freed_pages, robust=True)
    logger.info("Reader %s is erased, and what %s deliveries told", reader.pk, len(deliveries))


def _forget_address(address: str) -> None:
    """Remove whatever else holds the address, or counts by it; also what others asked to have sent there."""
    holding(SignUp.objects.all(), address).delete()
    holding(Letter.objects.all(), address).delete()
    holding(AddressChange.objects.all(), address).delete()
    Mailbox.objects.forget(address)


def _lock(reader: Subscriber) -> list[uuid.UUID]:
    """Hold the reader and the reader's deliveries, in the order in which a hand-over does; return their ids."""
    deliveries = reader.deliveries.select_for_update().order_by("next_attempt_at", "pk")
    ids = list(deliveries.values_list("pk", flat=True))
    Subscriber.objects.select_for_update().filter(pk=reader.pk).first()
    return ids


def _empty(reader: Subscriber, at: datetime) -> None:
    """Blank the deliveries of a reader, and settle those that wait: there is nobody to send them to."""
    Delivery.objects.queued().filter(subscriber=reader).update(
        status=Delivery.Status.SKIPPED, skip_reason=Delivery.SkipReason.ERASED, settled_at=at
    )
    Delivery.objects.filter(subscriber=reader).update(**NOTHING_KNOWN)


def forget_freed_pages() -> None:
    """Write the file of SQLite anew, and empty its journal: what was deleted is in neither any more.

    Deleted rows are written over (`secure_delete`), but copies stay where a full page was once split in two. A file
    that takes more than a second or so to write is left with these, and only the journal is emptied.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        if cursor.fetchone()[0] <= MOST_REWRITTEN:
            cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
