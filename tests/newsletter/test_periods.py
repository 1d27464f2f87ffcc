from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.periods import Period

days = st.dates(date(1991, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("stored", "name", "dateline", "short_name"),
    [
        ("2026-11-23", "23 November 2026", "Monday, 23 November 2026", "23 November"),
        ("2026-W47", "Week 47, 16–22 November 2026", "Week 47, 16–22 November 2026", "Week 47"),
        ("2026-W49", "Week 49, 30 November – 6 December 2026", "Week 49, 30 November – 6 December 2026", "Week 49"),
        (
            "2026-W53",
            "Week 53, 28 December 2026 – 3 January 2027",
            "Week 53, 28 December 2026 – 3 January 2027",
            "Week 53",
        ),
        (
            "2025-W01",
            "Week 1, 30 December 2024 – 5 January 2025",
            "Week 1, 30 December 2024 – 5 January 2025",
            "Week 1",
        ),
    ],
)
def test_a_period_has_names(stored: str, name: str, dateline: str, short_name: str) -> None:
    period = Period.parse(stored)
    assert (period.name, period.dateline, period.short_name) == (name, dateline, short_name)


@given(days)
def test_what_is_stored_is_read_again(day: date) -> None:
    for period in (Period.of_day(day), Period.of_week(day)):
        assert Period.parse(str(period)) == period
        assert period.first <= day <= period.last


@given(days)
def test_a_week_goes_from_monday_to_sunday(day: date) -> None:
    week = Period.of_week(day)
    assert (week.first.weekday(), week.last.weekday()) == (0, 6)
    assert week.last - week.first == timedelta(days=6)


@given(days, days)
def test_stored_periods_sort_by_time(one: date, other: date) -> None:
    for period_of in (Period.of_day, Period.of_week):
        earlier, later = sorted([period_of(one), period_of(other)])
        assert str(earlier) <= str(later)


@pytest.mark.parametrize("text", ["", "x", "2026-W54", "2026-02-30"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"[iI]nvalid|range"):
        Period.parse(text)
