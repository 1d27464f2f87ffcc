"""Which days have papers.

Two calendars: the daily list appears Monday to Friday, by UTC date. arXiv announces Sunday to Thursday at 20:00 in New
York, not on its holidays; seen from UTC that is just after midnight, Monday to Friday.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5
DAY = timedelta(days=1)

EASTERN = ZoneInfo("America/New_York")
ANNOUNCED_AT = time(20)
# Friday's and Saturday's submissions wait for Sunday and Monday.
ANNOUNCES_NOT_ON = frozenset({4, 5})
# Eastern dates without an announcement, as https://info.arxiv.org/help/availability.html names them. It names them year
# by year, so those of other years are unknown and count as ordinary days. The list of 2025 ends in November: arXiv had
# not yet fixed the holidays of that December when the page was read. A test fails from the first day of a year without
# an entry on.
HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        *("2025-01-01", "2025-01-20", "2025-06-19", "2025-07-06", "2025-09-01", "2025-11-27"),
        *("2026-01-01", "2026-01-19", "2026-06-19", "2026-07-03", "2026-09-07", "2026-11-26"),
        *("2026-12-25", "2026-12-29", "2026-12-31"),
    )
)


def is_listing_day(day: date) -> bool:
    """Return whether papers are listed on `day`."""
    return day.weekday() < SATURDAY


def latest_listing_day(at: datetime) -> date:
    """Return the last listing day on or before the UTC date of `at`."""
    day = at.date()
    while not is_listing_day(day):
        day -= DAY
    return day


def listing_days_ending(last: date, count: int) -> list[date]:
    """Return the `count` listing days up to and including `last`, oldest first."""
    days: list[date] = []
    day = last
    while len(days) < count:
        if is_listing_day(day):
            days.append(day)
        day -= DAY
    return days[::-1]


def announces_on(eastern_day: date) -> bool:
    """Return whether arXiv announces in the evening of `eastern_day`."""
    return eastern_day.weekday() not in ANNOUNCES_NOT_ON and eastern_day not in HOLIDAYS


def announcement_time(eastern_day: date) -> datetime:
    """Return when an announcement of `eastern_day` appears: the next UTC date, at 00:00 in summer, 01:00 in winter."""
    return datetime.combine(eastern_day, ANNOUNCED_AT, EASTERN).astimezone(UTC)


def latest_announcement(at: datetime) -> datetime:
    """Return when (UTC) the last announcement at or before `at` appeared."""
    day = at.astimezone(EASTERN).date()
    while not announces_on(day) or announcement_time(day) > at:
        day -= DAY
    return announcement_time(day)


def latest_feed_day(at: datetime) -> date:
    """Return the Eastern date of the feed that arXiv should have at `at`.

    It is made at midnight in New York of what was announced in the evening before; an hour is allowed for the making.
    """
    day = (at - timedelta(hours=1)).astimezone(EASTERN).date()
    while not announces_on(day - DAY):
        day -= DAY
    return day


def is_announcement_day(day: date) -> bool:
    """Return whether an announcement of arXiv appears on the UTC date `day`: Monday to Friday, less holidays' eves."""
    return announces_on(day - DAY)


def is_holiday(day: date) -> bool:
    """Return whether `day` (UTC) is a weekday on which arXiv announces nothing."""
    return is_listing_day(day) and not is_announcement_day(day)
