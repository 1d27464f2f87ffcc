"""How far an edition has come, read off the ledger, and what an operator does next. "Submitted" is what the mail
provider has taken; what reached a reader, only the provider's events tell."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q
from django.db.models.functions import TruncHour

from mail import throttle
from newsletter import taken
from newsletter.heartbeats import not_sending_since
from newsletter.leftovers import OPEN
from newsletter.models import Delivery, Edition
from newsletter.next_steps import BUTTONS, COMMANDS, next_steps
from newsletter.said import most_frequent

Status = Delivery.Status


@dataclass(frozen=True)
class Hour:
    """Deliveries of one hour: when the first may leave, and when they are late."""

    count: int
    starts_at: datetime
    late_at: datetime


@dataclass(frozen=True)
class Forecast:
    """When the last will have left, and how many leave before they are late."""

    finishes_at: datetime
    in_time: int


@dataclass(frozen=True)
class Progress:
    """What is known of an edition's sending at a moment."""

    edition: Edition
    counts: dict[str, int]
    skipped: dict[str, int]
    # Queued ones whose time has come.
    waiting: int
    # Not settled although their reader's hour has come, also those whose next attempt is later.
    due: int
    next_at: datetime | None
    # When the first that is not settled is late.
    late_at: datetime | None
    oldest_lease: datetime | None
    mail_stopped: bool
    slowed_until: datetime | None
    used_up: throttle.UsedUp | None
    # Since when nobody works off the queue of sending.
    silent_since: datetime | None
    # What is not settled, by the hour it is due at.
    hours: list[Hour]
    # What was said last of most of those that wait, and of those that were refused.
    said: str
    said_of_failed: str
    # What the provider took lately, of whatever edition.
    per_minute: int | None
    finishes_at: datetime | None
    # How many of those that are not settled leave before they are late; None when nobody can tell.
    in_time: int | None
    at: datetime

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def adds_up(self) -> bool:
        """Whether every reader the edition was closed for has a row; before that there is nothing to compare."""
        return self.edition.status != Edition.Status.CLOSED or self.total == self.edition.audience

    @property
    def unsettled(self) -> int:
        return sum(self.counts[status] for status in OPEN)

    @property
    def in_hand(self) -> int:
        """How many a process has right now."""
        return self.counts[Status.CLAIMED] + self.counts[Status.HANDED_OVER]

    @property
    def settled(self) -> int:
        return self.total - self.unsettled

    @property
    def is_sent(self) -> bool:
        """Whether nothing is left to be done by itself."""
        return self.edition.status == Edition.Status.CLOSED and not self.unsettled and self.adds_up

    @property
    def may_leave(self) -> bool:
        """Whether some are due, and nobody holds them back on purpose."""
        return bool(self.due) and not (self.mail_stopped or self.edition.paused_at)

    @property
    def is_sending(self) -> bool:
        """Whether the provider takes messages, and nothing makes all of them wait."""
        return self.per_minute is not None and not (self.slowed_until or self.used_up)

    @property
    def next_steps(self) -> list[str]:
        """What to do, in words, what matters most first; one sentence that says so when that is nothing."""
        return next_steps(self, COMMANDS)

    @property
    def steps_on_pages(self) -> list[str]:
        """The same for who is at the admin."""
        return next_steps(self, BUTTONS)


