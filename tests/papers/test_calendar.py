from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.calendar import is_listing_day, latest_listing_day, listing_days_ending

MONDAY = date(2026, 11, 23)


def test_papers_are_listed_monday_to_friday() -> None:
    week = [date(2026, 11, day) for day in range(23, 30)]
    assert [is_listing_day(day) for day in week] == [True] * 5 + [False] * 2


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 21, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 23, 59, tzinfo=UTC), date(2026, 11, 20)),
    ],
)
def test_the_latest_listing_day_of_a_weekend_is_its_friday(at: datetime, expected: date) -> None:
    assert latest_listing_day(at) == expected


def test_listing_days_run_over_the_weekend_oldest_first() -> None:
    assert listing_days_ending(MONDAY, 3) == [date(2026, 11, 19), date(2026, 11, 20), MONDAY]


def test_listing_days_ending_on_a_weekend_end_on_its_friday() -> None:
    assert listing_days_ending(date(2026, 11, 22), 1) == [date(2026, 11, 20)]


def test_no_listing_days_are_none() -> None:
    assert listing_days_ending(MONDAY, 0) == []


@given(last=st.dates(date(2000, 1, 1), date(2100, 1, 1)), count=st.integers(1, 60))
def test_listing_days_are_weekdays_in_order_with_none_left_out(last: date, count: int) -> None:
    days = listing_days_ending(last, count)
    assert len(set(days)) == count
    assert days == sorted(days)
    assert all(day.weekday() < 5 for day in days)
    weekdays = sum(is_listing_day(date.fromordinal(day)) for day in range(days[0].toordinal(), last.toordinal() + 1))
    assert weekdays == count
