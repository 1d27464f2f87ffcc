"""How far an edition has come, read off the ledger, and what an operator does next. "Submitted" is what the mail
provider has taken; what reached a reader, only the provider's events tell."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, Sum
from django.db.models.functions import TruncHour

from mail import throttle
from newsletter.models import Delivery, Edition

Status = Delivery.Status

# The rate is that of the last minutes: long enough to be steady, short enough to be now.
RATE_OVER = timedelta(minutes=5)
# A rate of less than this is chance.
RATE_FROM = timedelta(seconds=10)
OPEN = (Status.QUEUED, Status.CLAIMED, Status.HANDED_OVER)
Groups = list[tuple[datetime, int]]


@dataclass(frozen=True)
class Progress:
    """What is known of an edition's sending at a moment."""

    edition: Edition
    counts: dict[str, int]
    skipped: dict[str, int]
    # Queued ones whose time has come.
    waiting: int
    next_at: datetime | None
    oldest_lease: datetime | None
    mail_stopped: bool
    per_minute: int | None
    finishes_at: datetime | None
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
    def settled(self) -> int:
        return self.total - self.unsettled

    @property
    def is_sent(self) -> bool:
        """Whether nothing is left to be done by itself."""
        return self.edition.status == Edition.Status.CLOSED and not self.unsettled and self.adds_up

    @property
    def next_steps(self) -> list[str]:
        """What to do, in words, what matters most first; one sentence that says so when that is nothing."""
        return [*_state(self), *_leftovers(self)] or [_nothing_to_do(self)]


def progress_of(edition: Edition, at: datetime) -> Progress:
    """Return how far `edition` has come at `at`: a few queries, however many readers it has."""
    rows = list(_counted(edition, at))
    counts, skipped = Counter[str](), Counter[str]()
    for row in rows:
        counts[row["status"]] += row["count"]
        if row["skip_reason"]:
            skipped[row["skip_reason"]] += row["count"]
    waiting = sum(row["waiting"] for row in rows)
    provider = throttle.current()
    mail_stopped = provider.stopped_at is not None
    rate = _rate(at)
    is_moving = edition.status == Edition.Status.CLOSED and not (edition.paused_at or mail_stopped)
    return Progress(
        edition=edition,
        counts={status: counts[status] for status in Status},
        skipped=dict(skipped),
        waiting=waiting,
        next_at=min((row["next_at"] for row in rows if row["status"] == Status.QUEUED), default=None),
        oldest_lease=min((row["lease"] for row in rows if row["lease"]), default=None),
        mail_stopped=mail_stopped,
        per_minute=round(rate * 60) if rate else None,
        finishes_at=_finish(_due_hours(edition, at), rate, at) if is_moving else None,
        at=at,
    )


def _counted(edition: Edition, at: datetime) -> Any:
    return (
        edition.deliveries.order_by()
        .values("status", "skip_reason")
        .annotate(
            count=Count("pk"),
            waiting=Count("pk", filter=Q(status=Status.QUEUED, next_attempt_at__lte=at)),
            next_at=Min("next_attempt_at"),
            lease=Min("lease_until"),
        )
    )


def _rate(at: datetime) -> float | None:
    """How many messages a second all processes handed over lately, of whatever edition."""
    lately = throttle.current().handed_over.filter(minute__gt=at - RATE_OVER, minute__lte=at)
    found = lately.aggregate(count=Sum("count"), since=Min("minute"))
    if not found["count"] or at - found["since"] < RATE_FROM:
        return None
    return float(found["count"] / (at - found["since"]).total_seconds())


def _due_hours(edition: Edition, at: datetime) -> Groups:
    """When what is not settled is due, hour by hour; what has been due for a while is due now."""
    waiting = edition.deliveries.filter(status__in=OPEN).order_by()
    hours = waiting.annotate(hour=TruncHour("next_attempt_at")).values("hour")
    found = hours.annotate(first=Min("next_attempt_at"), count=Count("pk")).order_by("hour")
    return [(max(at, row["first"]), row["count"]) for row in found]


def _finish(groups: Groups, rate: float | None, at: datetime) -> datetime | None:
    """When the last of `groups` will have left: each waits for its hour, for the one before, and for the limits.

    What is due now also takes as long as it takes at `rate`; without rate and limits nobody knows yet.
    """
    finish: datetime | None = None
    for due, count in groups:
        spans = [span for span in (throttle.takes(count, at), _at_rate(count, rate) if due <= at else None) if span]
        if due <= at and not spans:
            return None
        finish = max(finish or due, due) + max(spans, default=timedelta())
    return finish


def _at_rate(count: int, rate: float | None) -> timedelta | None:
    return timedelta(seconds=count / rate) if rate else None


# --- What to do next ------------------------------------------------------------------------------------------------


def _state(progress: Progress) -> Iterator[str]:
    edition = progress.edition
    if progress.mail_stopped:
        yield "All mail is stopped by an operator. To go on: start_mail."
    if edition.paused_at:
        why = f" ({edition.pause_reason.rstrip('.')})" if edition.pause_reason else ""
        yield f"Paused{why}. To go on: resume {edition.period}."
    if edition.is_draft and edition.closes_at < progress.at:
        yield "It should have closed: see whether a worker and beat are running."
    if edition.status == Edition.Status.CANCELLED and progress.counts[Status.QUEUED]:
        yield "What is queued will be skipped by the next sweep."


def _leftovers(progress: Progress) -> Iterator[str]:
    period = progress.edition.period
    if not progress.adds_up:
        yield f"{progress.total:,} rows for {progress.edition.audience:,} readers: the counts must add up. Report this."
    if progress.oldest_lease and progress.oldest_lease < progress.at:
        yield "A sending process ended with messages in hand: the next sweep takes them back."
    if unknown := progress.counts[Status.UNKNOWN]:
        yield (
            f"{unknown:,} may have left, and are not sent again by themselves. Compare with the provider's log, "
            f"then: resolve_unknown {period} (--skip lets them be, --send-again risks a second copy)."
        )
    if failed := progress.counts[Status.FAILED]:
        yield f"{failed:,} were refused for good. Read why in the admin; if it was our fault: retry_failed {period}."


def _nothing_to_do(progress: Progress) -> str:
    edition = progress.edition
    if edition.is_draft:
        return f"Nothing. It closes at {edition.closes_at:%Y-%m-%d %H:%M} UTC."
    if edition.status == Edition.Status.CLOSING:
        return "Nothing. Everybody's delivery is being made."
    if edition.status == Edition.Status.CANCELLED:
        return "Nothing. It does not go out."
    if progress.is_sent:
        return "Nothing. All of it is settled."
    if not progress.waiting and progress.next_at and progress.next_at > progress.at:
        return f"Nothing. The next ones are due at {progress.next_at:%Y-%m-%d %H:%M} UTC."
    return "Nothing. It is being sent."
