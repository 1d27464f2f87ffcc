"""When things happen. Pure: aware UTC times and IANA zones in, aware UTC times out.

An hour that a change to summer time leaves out happens as far after the change as it should have; of one that comes
twice, the first counts. Unknown zones raise ZoneInfoNotFoundError.
"""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

SATURDAY = 5


def closing_time(day: date, hour: int) -> datetime:
    """Return when the edition about `day`, or about the week that ends with it, closes: `hour` o'clock UTC."""
    return datetime.combine(day, time(hour), UTC)


def local_day(at: datetime, time_zone: str) -> date:
    """Return the date that a calendar in `time_zone` shows at `at`."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def is_weekend(day: date) -> bool:
    return day.weekday() >= SATURDAY


def next_local_hour(after: datetime, hour: int, time_zone: str) -> datetime:
    """Return the first instant at or after `after` when a clock in `time_zone` shows `hour` o'clock."""
    day = local_day(after, time_zone)
    # The local date may be a day behind the first match, never more than one.
    for offset in range(-1, 3):
        instant = _at_hour(day + timedelta(days=offset), hour, time_zone)
        if instant >= after:
            return instant
    raise AssertionError("every zone has each hour within three days")


def next_weekday_hour(after: datetime, weekday: int, hour: int, time_zone: str) -> datetime:
    """Return the first instant at or after `after` when it is `hour` o'clock on a `weekday` (Monday is 0) there."""
    day = local_day(after, time_zone)
    for week in range(3):
        instant = _at_hour(day + timedelta(days=(weekday - day.weekday()) % 7 + 7 * week), hour, time_zone)
        if instant >= after:
            return instant
    raise AssertionError("every zone has each weekday within three weeks")


def next_working_hour(after: datetime, hour: int, time_zone: str) -> datetime:
    """Return when a reader who reads from Monday to Friday gets an edition that closed at `after`.

    As many working days after that day (in UTC) as an everyday reader waits days: where the next hour would be on a
    weekend it is mostly Monday's, and two editions of successive working days never meet on one.
    """
    closed_on = after.astimezone(UTC).date()
    wait = (local_day(next_local_hour(after, hour, time_zone), time_zone) - closed_on).days
    day = closed_on
    for _ in range(wait):
        day = _working_day_from(day + timedelta(days=1))
    return _at_hour(_working_day_from(day), hour, time_zone)


def share_of(spread: timedelta, edition_id: int, reader_id: int) -> timedelta:
    """Return a reader's own part of `spread` for an edition, from nothing to less than all of it; always the same."""
    digest = blake2b(f"{edition_id}:{reader_id}".encode(), digest_size=4).digest()
    return spread * int.from_bytes(digest) / 2**32


def _working_day_from(day: date) -> date:
    while is_weekend(day):
        day += timedelta(days=1)
    return day


def _at_hour(day: date, hour: int, time_zone: str) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(time_zone)).astimezone(UTC)