def progress_of(edition: Edition, at: datetime) -> Progress:
    """Return how far `edition` has come at `at`: a few queries, however many readers it has."""
    rows = list(_counted(edition, at))
    counts = _added_up(rows, "status")
    provider = throttle.current()
    mail_stopped = provider.stopped_at is not None
    rate = taken.rate(at)
    said = most_frequent(edition, Status.QUEUED, Status.CLAIMED) if edition.status == Edition.Status.CLOSED else ""
    silent = not_sending_since(at)
    is_moving = edition.status == Edition.Status.CLOSED and not (edition.paused_at or mail_stopped or silent)
    # Nobody knows how long that lasts of which nothing is taken.
    is_known = is_moving and not (said and rate is None)
    hours = _hours(edition, at) if edition.status == Edition.Status.CLOSED else []
    forecast = foretell(hours, rate, at) if is_known else None
    open_rows = [row for row in rows if row["status"] in OPEN]
    first_due = min((row["first_due"] for row in open_rows), default=None)
    return Progress(
        edition=edition,
        counts={status: counts[status] for status in Status},
        skipped=dict(_added_up([row for row in rows if row["skip_reason"]], "skip_reason")),
        waiting=sum(row["waiting"] for row in rows),
        due=sum(row["due"] for row in open_rows),
        next_at=min((row["next_at"] for row in rows if row["status"] == Status.QUEUED), default=None),
        late_at=first_due + settings.NEWSLETTER_LATE_AFTER if first_due else None,
        oldest_lease=min((row["lease"] for row in rows if row["lease"]), default=None),
        mail_stopped=mail_stopped,
        slowed_until=provider.slowed_until if provider.slowed_until and provider.slowed_until > at else None,
        used_up=throttle.used_up(at),
        silent_since=silent,
        hours=hours,
        said=said,
        said_of_failed=most_frequent(edition, Status.FAILED) if counts[Status.FAILED] else "",
        per_minute=round(rate * 60) if rate else None,
        finishes_at=forecast.finishes_at if forecast else None,
        in_time=forecast.in_time if forecast else None,
        at=at,
    )


def _counted(edition: Edition, at: datetime) -> Any:
    return (
        edition.deliveries.order_by()
        .values("status", "skip_reason")
        .annotate(
            count=Count("pk"),
            waiting=Count("pk", filter=Q(status=Status.QUEUED, next_attempt_at__lte=at)),
            due=Count("pk", filter=Q(due_at__lte=at, attempts__gt=0) | Q(next_attempt_at__lte=at)),
            next_at=Min("next_attempt_at"),
            first_due=Min("due_at"),
            lease=Min("lease_until"),
        )
    )


def _added_up(rows: Iterable[dict[str, Any]], by: str) -> Counter[str]:
    counts = Counter[str]()
    for row in rows:
        counts[row[by]] += row["count"]
    return counts


def _hours(edition: Edition, at: datetime) -> list[Hour]:
    """When what is not settled is due, hour by hour; what has been due for a while is due now."""
    waiting = edition.deliveries.filter(status__in=OPEN).order_by()
    hours = waiting.annotate(hour=TruncHour("due_at")).values("hour")
    found = hours.annotate(first=Min("next_attempt_at"), due=Min("due_at"), count=Count("pk")).order_by("hour")
    return [Hour(row["count"], max(at, row["first"]), row["due"] + settings.NEWSLETTER_LATE_AFTER) for row in found]


def foretell(hours: list[Hour], rate: float | None, at: datetime) -> Forecast | None:
    """Return when the last of `hours` will have left: each waits for its hour, for the one before, and for the limits.

    What is due now also takes as long as it takes at `rate`; without rate and limits nobody knows yet.
    """
    finish, in_time = None, 0
    for number, hour in enumerate(hours):
        is_due = hour.starts_at <= at
        spans = [
            span for span in (throttle.takes(hour.count, at), _at_rate(hour.count, rate) if is_due else None) if span
        ]
        if is_due and not spans:
            return None
        starts_at, span = max(finish or hour.starts_at, hour.starts_at), max(spans, default=timedelta())
        at_once = 0 if number else throttle.room(hour.count, at)
        in_time += max(at_once if starts_at < hour.late_at else 0, _in_time(hour, starts_at, span))
        finish = starts_at + span
    return Forecast(finish, in_time) if finish else None


def _in_time(hour: Hour, starts_at: datetime, span: timedelta) -> int:
    """How many of an hour leave before they are late, evenly over `span`."""
    if starts_at + span <= hour.late_at:
        return hour.count
    return max(0, int(hour.count * ((hour.late_at - starts_at) / span))) if span else 0


def _at_rate(count: int, rate: float | None) -> timedelta | None:
    return timedelta(seconds=count / rate) if rate else None
