"""How fast all processes together may send, and whether they may at all.

Moments are reserved, not counted: each process takes the next free slots of one line that all share in the database,
and waits for its own. The line is as strict for many processes as for one, and a restart does not forget it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Sum

from mail.models import HandedOver, Provider

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# One process takes no more than the messages of so many seconds at once: the others, and letters, get their turn.
AT_ONCE = 2
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=5)


@dataclass(frozen=True)
class Slots:
    """`count` moments that are one's own: the first at `starts_at`, each `spacing` after the one before."""

    count: int
    starts_at: datetime
    spacing: timedelta
    # Whether the provider asked for a pause before, and has not taken a message since.
    was_slowed: bool = False

    def at(self, number: int) -> datetime:
        """Return the moment of message `number`, from zero."""
        return self.starts_at + self.spacing * number


@dataclass(frozen=True)
class UsedUp:
    """A limit that lets nothing leave until a moment: `limit` messages within `span` have been given already."""

    limit: int
    span: timedelta
    until: datetime


def at_once(wanted: int) -> int:
    """Return how many of `wanted` messages one process should take at a time."""
    return min(wanted, max(1, settings.MAIL_PER_SECOND * AT_ONCE)) if settings.MAIL_PER_SECOND else wanted


def is_open(at: datetime) -> bool:
    """Return whether a message may leave at all: mail is not stopped, no pause was asked for, no limit is used up."""
    return room(1, at) > 0


def room(wanted: int, at: datetime) -> int:
    """Return how many of `wanted` messages may leave at once, as far as pauses and limits of hour and day go."""
    return _allowed(wanted, current(), at)


def reserve(wanted: int, at: datetime) -> Slots:
    """Reserve the next free moments for up to `wanted` messages; none when mail is stopped, slowed or used up."""
    spacing = timedelta(seconds=1 / settings.MAIL_PER_SECOND) if settings.MAIL_PER_SECOND else timedelta()
    with transaction.atomic():
        provider = current(lock=True)
        starts_at = max(at, provider.next_slot_at or at)
        if count := _allowed(wanted, provider, at):
            if spacing:
                Provider.objects.filter(pk=provider.pk).update(next_slot_at=starts_at + spacing * count)
            _count(provider, at, count)
    return Slots(count, starts_at, spacing, was_slowed=provider.slowdowns > 0)


def wait_for_one(clock: Callable[[], datetime]) -> bool:
    """Reserve the next moment for one message and wait for it; return False at once when none may leave."""
    at = clock()
    slots = reserve(1, at)
    if slots.count and slots.starts_at > at:
        time.sleep((slots.starts_at - at).total_seconds())
    return slots.count == 1


def give_back(count: int, at: datetime) -> None:
    """Take `count` messages that were reserved in the last minutes and did not leave out of the counts."""
    latest = HandedOver.objects.filter(provider__name=settings.MAIL_PROVIDER, minute__lte=at, count__gte=count)
    if count and (minute := latest.order_by("-minute").first()):
        HandedOver.objects.filter(pk=minute.pk, count__gte=count).update(count=F("count") - count)


def slow_down(at: datetime, wait: timedelta | None = None) -> datetime:
    """Let no process send for as long as the provider asked, or ever longer each time; return until when."""
    with transaction.atomic():
        provider = current(lock=True)
        if provider.slowed_until and provider.slowed_until > at:
            # Somebody met the same refusal: it is one, not two.
            until: datetime = max(provider.slowed_until, at + wait) if wait else provider.slowed_until
            Provider.objects.filter(pk=provider.pk).update(slowed_until=until)
            return until
        pause = min(FIRST_PAUSE * 2 ** min(provider.slowdowns, 10), LONGEST_PAUSE)
        until = at + max(pause, wait or pause)
        Provider.objects.filter(pk=provider.pk).update(slowed_until=until, slowdowns=F("slowdowns") + 1)
    return until


def note_accepted() -> None:
    """The provider takes messages again: the next pause is a short one."""
    Provider.objects.filter(name=settings.MAIL_PROVIDER, slowdowns__gt=0).update(slowdowns=0)


def stop_all(at: datetime) -> bool:
    """Let nothing leave any more; return whether this call did it."""
    current()
    return bool(Provider.objects.filter(name=settings.MAIL_PROVIDER, stopped_at=None).update(stopped_at=at))


def stopped() -> models.QuerySet[Provider]:
    """The configured provider if an operator has stopped all mail, else none."""
    return Provider.objects.filter(name=settings.MAIL_PROVIDER, stopped_at__isnull=False)


def start_again() -> bool:
    """Let mail leave again, also if the provider asked for a pause; return whether an operator had stopped it."""
    Provider.objects.filter(name=settings.MAIL_PROVIDER).update(slowed_until=None)
    return bool(stopped().update(stopped_at=None))


def used_up(at: datetime) -> UsedUp | None:
    """Return the limit that is used up at `at`, of several the one that lasts longest; None when there is none."""
    found = [used for limit, span in _limits() if (used := _used_up(limit, span, at))]
    return max(found, key=lambda used: used.until, default=None)


def _limits() -> list[tuple[int, timedelta]]:
    return [(limit, span) for limit, span in ((settings.MAIL_PER_HOUR, HOUR), (settings.MAIL_PER_DAY, DAY)) if limit]


def _used_up(limit: int, span: timedelta, at: datetime) -> UsedUp | None:
    counts = _counts_since(current(), at - span).order_by("minute").values_list("minute", "count")
    total = sum(count for _, count in counts)
    for minute, count in counts:
        if total < limit:
            break
        total -= count
        if total < limit:
            return UsedUp(limit, span, until=minute + timedelta(minutes=1) + span)
    return None


def takes(count: int, at: datetime) -> timedelta | None:
    """Return how long the limits alone make `count` messages take from `at` on; None when there are no limits."""
    spans = [
        timedelta(seconds=span.total_seconds() * count / limit)
        for limit, span in (
            (settings.MAIL_PER_SECOND, timedelta(seconds=1)),
            (settings.MAIL_PER_HOUR, HOUR),
            (settings.MAIL_PER_DAY, DAY),
        )
        if limit
    ]
    return max(spans) if spans else None


def current(*, lock: bool = False) -> Provider:
    """Return what is known of the configured provider; with `lock` nobody else changes it in the meantime."""
    Provider.objects.get_or_create(name=settings.MAIL_PROVIDER)
    providers = Provider.objects.select_for_update() if lock else Provider.objects
    return providers.get(name=settings.MAIL_PROVIDER)


def _allowed(wanted: int, provider: Provider, at: datetime) -> int:
    """Return how many of `wanted` messages may leave now."""
    if provider.stopped_at or (provider.slowed_until and provider.slowed_until > at):
        return 0
    return max(0, min([wanted, *_left(provider, at)]))


def _left(provider: Provider, at: datetime) -> list[int]:
    """What the limits per hour and day leave, each counted over the time that has just passed."""
    return [limit - _left_since(provider, at - span) for limit, span in _limits()]


def _left_since(provider: Provider, since: datetime) -> int:
    return _counts_since(provider, since).aggregate(total=Sum("count"))["total"] or 0


def _counts_since(provider: Provider, since: datetime) -> models.QuerySet[HandedOver]:
    return provider.handed_over.filter(minute__gt=since - timedelta(minutes=1))


def _count(provider: Provider, at: datetime, count: int) -> None:
    minute = at.replace(second=0, microsecond=0)
    counted = HandedOver.objects.filter(provider=provider, minute=minute)
    if not counted.update(count=F("count") + count):
        HandedOver.objects.create(provider=provider, minute=minute, count=count)
