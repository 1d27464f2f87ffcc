"""What follows from the news about deliveries: facts, how the uncertain ones ended, who is not to be mailed again.

In whatever order news comes, and however often, the same follows. What is uncertain is read off all the news there is
about a delivery, so it does not matter either whether they came before or after the sending process was given up.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from newsletter.models import Delivery, DeliveryEvent, DeliveryQuerySet, Edition
from subscribers.addresses import fingerprint
from subscribers.models import ConsentEvent, Letter, Subscriber, Suppression
from subscribers.optin import unsubscribe
from subscribers.references import Reference

logger = logging.getLogger(__name__)

Kind = DeliveryEvent.Kind
Status = Delivery.Status
Reason = Suppression.Reason

BATCH = 500
# Told only of what the provider had, and only of what it did not send.
TAKEN = [Kind.SENT, Kind.DELIVERED, Kind.DEFERRED, Kind.BOUNCED, Kind.COMPLAINED, Kind.UNSUBSCRIBED]
NOT_SENT = [Kind.REJECTED, Kind.FAILED]
FACTS = {Kind.DELIVERED: "delivered_at", Kind.BOUNCED: "bounced_at", Kind.COMPLAINED: "complained_at"}
# So many digests in a row that came back for the time being mean that nobody empties the mailbox.
SOFT_BOUNCES = 5
# For how long uncertain deliveries are looked at again when there is no news.
UNCERTAIN_FOR = timedelta(days=7)
TOLD = "told by the provider"
# The worst comes first: it is what stays as the reason.
CONSEQUENCES = ["complaint", "hard bounce", "soft bounces", "provider"]


def process_events(at: datetime, *, limit: int = 20_000) -> Counter[str]:
    """Look at up to `limit` events that wait; return how many of which kind there were."""
    counts: Counter[str] = Counter()
    while counts.total() < limit and (kinds := _process_batch(at, min(BATCH, limit - counts.total()))):
        counts.update(kinds)
    recent = Edition.objects.filter(closes_at__gt=at - UNCERTAIN_FOR)
    settle_uncertain(Delivery.objects.filter(edition__in=list(recent.values_list("pk", flat=True))), at)
    if counts:
        logger.info("Events: %s", ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    return counts


def settle_uncertain(deliveries: DeliveryQuerySet, at: datetime) -> int:
    """Let those of `deliveries` that nobody knew of be accepted or failed, as the news say; return how many."""
    left_open = Q(status=Status.UNKNOWN) | Q(skip_reason=Delivery.SkipReason.UNCERTAIN)
    settled = {"skip_reason": "", "settled_at": at, "detail": TOLD}
    accepted = deliveries.filter(left_open, _told(TAKEN)).update(status=Status.ACCEPTED, **settled)
    failed = deliveries.filter(left_open, _told(NOT_SENT)).update(status=Status.FAILED, **settled)
    if accepted or failed:
        logger.info("Uncertain deliveries settled by news: %s accepted, %s failed", accepted, failed)
    return accepted + failed


def _told(kinds: Iterable[str]) -> Exists:
    return Exists(DeliveryEvent.objects.filter(delivery=OuterRef("pk"), kind__in=kinds))


def _process_batch(at: datetime, size: int) -> Counter[str]:
    with transaction.atomic():
        waiting = DeliveryEvent.objects.waiting().order_by("pk")
        if database.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True)
        events = list(waiting[:size])
        if events:
            _process(events, at)
    return Counter(event.kind for event in events)


def _process(events: Sequence[DeliveryEvent], at: datetime) -> None:
    deliveries = _hold(_find(events))
    for event in events:
        event.delivery = deliveries.get(event.delivery_id) if event.delivery_id else None
    _put_away(events, at)
    about_us = [event for event in events if event.delivery]
    _note_facts(about_us)
    touched = Delivery.objects.filter(pk__in=deliveries)
    settle_uncertain(touched, at)
    # What failed for us the other side had after all.
    touched.filter(_told(TAKEN), status=Status.FAILED).update(status=Status.ACCEPTED, detail=TOLD)
    _take_off_the_list(events, at)


def _find(events: Iterable[DeliveryEvent]) -> set[UUID]:
    """Name to each event its delivery, by our own reference or else by the provider's id; return all of them."""
    named = {event: reference for event in events if (reference := _uuid(event.reference))}
    known = set(Delivery.objects.filter(pk__in=set(named.values())).values_list("pk", flat=True))
    message_ids = {event.provider_message_id for event in events if event not in named} - {""}
    by_message = Delivery.objects.filter(provider_message_id__in=message_ids).values_list("provider_message_id", "pk")
    by_message_id = dict(by_message) if message_ids else {}
    for event in events:
        own = named.get(event)
        event.delivery_id = own if own in known else by_message_id.get(event.provider_message_id)
    return {event.delivery_id for event in events if event.delivery_id}


def _uuid(reference: str) -> UUID | None:
    try:
        return UUID(reference)
    except ValueError:
        return None


