from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.calendar import (
    announcement_time,
    announces_on,
    is_announcement_day,
    is_holiday,
    is_listing_day,
    latest_announcement,
    latest_feed_day,
    latest_listing_day,
    listing_days_ending,
)

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


# --- arXiv's announcements ---------------------------------------------------------------------------------------


def test_arxiv_announces_sunday_to_thursday() -> None:
    week = [date(2026, 11, day) for day in range(15, 22)]  # Sunday to Saturday
    assert [announces_on(day) for day in week] == [True] * 5 + [False] * 2


@pytest.mark.parametrize("holiday", [date(2026, 11, 26), date(2026, 12, 29), date(2025, 7, 6), date(2025, 1, 1)])
def test_nothing_is_announced_on_a_holiday_nor_seen_on_the_utc_date_after_it(holiday: date) -> None:
    assert not announces_on(holiday)
    assert not is_announcement_day(holiday + timedelta(days=1))
    assert is_holiday(holiday + timedelta(days=1))


def test_a_holiday_on_a_day_without_announcement_takes_none_away() -> None:
    assert date(2026, 7, 3).weekday() == 4  # a Friday
    assert [is_holiday(date(2026, 7, day)) for day in range(1, 8)] == [False] * 7


def test_the_day_of_thanksgiving_still_sees_the_announcement_of_its_eve() -> None:
    assert is_announcement_day(date(2026, 11, 26))
    assert not is_announcement_day(date(2026, 11, 27))
    assert is_announcement_day(date(2026, 11, 30))


def test_a_weekend_is_no_holiday() -> None:
    assert [is_holiday(date(2026, 11, day)) for day in (21, 22, 23)] == [False] * 3


@pytest.mark.parametrize(
    ("eastern_day", "expected"),
    [
        # Clocks go forward on the night to 8 March 2026 and back on the night to 1 November.
        (date(2026, 3, 5), datetime(2026, 3, 6, 1, tzinfo=UTC)),
        (date(2026, 3, 8), datetime(2026, 3, 9, 0, tzinfo=UTC)),
        (date(2026, 10, 29), datetime(2026, 10, 30, 0, tzinfo=UTC)),
        (date(2026, 11, 1), datetime(2026, 11, 2, 1, tzinfo=UTC)),
    ],
)
def test_an_announcement_appears_at_midnight_utc_in_summer_and_an_hour_later_in_winter(
    eastern_day: date, expected: datetime
) -> None:
    assert announces_on(eastern_day)
    assert announcement_time(eastern_day) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # In summer Sunday's announcement is there at midnight UTC, in winter at one.
        (datetime(2026, 3, 9, 0, 0, tzinfo=UTC), datetime(2026, 3, 9, 0, tzinfo=UTC)),
        (datetime(2026, 3, 8, 23, 59, 59, tzinfo=UTC), datetime(2026, 3, 6, 1, tzinfo=UTC)),
        (datetime(2026, 11, 2, 0, 59, 59, tzinfo=UTC), datetime(2026, 10, 30, 0, tzinfo=UTC)),
        (datetime(2026, 11, 2, 1, 0, tzinfo=UTC), datetime(2026, 11, 2, 1, tzinfo=UTC)),
        # Over the weekend Thursday's stays the latest.
        (datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 11, 20, 1, tzinfo=UTC)),
        # Thanksgiving: Wednesday's stays the latest until Sunday's.
        (datetime(2026, 11, 29, 23, tzinfo=UTC), datetime(2026, 11, 26, 1, tzinfo=UTC)),
        # The end of the year, with two holidays in three days.
        (datetime(2026, 12, 31, 12, tzinfo=UTC), datetime(2026, 12, 31, 1, tzinfo=UTC)),
        (datetime(2026, 12, 30, 12, tzinfo=UTC), datetime(2026, 12, 29, 1, tzinfo=UTC)),
    ],
)
def test_the_latest_announcement_is_found_over_weekends_holidays_and_changes_of_the_clock(
    at: datetime, expected: datetime
) -> None:
    assert latest_announcement(at) == expected


@given(minutes=st.integers(0, 60 * 24 * 365 * 100))
def test_the_latest_announcement_is_at_most_five_days_ago_and_on_an_announcement_day(minutes: int) -> None:
    at = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    latest = latest_announcement(at)
    assert timedelta() <= at - latest < timedelta(days=5)
    assert latest.hour in {0, 1}
    assert is_announcement_day(latest.date())


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # Midnight in New York is five o'clock in winter and four in summer; an hour more for the making.
        (datetime(2026, 11, 24, 5, 59, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 24, 6, 0, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 7, 14, 4, 59, tzinfo=UTC), date(2026, 7, 13)),
        (datetime(2026, 7, 14, 5, 0, tzinfo=UTC), date(2026, 7, 14)),
        (datetime(2026, 11, 22, 12, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 27, 12, tzinfo=UTC), date(2026, 11, 26)),
    ],
)
def test_the_feed_of_a_day_is_there_after_midnight_in_new_york(at: datetime, expected: date) -> None:
    assert latest_feed_day(at) == expected
