from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.schedule import closing_time, next_local_hour

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


@given(
    after=st.integers(0, 15 * 365 * 24 * 60).map(
        lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    hour=st.integers(0, 23),
    zone=st.sampled_from(ZONES),
)
def test_the_next_local_hour_is_never_in_the_past_and_never_more_than_a_day_and_an_hour_away(
    after: datetime, hour: int, zone: str
) -> None:
    wait = next_local_hour(after, hour, zone) - after
    assert timedelta(0) <= wait <= timedelta(hours=25)
