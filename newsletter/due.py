"""When the digest of a reader is due, and whether the reader wants it then."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings

from newsletter.models import Delivery, Edition
from newsletter.periods import Period
from newsletter.schedule import (
    closing_time,
    is_weekend,
    next_local_hour,
    next_weekday_hour,
    next_working_hour,
    share_of,
)
from subscribers.local_time import today_of, zone_of
from subscribers.models import Subscriber

Cadence = Subscriber.Cadence
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
# How many days, or weeks, the search for the next edition goes through: two weeks of a pause, and some.
SEARCHED = 30


def due_at(edition: Edition, reader: Subscriber) -> datetime:
    """Return the reader's first hour since the edition began to close; one that strikes while it closes counts."""
    if edition.closing_at is None:
        raise ValueError(f"Edition {edition} is not closing.")
    return _next_hour(reader, edition.closing_at.replace(minute=0, second=0, microsecond=0))


def leaves_at(edition: Edition, reader: Subscriber, due: datetime) -> datetime:
    """Return when to try first what is due at `due`: many share an hour, and each has a moment of it."""
    return due + share_of(settings.NEWSLETTER_SPREAD, edition.pk, reader.pk)


def due_again(delivery: Delivery, reader: Subscriber, at: datetime) -> datetime:
    """Return when what waits for a reader is due after the hour, day, cadence or zone changed.

    An hour that has passed since closing is now, not tomorrow: the next edition comes at the new hour. What is due
    already and only waits for its turn keeps its time.
    """
    if delivery.due_at <= at:
        return delivery.due_at
    due = due_at(delivery.edition, reader)
    if due >= at:
        return due
    is_off = reader.cadence == Cadence.WEEKDAYS and is_weekend(today_of(reader, at))
    return _next_hour(reader, at) if is_off else at


def reason_to_skip(delivery: Delivery, reader: Subscriber | None, at: datetime) -> Delivery.SkipReason | None:
    """Return why a delivery is not to be sent at `at`, if so; whether the address is suppressed is not asked here."""
    if reader is None:
        return Delivery.SkipReason.ERASED
    if not reader.is_active:
        return Delivery.SkipReason.UNSUBSCRIBED
    if at > delivery.due_at + settings.NEWSLETTER_LATE_AFTER:
        return Delivery.SkipReason.LATE
    if reason := reason_not_wanted(delivery.edition, reader, delivery.due_at):
        return reason
    return None if delivery.picks else Delivery.SkipReason.NOTHING_RELEVANT


def reason_not_wanted(edition: Edition, reader: Subscriber, due: datetime) -> Delivery.SkipReason | None:
    """Return why a reader wants no digest of `edition` at `due`, if so."""
    if reader.cadence not in edition.cadences:
        return Delivery.SkipReason.CADENCE
    return Delivery.SkipReason.PAUSED if is_paused(reader, due) else None


def is_paused(reader: Subscriber, due: datetime) -> bool:
    """Return whether the reader wants no digest on the day, where they are, of `due`."""
    return reader.paused_until is not None and today_of(reader, due) < reader.paused_until


def _next_hour(reader: Subscriber, after: datetime) -> datetime:
    if reader.cadence == Cadence.WEEKLY:
        return next_weekday_hour(after, reader.weekday, reader.hour, zone_of(reader))
    if reader.cadence == Cadence.WEEKDAYS:
        return next_working_hour(after, reader.hour, zone_of(reader))
    return next_local_hour(after, reader.hour, zone_of(reader))


# --- The next one ---------------------------------------------------------------------------------------------------


def next_digest_at(reader: Subscriber, at: datetime) -> datetime | None:
    """Return when the next digest comes that a reader with these wishes, stored or not, is to get.

    Of what waits already, else of the next edition that closes; whether there will be one, nobody knows.
    """
    waiting = min(_hours_of_waiting(reader, at), default=None)
    return waiting or next(_hours_to_come(reader, at), None)


def _hours_of_waiting(reader: Subscriber, at: datetime) -> Iterator[datetime]:
    waiting = Delivery.objects.changeable(at).filter(subscriber=reader, edition__paused_at=None)
    for delivery in waiting.select_related("edition").defer("edition__fragments"):
        due = due_again(delivery, reader, at)
        if not reason_not_wanted(delivery.edition, reader, due):
            # Late already, it comes any moment.
            yield max(due, at)


def _hours_to_come(reader: Subscriber, at: datetime) -> Iterator[datetime]:
    """The hours of the editions that close from `at` on, or from shortly before a pause ends, in order."""
    for edition in _editions_to_come(reader, at):
        due = due_at(edition, reader)
        if not reason_not_wanted(edition, reader, due):
            yield due


def _editions_to_come(reader: Subscriber, at: datetime) -> Iterator[Edition]:
    """The next ones of the reader's kind, not stored, as if each closed at its time."""
    is_weekly = reader.cadence == Cadence.WEEKLY
    kind = Edition.Kind.WEEKLY if is_weekly else Edition.Kind.DAILY
    ahead_of_time = Edition.objects.filter(kind=kind, closes_at__gte=at).exclude(status=Edition.Status.DRAFT)
    gone = set(ahead_of_time.values_list("period", flat=True))
    # An edition is due a week and a day after it closes, at most.
    first = max(at.date(), reader.paused_until - 2 * WEEK) if reader.paused_until else at.date()
    for number in range(SEARCHED):
        day = first + number * (WEEK if is_weekly else DAY)
        about = Period.of_week(day) if is_weekly else Period.of_day(day)
        closes_at = closing_time(about.last, settings.NEWSLETTER_CLOSING_HOUR)
        if closes_at >= at and str(about) not in gone:
            yield Edition(kind=kind, period=str(about), closes_at=closes_at, closing_at=closes_at)
