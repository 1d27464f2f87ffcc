from datetime import UTC, date, datetime

import pytest

from subscribers.local_time import today_of, zone_of
from subscribers.models import Subscriber


@pytest.mark.parametrize(
    ("zone", "known_as", "day"),
    [
        ("Pacific/Auckland", "Pacific/Auckland", 25),
        ("America/Los_Angeles", "America/Los_Angeles", 24),
        ("Mars/Olympus", "UTC", 24),
    ],
)
def test_the_day_is_that_of_the_reader_and_an_unknown_zone_is_utc(zone: str, known_as: str, day: int) -> None:
    reader = Subscriber(time_zone=zone)
    assert zone_of(reader) == known_as
    assert today_of(reader, datetime(2026, 11, 24, 20, tzinfo=UTC)) == date(2026, 11, day)