def _hold(delivery_ids: set[UUID]) -> dict[UUID, Delivery]:
    """Return these deliveries, which nobody else changes before the end; in the order in which all hold them."""
    if not delivery_ids:
        return {}
    deliveries = Delivery.objects.filter(pk__in=delivery_ids).order_by("next_attempt_at", "pk").defer("picks", "also")
    return {delivery.pk: delivery for delivery in deliveries.select_for_update()}


def _put_away(events: Sequence[DeliveryEvent], at: datetime) -> None:
    """What came may hold an address; and of somebody who was erased nothing is kept but what kind of news it was."""
    DeliveryEvent.objects.bulk_update([event for event in events if event.delivery], ["delivery"])
    these = DeliveryEvent.objects.filter(pk__in=[event.pk for event in events])
    these.update(raw={}, processed_at=at)
    these.filter(delivery__isnull=False, delivery__subscriber=None).update(
        reference="", provider_message_id="", detail=""
    )


def _note_facts(events: Iterable[DeliveryEvent]) -> None:
    """Note when what became of deliveries: of several times that are told, the first."""
    changed: dict[str, dict[UUID, Delivery]] = {}
    for event in events:
        if event.delivery and (fact := FACTS.get(Kind(event.kind))):
            told, known = event.happened_at or event.received_at, getattr(event.delivery, fact)
            if known is None or told < known:
                setattr(event.delivery, fact, told)
                changed.setdefault(fact, {})[event.delivery.pk] = event.delivery
    for fact, deliveries in changed.items():
        Delivery.objects.bulk_update(deliveries.values(), [fact])


# --- Readers -------------------------------------------------------------------------------------------------------


class News(NamedTuple):
    """What came of a mail that a reader got: one of CONSEQUENCES."""

    reader_id: int
    sent_at: datetime
    consequence: str


def _take_off_the_list(events: Iterable[DeliveryEvent], at: datetime) -> None:
    consequences: dict[int, set[str]] = defaultdict(set)
    for news in _since_last_move([news for event in events if (news := _news_of(event))]):
        consequences[news.reader_id].add(news.consequence)
    readers = Subscriber.objects.filter(pk__in=consequences).order_by("pk").select_for_update()
    for reader in readers:
        # Soft bounces that are too few hide nothing that was told beside them.
        found = consequences[reader.pk]
        if "soft bounces" in found and not _bounces_always(reader):
            found.remove("soft bounces")
        if found:
            _take_off(reader, min(found, key=CONSEQUENCES.index), at)


def _news_of(event: DeliveryEvent) -> News | None:
    """Return what an event means for the reader of the digest, or of the letter, that it is about; None for nothing."""
    consequence = _consequence(event)
    if not consequence:
        return None
    if delivery := event.delivery:
        sent_at = delivery.handed_over_at or delivery.due_at
        return News(delivery.subscriber_id, sent_at, consequence) if delivery.subscriber_id else None
    letter = Reference.parse(event.reference)
    # What came to another address says nothing of the reader's own.
    if letter is None or letter.kind in Letter.ELSEWHERE:
        return None
    return News(letter.reader_id, letter.at, consequence)


def _consequence(event: DeliveryEvent) -> str:
    """Return what news mean for the reader: one of CONSEQUENCES, or nothing."""
    kinds: Mapping[str, str] = {Kind.COMPLAINED: "complaint", Kind.UNSUBSCRIBED: "provider"}
    if event.kind == Kind.BOUNCED:
        return "hard bounce" if event.is_permanent else "soft bounces"
    if event.kind == Kind.REJECTED:
        return "hard bounce" if event.is_permanent else ""
    return kinds.get(event.kind, "")


def _since_last_move(news: Sequence[News]) -> list[News]:
    """Leave out what came back from an address that its reader has given up since."""
    moves = ConsentEvent.objects.filter(kind=ConsentEvent.Kind.ADDRESS_CHANGED)
    moved = moves.filter(subscriber__in={one.reader_id for one in news}).order_by("at")
    moved_at = dict(moved.values_list("subscriber_id", "at"))
    return [one for one in news if one.sent_at >= moved_at.get(one.reader_id, one.sent_at)]


def _take_off(reader: Subscriber, why: str, at: datetime) -> None:
    if why == "complaint":
        _suppress(reader, Reason.COMPLAINT, at)
    elif why != "provider":
        _suppress(reader, Reason.HARD_BOUNCE, at)
    unsubscribe(reader, source=why, at=at)


def _bounces_always(reader: Subscriber) -> bool:
    """Return whether the last digests all came back, of those since the reader confirmed."""
    accepted = reader.deliveries.filter(status=Status.ACCEPTED, due_at__gte=reader.confirmed_at or reader.created_at)
    last = list(accepted.order_by("-due_at", "pk").values_list("bounced_at", flat=True)[:SOFT_BOUNCES])
    return len(last) == SOFT_BOUNCES and None not in last


def _suppress(reader: Subscriber, reason: Reason, at: datetime) -> None:
    """Never mail the reader's address again. A complaint is worse than a bounce, and replaces it as the reason."""
    Suppression.objects.suppress(reader.email, reason, at)
    if reason == Reason.COMPLAINT:
        known = Suppression.objects.filter(address_hash=fingerprint(reader.email), reason=Reason.HARD_BOUNCE)
        known.update(reason=reason)
