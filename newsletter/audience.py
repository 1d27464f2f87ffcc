"""Everyone's delivery of an edition: who gets it, which papers, why, and when."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from newsletter.choosing import NOTHING_CHOSEN, Choice, choose_for_reader, choose_for_readers, make_offer
from newsletter.due import due_again, due_at, leaves_at, reason_not_wanted
from newsletter.models import Delivery, Edition
from newsletter.offer import Offer
from subscribers.models import Subscriber, Suppression

SkipReason = Delivery.SkipReason

# Readers at a time.
BATCH = 500


def deliver_to_readers(edition: Edition, offer: Offer, at: datetime) -> None:
    """Make the deliveries of all readers who have none of the edition, of what it offers.

    A batch of readers at a time, by key: what comes before the last one is not looked at again. After a crash, what
    is there stays as it is.
    """
    last = 0
    while readers := list(readers_without(edition).filter(pk__gt=last)[:BATCH]):
        insert(plan_deliveries(edition, offer, readers, at))
        last = readers[-1].pk


def plan_deliveries(edition: Edition, offer: Offer, readers: Sequence[Subscriber], at: datetime) -> list[Delivery]:
    """Return the deliveries, not yet stored, of an edition that is closing to these readers, in their order."""
    due = {reader: due_at(edition, reader) for reader in readers}
    deliveries = _deliveries(edition, offer, due, at)
    for delivery, reader in zip(deliveries, readers, strict=True):
        delivery.next_attempt_at = leaves_at(edition, reader, delivery.due_at)
    return deliveries


def insert(deliveries: Sequence[Delivery]) -> None:
    """Store a batch of deliveries in one statement; who has one of the edition already keeps that one."""
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)


def welcome_late_readers(at: datetime) -> int:
    """Give the current edition to readers who confirmed too late to be in it; return how many got one."""
    current = [Edition.objects.current(at, kind) for kind in Edition.Kind]
    return sum(_welcome_some(edition, at) for edition in current if edition)


def _welcome_some(edition: Edition, at: datetime) -> int:
    if not _late_for(edition).exists():
        return 0
    offer = make_offer(edition)
    with transaction.atomic():
        # Two at once would welcome the same readers: they are read once the other is done.
        Edition.objects.select_for_update().get(pk=edition.pk)
        due = dict.fromkeys(_late_for(edition)[:BATCH], at)
        Delivery.objects.bulk_create(_deliveries(edition, offer, due, at))
        Edition.objects.filter(pk=edition.pk).update(audience=F("audience") + len(due))
    return len(due)


def _late_for(edition: Edition) -> QuerySet[Subscriber]:
    """Readers who confirmed since the edition closed, and have had no digest of another cadence since."""
    if edition.closing_at is None:
        raise ValueError(f"Edition {edition} is not closing.")
    # Who was there at closing has a delivery. A day's margin, since clocks differ and commits take their time.
    late = readers_without(edition).filter(confirmed_at__gte=edition.closing_at - timedelta(days=1))
    # Whoever came by an import expects nothing at once, and there may be thousands: the next edition is for them.
    imported = Q(import_batch__isnull=False, confirmed_at=F("created_at"))
    # Asking for another cadence brings no digest at once to somebody who was welcomed already.
    since = Delivery.objects.filter(subscriber=OuterRef("pk"), chosen_at__gte=OuterRef("confirmed_at"))
    return late.exclude(imported).exclude(Exists(since.exclude(edition__kind=edition.kind)))


def choose_again_where_stale(at: datetime) -> int:
    """Choose again for readers whose preferences changed after their picks were chosen; return how many."""
    stale = Delivery.objects.changeable(at).filter(subscriber__preferences_changed_at__gt=F("chosen_at"))
    readers = set(stale.values_list("subscriber_id", flat=True)[:BATCH])
    offers: dict[int, Offer] = {}
    for subscriber_id in sorted(pk for pk in readers if pk is not None):
        choose_again(subscriber_id, at, offers)
    return len(readers)


def choose_again(subscriber_id: int, at: datetime, offers: dict[int, Offer] | None = None) -> None:
    """Choose the picks and the hour of what waits for a reader again, after the preferences changed.

    `offers` are those made before for others, by edition; what is made here is added.

    A digest that the reader does not want any more, in a pause or of another cadence, is skipped; one that is wanted
    again before its hour, because the pause was a mistake, is queued again.
    """
    waiting = Delivery.objects.changeable(at).filter(subscriber_id=subscriber_id)
    # Queued ones first: papers of one that is skipped now are free for one that comes back.
    for delivery in waiting.select_related("edition", "subscriber").order_by("status", "due_at"):
        if delivery.subscriber:
            changes = _changes(delivery, delivery.subscriber, {} if offers is None else offers, at)
            # Claimed in the meantime: the sender looks at the reader again, and the picks go out as they were.
            as_read = Delivery.objects.filter(pk=delivery.pk, status=delivery.status, skip_reason=delivery.skip_reason)
            as_read.update(chosen_at=at, **changes)


def _changes(delivery: Delivery, reader: Subscriber, offers: dict[int, Offer], at: datetime) -> dict[str, Any]:
    due = due_again(delivery, reader, at)
    if reason := reason_not_wanted(delivery.edition, reader, due):
        # The hour of another cadence is none of this edition's.
        return _skipped(delivery, reason, at) | ({} if reason == SkipReason.CADENCE else _hour(delivery, reader, due))
    if delivery.edition_id not in offers:
        offers[delivery.edition_id] = make_offer(delivery.edition)
    choice = choose_for_reader(reader, offers[delivery.edition_id], besides=delivery.edition)
    if not choice.picks:
        return _skipped(delivery, SkipReason.NOTHING_RELEVANT, at) | _hour(delivery, reader, due)
    queued = {"status": Delivery.Status.QUEUED, "skip_reason": "", "settled_at": None}
    return queued | choice._asdict() | _hour(delivery, reader, due)


def _hour(delivery: Delivery, reader: Subscriber, due: datetime) -> dict[str, datetime]:
    """What a new hour changes. The same one changes nothing: a back-off holds, and a welcome leaves at once."""
    if due == delivery.due_at:
        return {}
    return {"due_at": due, "next_attempt_at": leaves_at(delivery.edition, reader, due)}


def _skipped(delivery: Delivery, reason: SkipReason, at: datetime) -> dict[str, Any]:
    settled_at = delivery.settled_at or at
    return {"status": Delivery.Status.SKIPPED, "skip_reason": reason, "settled_at": settled_at}


def readers_without(edition: Edition) -> QuerySet[Subscriber]:
    """The active readers whom the edition is for, and who have no delivery of it yet."""
    readers = Subscriber.objects.active().filter(cadence__in=edition.cadences).exclude(deliveries__edition=edition)
    return readers.order_by("pk")


def _deliveries(edition: Edition, offer: Offer, due: Mapping[Subscriber, datetime], at: datetime) -> list[Delivery]:
    """Return the deliveries, not yet stored, of readers who are due at these times; skipped where nothing is to go."""
    suppressed = Suppression.objects.covering(reader.email for reader in due)
    reasons = {
        reader.pk: SkipReason.SUPPRESSED if reader.email in suppressed else reason_not_wanted(edition, reader, when)
        for reader, when in due.items()
    }
    chosen = choose_for_readers([reader for reader in due if not reasons[reader.pk]], offer)
    return [
        Delivery(
            edition=edition,
            subscriber=reader,
            due_at=when,
            next_attempt_at=when,
            chosen_at=at,
            **_outcome(chosen.get(reader.pk, NOTHING_CHOSEN), reasons[reader.pk]),
        )
        for reader, when in due.items()
    ]


def _outcome(choice: Choice, reason: SkipReason | None) -> dict[str, Any]:
    if reason or not choice.picks:
        return {"status": Delivery.Status.SKIPPED, "skip_reason": reason or SkipReason.NOTHING_RELEVANT}
    return choice._asdict()
