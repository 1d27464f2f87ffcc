"""When a reader's next digest is due, in the words of a clock where the reader is."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.dateformat import format as in_format

from subscribers.models import Subscriber

SATURDAY = Subscriber.Weekday.SATURDAY


@dataclass(frozen=True)
class LocalHour:
    """An hour of a day, in a time zone."""

    day: date
    hour: int
    time_zone: str

    def __str__(self) -> str:
        return f"{in_format(self.day, 'l j F')}, {self.hour:02}:00 ({self.time_zone.replace('_', ' ')})"


def today_of(reader: Subscriber, at: datetime) -> date:
    """Return the date where `reader` is."""
    return at.astimezone(_zone(reader.time_zone)).date()


def next_digest(reader: Subscriber, at: datetime) -> LocalHour:
    """Return the first hour after `at` that the reader's cadence, hour and pause allow; whether there is news by then,
    nobody knows."""
    zone = _zone(reader.time_zone)
    day = today_of(reader, at)
    if datetime.combine(day, time(reader.hour), zone) <= at:
        day += timedelta(days=1)
    if reader.paused_until:
        day = max(day, reader.paused_until)
    while not _reads_on(day, reader):
        day += timedelta(days=1)
    return LocalHour(day, reader.hour, zone.key)


def _reads_on(day: date, reader: Subscriber) -> bool:
    match reader.cadence:
        case Subscriber.Cadence.WEEKDAYS:
            return day.weekday() < SATURDAY
        case Subscriber.Cadence.WEEKLY:
            return day.weekday() == reader.weekday
        case _:
            return True


def _zone(name: str) -> ZoneInfo:
    # Another machine may have known a zone that this one does not; digests go by UTC then, too.
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return ZoneInfo("UTC")
