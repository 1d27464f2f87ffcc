"""What an operator does next about an edition, in words: what it waits for, and what waits for a decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from newsletter.models import Delivery, Edition

if TYPE_CHECKING:
    from newsletter.progress import Progress

Status = Delivery.Status


@dataclass(frozen=True)
class Told:
    """How the same is said where it is read: what each step is done with, and that there is none."""

    start: str
    resume: str
    unknown: str
    failed: str
    none: str = ""


COMMANDS = Told(
    start="To go on: start_mail.",
    resume="To go on: resume {period}.",
    unknown="then: resolve_unknown {period} (--skip lets them be, --send-again risks a second copy).",
    failed="then: retry_failed {period}.",
    none="Nothing. ",
)
# On pages of the admin, to whoever is reading: not everybody may press them, and nobody there has a shell.
BUTTONS = Told(
    start="An owner starts it again, under All mail.",
    resume="To go on: Resume, on its desk.",
    unknown="then an owner lets them be or sends them again, in the list of editions; again risks a second copy.",
    failed="then an owner tries them again, in the list of editions.",
)

# What has been in hand for longer may be in nobody's: a claim is sent within seconds.
LONG_IN_HAND = timedelta(minutes=1)
# What is due leaves within seconds; after this nobody sends, or nobody takes it.
LONG_DUE = timedelta(minutes=5)
A_DAY = timedelta(days=1)


def next_steps(progress: Progress, told: Told) -> list[str]:
    """Return what to do, what matters most first; one sentence that says so when that is nothing."""
    steps = [*_state(progress, told), *_held_back(progress), *_leftovers(progress, told)]
    return steps or [f"{told.none}{_nothing_to_do(progress)}"]


def _state(progress: Progress, told: Told) -> Iterator[str]:
    edition = progress.edition
    if progress.mail_stopped:
        yield f"All mail is stopped by an operator. {told.start}"
    if edition.paused_at:
        why = f" ({edition.pause_reason.rstrip('.')})" if edition.pause_reason else ""
        yield f"Paused{why}. {told.resume.format(period=edition.period)}"
    if edition.is_draft and edition.closes_at < progress.at:
        yield "It should have closed: see whether a worker and beat are running."
    if edition.status == Edition.Status.CANCELLED and progress.counts[Status.QUEUED]:
        yield "What is queued will be skipped by the next sweep."


def _held_back(progress: Progress) -> Iterator[str]:
    """Why what may leave does not."""
    if progress.edition.status != Edition.Status.CLOSED or not progress.unsettled:
        return
    if progress.silent_since:
        yield f"No process is sending since {_moment(progress.silent_since)}: see whether a worker and beat run."
    if progress.may_leave and not progress.is_sending:
        yield from _obstacles(progress)
    if progress.oldest_lease and progress.at < progress.oldest_lease < progress.at + _fresh_lease():
        in_hand = progress.counts[Status.CLAIMED] + progress.counts[Status.HANDED_OVER]
        yield (
            f"{in_hand:,} have been in a process's hands for a while. If it is gone, the first are taken back after "
            f"{progress.oldest_lease:%H:%M:%S} UTC."
        )
    if progress.in_time is not None and progress.in_time < progress.unsettled:
        yield (
            f"At this pace about {progress.in_time:,} of {progress.unsettled:,} leave before they are late; the others "
            f"are skipped {_hours_late()} hours after their reader's hour. Raise the limits, or see what is slow."
        )


def _obstacles(progress: Progress) -> Iterator[str]:
    """What keeps mail back although nobody stopped it, and nothing is taken."""
    if progress.slowed_until:
        said = f" {progress.said}." if progress.said else ""
        yield f"The mail provider asked for a pause until {progress.slowed_until:%H:%M:%S} UTC.{said}"
    if used := progress.used_up:
        span = "day" if used.span == A_DAY else "hour"
        yield f"The limit of {used.limit:,} messages a {span} is used up. It goes on at {_moment(used.until)}."
    if progress.said and not (progress.slowed_until or progress.used_up):
        yield (
            f"The {_carrier()} has taken nothing lately. Of those that wait {progress.said.rstrip('.')}. "
            f"{_next_attempt(progress)}See whether it is up, and whether our settings of it are right."
        )
    if _is_long_due(progress) and not (progress.slowed_until or progress.used_up or progress.said):
        yield f"{progress.waiting:,} wait, and nobody sends them: see whether a worker and beat, or cron, are running."


def _carrier() -> str:
    if settings.MAIL_PROVIDER != "smtp":
        return f"mail provider ({settings.MAIL_PROVIDER})"
    return f"mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT or 25}"


def _is_long_due(progress: Progress) -> bool:
    if progress.silent_since or not progress.next_at:
        return False
    return progress.next_at < progress.at - LONG_DUE


def _next_attempt(progress: Progress) -> str:
    attempt = f"The next attempt is at {_moment(progress.next_at)}. " if _is_ahead(progress) else ""
    late = progress.late_at and f"Skipped as late from {_moment(progress.late_at)} on. "
    return f"{attempt}{late or ''}"


def _is_ahead(progress: Progress) -> bool:
    return progress.next_at is not None and progress.next_at > progress.at


def _leftovers(progress: Progress, told: Told) -> Iterator[str]:
    period = progress.edition.period
    if not progress.adds_up:
        yield f"{progress.total:,} rows for {progress.edition.audience:,} readers: the counts must add up. Report this."
    if progress.oldest_lease and progress.oldest_lease < progress.at:
        yield "A sending process ended with messages in hand: the next sweep takes them back."
    if unknown := progress.counts[Status.UNKNOWN]:
        yield (
            f"Not sent again by itself: {unknown:,} that may have left. Compare with the provider's log, "
            f"{told.unknown.format(period=period)}"
        )
    if failed := progress.counts[Status.FAILED]:
        said = f" {progress.said_of_failed.rstrip('.')}." if progress.said_of_failed else ""
        then = told.failed.format(period=period)
        yield f"{failed:,} were refused for good.{said} If it was our fault, mend it, {then}"


def _nothing_to_do(progress: Progress) -> str:
    edition = progress.edition
    if edition.is_draft:
        return f"It closes at {_moment(edition.closes_at)}."
    if edition.status == Edition.Status.CLOSING:
        return "Everybody's delivery is being made."
    if edition.status == Edition.Status.CANCELLED:
        return "It does not go out."
    if progress.is_sent:
        return "All of it is settled." if progress.total else "It closed when it had no reader."
    return _on_its_way(progress)


def _on_its_way(progress: Progress) -> str:
    if not progress.may_leave and _is_ahead(progress):
        return f"The next ones are due at {_moment(progress.next_at)}."
    put_off = f" {progress.said.rstrip('.')}; they are tried again." if progress.said else ""
    return f"It is being sent.{put_off}"


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _fresh_lease() -> timedelta:
    lease: timedelta = settings.NEWSLETTER_LEASE
    return lease - LONG_IN_HAND


def _hours_late() -> int:
    return int(settings.NEWSLETTER_LATE_AFTER / timedelta(hours=1))
