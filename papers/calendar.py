"""Which days have papers. Papers are listed Monday to Friday, by UTC date."""

from datetime import date, datetime, timedelta

SATURDAY = 5


def is_listing_day(day: date) -> bool:
    """Return whether papers are listed on `day`."""
    return day.weekday() < SATURDAY


def latest_listing_day(at: datetime) -> date:
    """Return the last listing day on or before the UTC date of `at`."""
    day = at.date()
    while not is_listing_day(day):
        day -= timedelta(days=1)
    return day


def listing_days_ending(last: date, count: int) -> list[date]:
    """Return the `count` listing days up to and including `last`, oldest first."""
    days: list[date] = []
    day = last
    while len(days) < count:
        if is_listing_day(day):
            days.append(day)
        day -= timedelta(days=1)
    return days[::-1]
