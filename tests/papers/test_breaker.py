from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.sources.breaker import LONGEST_PAUSE, Outcome, rest_after

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def outcomes(pattern: str, *, last_at: datetime = NOON) -> list[Outcome]:
    """What came of hourly runs, the latest first: `f` failed, `r` read."""
    return [Outcome(last_at - HOUR * ago, letter == "f", "no answer.") for ago, letter in enumerate(pattern)]


def pause_after(pattern: str) -> timedelta | None:
    """How long after the last run the source rests."""
    rest = rest_after(outcomes(pattern), NOON)
    return rest.resume_at - NOON if rest else None


@pytest.mark.parametrize(
    ("pattern", "hours"),
    [
        ("", None),
        ("r", None),
        ("f", None),
        ("ff", None),
        ("fff", 2),
        ("ffff", 4),
        ("fffff", 6),
        ("f" * 50, 6),
        ("ffrf", None),
        ("fffrfff", 2),
        ("rfffff", None),
    ],
)
def test_from_the_third_failure_in_a_row_on_the_pause_doubles_up_to_six_hours(pattern: str, hours: int | None) -> None:
    assert pause_after(pattern) == (None if hours is None else timedelta(hours=hours))


def test_the_source_is_asked_again_when_the_pause_is_over() -> None:
    assert rest_after(outcomes("fff"), NOON + timedelta(hours=2)) is None
    assert rest_after(outcomes("fff"), NOON + timedelta(hours=1, minutes=59))


def test_a_moment_the_source_named_counts_from_the_first_failure_on() -> None:
    named = Outcome(NOON, True, "answered 429.", NOON + timedelta(hours=5))
    rest = rest_after([named, *outcomes("rr")], NOON + HOUR)
    assert rest
    assert (rest.resume_at, rest.why) == (NOON + timedelta(hours=5), "not asked: 1 failure: answered 429.")
    assert rest_after([named], NOON + timedelta(hours=5)) is None


def test_the_longer_of_both_counts() -> None:
    for hours, expected in ((1, 2), (9, 9)):
        named = Outcome(NOON, True, "", NOON + timedelta(hours=hours))
        rest = rest_after([named, *outcomes("ff")], NOON)
        assert rest
        assert rest.resume_at == NOON + timedelta(hours=expected)


def test_it_says_how_many_failures_and_the_last_of_them() -> None:
    rest = rest_after(outcomes("fff"), NOON)
    assert rest
    assert rest.why == "not asked: 3 failures in a row, the last: no answer."


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 1000))
def test_no_source_rests_for_longer_than_the_longest_pause_by_our_own_rule(failed: list[bool], minutes: int) -> None:
    history = [Outcome(NOON - HOUR * ago, has_failed) for ago, has_failed in enumerate(failed)]
    rest = rest_after(history, NOON + timedelta(minutes=minutes))
    assert rest is None or timedelta() < rest.resume_at - NOON <= LONGEST_PAUSE
