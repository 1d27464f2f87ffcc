"""When things happen. Pure: aware UTC times and IANA zones in, aware UTC times out."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def closing_time(day: date, hour: int) -> datetime:
    """Return when the edition about `day` closes: `hour` o'clock UTC on that day."""
    return datetime.combine(day, time(hour), UTC)


def next_local_hour(after: datetime, hour: int, time_zone: str) -> datetime:
    """Return the first instant at or after `after` when a clock in `time_zone` shows `hour` o'clock.

    An hour that a change to summer time leaves out happens as far after the change as it should have; of one that
    comes twice, the first counts. Unknown zones raise ZoneInfoNotFoundError.
    """
    zone = ZoneInfo(time_zone)
    day = after.astimezone(zone).date()
    # The local date may be a day behind the first match, never more than one.
    for offset in range(-1, 3):
        local = datetime.combine(day + timedelta(days=offset), time(hour), zone)
        instant = local.astimezone(UTC)
        if instant >= after:
            return instant
    raise AssertionError("every zone has each hour within three days")
