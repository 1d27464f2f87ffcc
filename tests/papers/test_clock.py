from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.calendar import is_announcement_day
from papers.clock import clock, clock_of_day, clocks, day_ago

FRIDAY = date(2026, 11, 20)
MONDAY = date(2026, 11, 23)
MOMENTS = st.datetimes(datetime(1992, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  made aware


def at(day: date, hour: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_an_announcement_day_takes_a_day() -> None:
    assert clock(at(MONDAY, 18)) - clock(at(MONDAY)) == pytest.approx(0.75)
    assert clock_of_day(MONDAY + timedelta(days=1)) - clock_of_day(MONDAY) == 1


def test_a_weekend_takes_no_time() -> None:
    assert clock(at(FRIDAY + timedelta(days=1), 12)) == clock(at(MONDAY)) == clock_of_day(FRIDAY) + 1


def test_the_day_after_a_holiday_without_announcement_takes_no_time() -> None:
    # Thanksgiving is a Thursday: what would have been announced that evening would have appeared on Friday.
    thanksgiving = date(2026, 11, 26)
    assert clock_of_day(thanksgiving + timedelta(days=1)) - clock_of_day(thanksgiving) == 1
    assert clock_of_day(thanksgiving + timedelta(days=4)) - clock_of_day(thanksgiving) == 1


@given(MOMENTS, st.integers(0, 60 * 24 * 30))
def test_time_never_runs_backwards_nor_faster_than_the_day(moment: datetime, minutes: int) -> None:
    passed = clock(moment + timedelta(minutes=minutes)) - clock(moment)
    assert -1e-9 <= passed <= minutes / (24 * 60) + 1e-9


@given(st.lists(MOMENTS, min_size=1, max_size=5))
def test_many_times_are_told_as_each_alone(moments: list[datetime]) -> None:
    together = clocks(np.array([moment.timestamp() for moment in moments]))
    assert together.tolist() == [clock(moment) for moment in moments]


def test_the_count_of_a_year_is_its_announcement_days() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    counted = clock_of_day(date(2027, 1, 1)) - clock_of_day(date(2026, 1, 1))
    assert counted == sum(map(is_announcement_day, days))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (at(MONDAY + timedelta(days=1), 18), MONDAY),
        (at(MONDAY, 9), FRIDAY),
        (at(FRIDAY + timedelta(days=2), 9), FRIDAY),
        (at(FRIDAY + timedelta(days=1), 9), FRIDAY),
        (at(FRIDAY, 9), FRIDAY - timedelta(days=1)),
    ],
)
def test_a_day_ago_was_the_last_announcement_day(moment: datetime, expected: date) -> None:
    assert day_ago(moment) == expected
