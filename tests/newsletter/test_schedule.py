from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.schedule import (
    closing_time,
    is_weekend,
    local_day,
    next_local_hour,
    next_weekday_hour,
    next_working_hour,
    share_of,
)

ZONES = ["UTC", "Europe/Vienna", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]


def test_an_edition_closes_at_its_hour_in_utc() -> None:
    assert closing_time(date(2026, 11, 23), 17) == datetime(2026, 11, 23, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "hour", "zone", "expected"),
    [
        ("2026-11-23T17:00+00:00", 7, "UTC", "2026-11-24T07:00+00:00"),
        ("2026-11-23T17:00+00:00", 17, "UTC", "2026-11-23T17:00+00:00"),
        ("2026-11-23T17:00+00:00", 7, "Asia/Kolkata", "2026-11-24T01:30+00:00"),
        ("2026-11-23T17:00+00:00", 20, "America/Los_Angeles", "2026-11-24T04:00+00:00"),
        # Summer time begins in Vienna on 29 March 2026: 02:00 does not exist, so it is as far after 01:00 as always.
        ("2026-03-28T17:00+00:00", 2, "Europe/Vienna", "2026-03-29T01:00+00:00"),
        # It ends on 25 October 2026: 02:00 comes twice, and the first counts.
        ("2026-10-24T17:00+00:00", 2, "Europe/Vienna", "2026-10-25T00:00+00:00"),
    ],
)
def test_the_next_local_hour_is_right_on_ordinary_days_and_when_clocks_change(
    after: str, hour: int, zone: str, expected: str
) -> None:
    assert next_local_hour(datetime.fromisoformat(after), hour, zone) == datetime.fromisoformat(expected)


