"""When the digest of a reader is due, and whether the reader wants it then."""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from newsletter.models import Delivery, Edition
from newsletter.schedule import is_weekend, local_day, next_local_hour, next_weekday_hour, next_working_hour
from subscribers.models import Subscriber

logger = logging.getLogger(__name__)

Cadence = Subscriber.Cadence


def due_at(edition: Edition, reader: Subscriber) -> datetime:
    """Return the reader's first hour since the edition began to close; one that strikes while it closes counts."""
    if edition.closing_at is None:
        raise ValueError(f"Edition {edition} is not closing.")
    return _next_hour(reader, edition.closing_at.replace(minute=0, second=0, microsecond=0))


def due_again(edition: Edition, reader: Subscriber, at: datetime) -> datetime:
    """Return when a queued digest is due after the reader's hour, day, cadence or zone changed.

    An hour that has passed since closing is now, not tomorrow: the next edition comes at the new hour.
    """
    due = due_at(edition, reader)
    if due >= at:
        return due
    is_off = reader.cadence == Cadence.WEEKDAYS and is_weekend(local_day(at, _zone(reader)))
    return _next_hour(reader, at) if is_off else at


def reason_not_wanted(edition: Edition, reader: Subscriber, due: datetime) -> Delivery.SkipReason | None:
    """Return why a reader wants no digest of `edition` at `due`, if so."""
    if reader.cadence not in edition.cadences:
        return Delivery.SkipReason.CADENCE
    return Delivery.SkipReason.PAUSED if _is_paused(reader, due) else None


def _is_paused(reader: Subscriber, due: datetime) -> bool:
    """Return whether the reader wants no digest on the day, where they are, of `due`."""
    return reader.paused_until is not None and local_day(due, _zone(reader)) < reader.paused_until


def _next_hour(reader: Subscriber, after: datetime) -> datetime:
    if reader.cadence == Cadence.WEEKLY:
        return next_weekday_hour(after, reader.weekday, reader.hour, _zone(reader))
    if reader.cadence == Cadence.WEEKDAYS:
        return next_working_hour(after, reader.hour, _zone(reader))
    return next_local_hour(after, reader.hour, _zone(reader))


def _zone(reader: Subscriber) -> str:
    try:
        ZoneInfo(reader.time_zone)
    except ZoneInfoNotFoundError:
        logger.exception("Reader %s is in a time zone that this machine does not know; UTC is taken", reader.pk)
        return "UTC"
    return reader.time_zone
