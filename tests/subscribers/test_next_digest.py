from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given

from subscribers.models import TIME_ZONES, Subscriber
from subscribers.next_digest import LocalHour, next_digest, today_of

Cadence = Subscriber.Cadence
# A Tuesday.
AT = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)


def reader(**wishes: object) -> Subscriber:
    return Subscriber(**({"hour": 7, "time_zone": "Europe/Vienna"} | wishes))


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({}, "Wednesday 25 November, 07:00 (Europe/Vienna)"),
        ({"hour": 11}, "Wednesday 25 November, 11:00 (Europe/Vienna)"),
        ({"hour": 12}, "Tuesday 24 November, 12:00 (Europe/Vienna)"),
        ({"time_zone": "America/New_York"}, "Tuesday 24 November, 07:00 (America/New York)"),
        ({"time_zone": "Pacific/Auckland", "hour": 0}, "Wednesday 25 November, 00:00 (Pacific/Auckland)"),
        ({"cadence": "weekly", "weekday": 0}, "Monday 30 November, 07:00 (Europe/Vienna)"),
        ({"cadence": "weekly", "weekday": 1}, "Tuesday 1 December, 07:00 (Europe/Vienna)"),
        ({"cadence": "weekdays", "paused_until": date(2026, 11, 28)}, "Monday 30 November, 07:00 (Europe/Vienna)"),
        ({"paused_until": date(2026, 12, 24)}, "Thursday 24 December, 07:00 (Europe/Vienna)"),
        ({"paused_until": date(2026, 11, 1)}, "Wednesday 25 November, 07:00 (Europe/Vienna)"),
    ],
)
def test_the_next_digest_comes(wishes: dict[str, object], said: str) -> None:
    assert str(next_digest(reader(**wishes), AT)) == said


def test_a_zone_that_this_machine_does_not_know_is_utc() -> None:
    assert next_digest(reader(time_zone="Mars/Olympus"), AT) == LocalHour(date(2026, 11, 25), 7, "UTC")


@given(
    minutes=st.integers(0, 10 * 366 * 24 * 60),
    zone=st.sampled_from(sorted(TIME_ZONES)),
    hour=st.integers(0, 23),
    wish=st.tuples(st.sampled_from(Cadence.values), st.integers(0, 6)),
    pause=st.none() | st.integers(-10, 365),
)
def test_it_is_the_first_hour_that_keeps_every_wish(
    minutes: int, zone: str, hour: int, wish: tuple[str, int], pause: int | None
) -> None:
    at, (cadence, weekday) = AT + timedelta(minutes=minutes), wish
    wanting = reader(hour=hour, time_zone=zone, cadence=cadence, weekday=weekday)
    today = today_of(wanting, at)
    wanting.paused_until = None if pause is None else today + timedelta(days=pause)
    found = next_digest(wanting, at)

    def keeps(day: date) -> bool:
        is_late_enough = datetime.combine(day, time(hour), ZoneInfo(zone)) > at
        is_no_pause = wanting.paused_until is None or day >= wanting.paused_until
        days = {"daily": range(7), "weekdays": range(5), "weekly": [weekday]}[cadence]
        return is_late_enough and is_no_pause and day.weekday() in days

    assert (found.hour, found.time_zone) == (hour, zone)
    assert keeps(found.day)
    assert not any(keeps(today + timedelta(days=days)) for days in range((found.day - today).days))
