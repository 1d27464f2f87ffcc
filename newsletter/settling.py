"""Writes down how deliveries went: a whole window's outcomes in as many statements as there are kinds of them."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import stamina
from django.db import InterfaceError, OperationalError
from django.db import connection as database

from newsletter import statements
from newsletter.models import Delivery, DeliveryEvent

logger = logging.getLogger(__name__)

Status = Delivery.Status

FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=1)
# For how long a process that has something to write down tries to reach the database again; well within a lease.
PATIENCE = timedelta(seconds=30)
# So many deliveries are named in a line of the log.
NAMED = 5


@dataclass(frozen=True)
class Outcome:
    """What a delivery comes to, and what goes with it."""

    delivery: Delivery
    status: Delivery.Status
    facts: dict[str, Any] = field(default_factory=dict)
    # Of a refusal: there is no such mailbox.
    is_hard: bool = False


def accepted(delivery: Delivery, provider_message_id: str) -> Outcome:
    return Outcome(delivery, Status.ACCEPTED, {"detail": "", "provider_message_id": provider_message_id[:200]})


def failed(delivery: Delivery, detail: str, *, is_hard: bool = False) -> Outcome:
    return Outcome(delivery, Status.FAILED, {"detail": detail[:200]}, is_hard=is_hard)


def unknown(delivery: Delivery, detail: str) -> Outcome:
    return Outcome(delivery, Status.UNKNOWN, {"detail": detail[:200]})


def skipped(delivery: Delivery, reason: Delivery.SkipReason) -> Outcome:
    return Outcome(delivery, Status.SKIPPED, {"skip_reason": reason})


def retried(delivery: Delivery, detail: str, at: datetime, *, not_before: datetime | None = None) -> Outcome:
    """Back to the queue, each time for longer than the last; or until the moment the provider asked for."""
    wait = min(FIRST_RETRY * 2 ** min(delivery.attempts - 1, 10), LAST_RETRY)
    facts = {"detail": detail[:200], "next_attempt_at": not_before or at + wait, "handed_over_at": None}
    return Outcome(delivery, Status.QUEUED, facts)


def settle(outcomes: Iterable[Outcome], at: datetime) -> None:
    """Write `outcomes` down. A delivery that was taken from this process in the meantime stays as it is."""
    settle_and_hand_over(outcomes, [], at)


def settle_and_hand_over(outcomes: Iterable[Outcome], leaving: Sequence[Delivery], at: datetime) -> int:
    """Write `outcomes` down, and hand over what of `leaving` may go out; return how many that are."""
    alike: dict[tuple[Any, ...], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        alike[outcome.status, *outcome.facts.items()].append(outcome)
    *others, last = [list(same) for same in alike.values()] or [[]]
    for same in others:
        _write(same, [], at)
    return _write(last, leaving, at)


def _write(same: Sequence[Outcome], leaving: Sequence[Delivery], at: datetime) -> int:
    """Write outcomes down that are all the same, and hand `leaving` over; return how many of these may go out."""
    changes = _changes(same[0], at) if same else {}
    written, left = statements.settle_and_hand_over([outcome.delivery for outcome in same], changes, leaving, at)
    if written < len(same):
        _correct(same, changes)
    return left


def _correct(same: Sequence[Outcome], changes: Mapping[str, Any]) -> None:
    """Write down after all what is known of deliveries that were taken for unknown in the meantime."""
    corrected = 0
    if same[0].status in {Status.ACCEPTED, Status.FAILED}:
        for outcome in same:
            unknown_now = Delivery.objects.filter(pk=outcome.delivery.pk, status=Status.UNKNOWN)
            corrected += unknown_now.filter(handed_over_at=outcome.delivery.handed_over_at).update(**changes)
    logger.warning("%s deliveries were not in hand any more, %s corrected to %s", len(same), corrected, same[0].status)


def _changes(outcome: Outcome, at: datetime) -> dict[str, Any]:
    settled_at = None if outcome.status == Status.QUEUED else at
    return {"status": outcome.status, "settled_at": settled_at, "claim": None, "lease_until": None, **outcome.facts}


def log_trouble(outcomes: Iterable[Outcome]) -> None:
    """Log what did not go as it should: a line for each edition and thing that was said, which names a few of them."""
    alike: dict[tuple[int, str, str], list[Delivery]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.status in {Status.FAILED, Status.UNKNOWN, Status.QUEUED}:
            kind = outcome.delivery.edition_id, outcome.status, outcome.facts["detail"]
            alike[kind].append(outcome.delivery)
    for (_, status, detail), deliveries in alike.items():
        level = logging.INFO if status == Status.QUEUED else logging.WARNING
        named = ", ".join(str(delivery.pk) for delivery in deliveries[:NAMED])
        more = " …" if len(deliveries) > NAMED else ""
        edition, count = deliveries[0].edition, len(deliveries)
        logger.log(level, "Edition %s: %s %s: %s (%s%s)", edition, count, status, detail, named, more)


def note_hard_refusals(outcomes: Iterable[Outcome], at: datetime) -> None:
    """Keep that there is no such mailbox as news like a provider's, from which the same follows."""
    events = [
        DeliveryEvent.of_refusal(str(outcome.delivery.pk), outcome.facts["detail"], at)
        for outcome in outcomes
        if outcome.is_hard
    ]
    DeliveryEvent.objects.bulk_create(events, ignore_conflicts=True)


def persist(action: Callable[[], object]) -> None:
    """Do `action`, again and again when the database is away. Raises what it raises once PATIENCE is over."""
    lost = (OperationalError, InterfaceError)
    for attempt in stamina.retry_context(on=lost, attempts=None, timeout=PATIENCE, wait_initial=0.1, wait_max=2):
        with attempt:
            try:
                action()
            except lost:
                database.close()
                raise