moments = st.integers(0, 15 * 365 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
hours = st.integers(0, 23)
zones = st.sampled_from(ZONES)


def shows(instant: datetime, hour: int, zone: str) -> bool:
    """Whether a clock in `zone` shows `hour` o'clock; also of an hour that was left out, at the hour after it."""
    local = instant.astimezone(ZoneInfo(zone))
    return local.hour == hour or local.replace(hour=hour, minute=0).astimezone(UTC).astimezone(ZoneInfo(zone)) == local


@given(after=moments, hour=hours, zone=zones)
def test_the_next_local_hour_is_never_in_the_past_and_never_more_than_a_day_and_an_hour_away(
    after: datetime, hour: int, zone: str
) -> None:
    instant = next_local_hour(after, hour, zone)
    assert timedelta(0) <= instant - after <= timedelta(hours=25)
    assert shows(instant, hour, zone)


@pytest.mark.parametrize(
    ("after", "weekday", "hour", "zone", "expected"),
    [
        # Closed on Sunday at 17:00 UTC, 09:00 in Los Angeles: Sunday at seven has just passed there.
        ("2026-11-22T17:00+00:00", 6, 7, "America/Los_Angeles", "2026-11-29T15:00+00:00"),
        ("2026-11-22T17:00+00:00", 6, 9, "America/Los_Angeles", "2026-11-22T17:00+00:00"),
        ("2026-11-22T17:00+00:00", 0, 7, "UTC", "2026-11-23T07:00+00:00"),
        # In Auckland it is Monday, six o'clock.
        ("2026-11-22T17:00+00:00", 0, 7, "Pacific/Auckland", "2026-11-22T18:00+00:00"),
        # The week in which summer time begins in Vienna is an hour shorter.
        ("2026-03-22T17:00+00:00", 6, 12, "Europe/Vienna", "2026-03-29T10:00+00:00"),
        ("2026-03-28T17:00+00:00", 6, 2, "Europe/Vienna", "2026-03-29T01:00+00:00"),
    ],
)
def test_a_weekly_hour_is_on_its_weekday(after: str, weekday: int, hour: int, zone: str, expected: str) -> None:
    assert next_weekday_hour(datetime.fromisoformat(after), weekday, hour, zone) == datetime.fromisoformat(expected)


@given(after=moments, weekday=st.integers(0, 6), hour=hours, zone=zones)
def test_a_weekly_hour_is_at_most_a_week_and_an_hour_away(after: datetime, weekday: int, hour: int, zone: str) -> None:
    instant = next_weekday_hour(after, weekday, hour, zone)
    assert timedelta(0) <= instant - after <= timedelta(days=7, hours=1)
    assert local_day(instant, zone).weekday() == weekday
    assert shows(instant, hour, zone)


@pytest.mark.parametrize(
    ("after", "hour", "zone", "expected"),
    [
        # A Thursday is as for everybody; a Friday means Monday.
        ("2026-11-19T17:00+00:00", 7, "UTC", "2026-11-20T07:00+00:00"),
        ("2026-11-20T17:00+00:00", 7, "UTC", "2026-11-23T07:00+00:00"),
        ("2026-11-20T17:00+00:00", 18, "UTC", "2026-11-20T18:00+00:00"),
        # In Auckland, thirteen hours ahead, five o'clock comes two days later: Thursday's edition on a Monday, and
        # Friday's on the Tuesday, so that Monday has one.
        ("2026-11-19T17:00+00:00", 5, "Pacific/Auckland", "2026-11-22T16:00+00:00"),
        ("2026-11-20T17:00+00:00", 5, "Pacific/Auckland", "2026-11-23T16:00+00:00"),
        # Closed late, on a Saturday.
        ("2026-11-21T10:00+00:00", 18, "UTC", "2026-11-23T18:00+00:00"),
        # Over the weekend on which summer time begins.
        ("2026-03-27T17:00+00:00", 7, "Europe/Vienna", "2026-03-30T05:00+00:00"),
    ],
)
def test_readers_from_monday_to_friday_wait_over_the_weekend(after: str, hour: int, zone: str, expected: str) -> None:
    assert next_working_hour(datetime.fromisoformat(after), hour, zone) == datetime.fromisoformat(expected)


@given(after=moments, hour=hours, zone=zones)
def test_a_working_hour_is_never_on_a_weekend_and_at_most_four_days_away(after: datetime, hour: int, zone: str) -> None:
    instant = next_working_hour(after, hour, zone)
    assert timedelta(0) <= instant - after <= timedelta(days=4, hours=1)
    assert not is_weekend(local_day(instant, zone))
    assert shows(instant, hour, zone)


@given(
    monday=st.integers(0, 700).map(lambda weeks: date(2020, 1, 6) + timedelta(weeks=weeks)),
    closing=hours,
    hour=hours,
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Tokyo"]),
)
def test_no_two_editions_of_working_days_meet_on_one_day(monday: date, closing: int, hour: int, zone: str) -> None:
    days = [monday + timedelta(days=n) for n in range(14)]
    due = [next_working_hour(closing_time(day, closing), hour, zone) for day in days if not is_weekend(day)]
    assert len({local_day(instant, zone) for instant in due}) == len(due)
    assert due == sorted(due)


@given(
    spread=st.integers(0, 60).map(lambda minutes: timedelta(minutes=minutes)),
    edition_id=st.integers(1, 2**31),
    reader_id=st.integers(1, 2**31),
)
def test_a_share_of_a_spread_is_within_it_and_always_the_same(
    spread: timedelta, edition_id: int, reader_id: int
) -> None:
    share = share_of(spread, edition_id, reader_id)
    assert timedelta(0) <= share <= spread
    assert share == share_of(spread, edition_id, reader_id)


def test_shares_fill_the_spread_evenly_and_differ_from_edition_to_edition() -> None:
    hour = timedelta(hours=1)
    quarters = [share_of(hour, 1, reader) // timedelta(minutes=15) for reader in range(4000)]
    assert all(900 < quarters.count(quarter) < 1100 for quarter in range(4))
    assert share_of(hour, 1, 7) != share_of(hour, 2, 7)
