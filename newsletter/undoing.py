"""Taking an import back: those who came with it and have not acted since are deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from newsletter.erasure import delete_readers, lock
from subscribers.models import AddressChange, ConsentEvent, Feedback, ImportBatch, Letter, Subscriber
from subscribers.models.readers import SubscriberQuerySet

# Readers a transaction.
CHUNK = 500


@dataclass(frozen=True)
class Undone:
    """How many of an import were deleted, and how many stay because they have acted since."""

    deleted: int
    kept: int

    def __str__(self) -> str:
        return f"{self.deleted:,} readers deleted, {self.kept:,} kept"


def undo_import(batch: ImportBatch, at: datetime) -> Undone:
    """Delete the readers of `batch` who have done nothing since; an import that still runs stops.

    Digests they got, or were about to get, stay in the ledger without saying whose they were or what was in them.
    """
    ImportBatch.objects.filter(pk=batch.pk, undone_at=None).update(undone_at=at)
    deleted = 0
    while readers := list(_without_acts(batch).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        deleted += _delete(readers, batch, at)
    return Undone(deleted, batch.readers.count())


def try_undo(batch: ImportBatch) -> Undone:
    """Return what `undo_import` would do now; nothing is changed."""
    idle = _without_acts(batch).count()
    return Undone(idle, batch.readers.count() - idle)


def _delete(readers: list[int], batch: ImportBatch, at: datetime) -> int:
    """Delete those of `readers` who have still done nothing once they are held; return how many."""
    with transaction.atomic():
        lock(readers)
        idle = list(_without_acts(batch).filter(pk__in=readers).values_list("pk", flat=True))
        delete_readers(idle, at)
    return len(idle)


def _without_acts(batch: ImportBatch) -> SubscriberQuerySet:
    """Readers of `batch` who have changed nothing, said nothing, and asked for nothing."""
    own = OuterRef("pk")
    acts = [
        ConsentEvent.objects.filter(subscriber=own).exclude(kind=ConsentEvent.Kind.IMPORTED),
        Feedback.objects.filter(subscriber=own),
        Letter.objects.filter(subscriber=own),
        AddressChange.objects.filter(subscriber=own),
    ]
    readers = Subscriber.objects.active().filter(import_batch=batch, preferences_changed_at=None)
    return readers.filter(*(~Exists(act) for act in acts))
