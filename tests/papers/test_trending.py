from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import log2

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from papers.trending import HALF_LIVES, REACH, WEIGHTS, Part, Reading, Score, in_words, score

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
WINDOWS = sorted(HALF_LIVES)


def read(value: int, *, kind: str = "upvotes", hours_ago: float = 0, series: str = "huggingface") -> Reading:
    return Reading(series, kind, value, AT - timedelta(hours=hours_ago))


def score_at(*readings: Reading, window: str = "day", at: datetime = AT) -> Score:
    return score(readings, at=at, window=window)


READINGS = st.lists(
    st.builds(
        read,
        st.integers(0, 10_000),
        kind=st.sampled_from(sorted(WEIGHTS)),
        hours_ago=st.integers(0, 24 * 60),
        series=st.sampled_from(["huggingface", "sample"]),
    ),
    max_size=15,
)


def test_a_first_count_of_upvotes_is_all_gain() -> None:
    assert score_at(read(7)) == Score(log2(8), [{"kind": "upvotes", "gain": 7, "points": log2(8)}])


def test_later_readings_add_what_they_gained() -> None:
    scored = score_at(read(3, hours_ago=24), read(10), window="day")
    assert scored.value == pytest.approx(log2(1 + 3 / 2 + 7))
    assert scored.parts[0]["gain"] == 10


def test_a_first_count_of_stars_is_where_counting_begins() -> None:
    assert score_at(read(5_000, kind="stars")) == Score(0, [])
    scored = score_at(read(5_000, kind="stars", hours_ago=24), read(5_003, kind="stars"))
    assert [(part["kind"], part["gain"]) for part in scored.parts] == [("stars", 3)]
    assert scored.value == pytest.approx(2)


def test_a_count_that_falls_is_no_gain_and_no_loss() -> None:
    assert score_at(read(9, hours_ago=2), read(4, hours_ago=1)).parts == score_at(read(9, hours_ago=2)).parts


def test_a_gain_a_half_life_ago_counts_half() -> None:
    for window, half_life in HALF_LIVES.items():
        old = Reading("huggingface", "upvotes", 6, AT - half_life)
        assert score_at(old, window=window).value == pytest.approx(log2(1 + 3))


def test_what_was_gained_before_the_reach_is_not_shown_as_gained_now() -> None:
    scored = score_at(read(500, hours_ago=24 * 60), read(501, hours_ago=1))
    assert in_words(scored.parts) == "+1 upvote"


@given(
    value=st.integers(1, 10_000),
    window=st.sampled_from(WINDOWS),
    hours=st.tuples(st.integers(0, 700), st.integers(1, 700)),
)
def test_an_older_gain_counts_less_and_beyond_the_reach_not_at_all(
    value: int, window: str, hours: tuple[int, int]
) -> None:
    newer, older = hours[0], sum(hours)
    assume(timedelta(hours=newer) < REACH[window])
    assert (
        score_at(read(value, hours_ago=older), window=window).value
        < score_at(read(value, hours_ago=newer), window=window).value
    )


@given(readings=READINGS, window=st.sampled_from(WINDOWS), data=st.data())
def test_the_order_of_readings_does_not_matter(readings: list[Reading], window: str, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(readings))
    assert score(shuffled, at=AT, window=window) == score(readings, at=AT, window=window)


@given(readings=READINGS, more=st.integers(0, 10_000), window=st.sampled_from(WINDOWS))
def test_more_upvotes_never_lower_the_score(readings: list[Reading], more: int, window: str) -> None:
    def with_last(value: int) -> Score:
        before = [reading for reading in readings if reading.observed_at < AT]
        return score([*before, read(value)], at=AT, window=window)

    assert with_last(100 + more).value >= with_last(100).value


@given(readings=READINGS, later=READINGS, window=st.sampled_from(WINDOWS))
def test_readings_after_the_moment_do_not_count(readings: list[Reading], later: list[Reading], window: str) -> None:
    unknown = [
        reading._replace(observed_at=AT + (AT - reading.observed_at) + timedelta(seconds=1)) for reading in later
    ]
    assert score([*readings, *unknown], at=AT, window=window) == score(readings, at=AT, window=window)


@given(readings=READINGS, window=st.sampled_from(WINDOWS))
def test_the_points_of_the_parts_add_up_to_the_value(readings: list[Reading], window: str) -> None:
    scored = score(readings, at=AT, window=window)
    points = [part["points"] for part in scored.parts]
    assert sum(points) == pytest.approx(scored.value)
    assert points == sorted(points, reverse=True)
    assert all(point >= 0 for point in points)
    assert len({part["kind"] for part in scored.parts}) == len(points)


@given(upvotes=st.integers(1, 1000), window=st.sampled_from(WINDOWS))
def test_a_kind_that_was_not_read_is_not_a_zero(upvotes: int, window: str) -> None:
    alone = score_at(read(upvotes), window=window)
    assert [part["kind"] for part in alone.parts] == ["upvotes"]
    assert alone.value > score_at(read(upvotes), read(0, kind="comments"), window=window).value


def test_no_readings_are_no_score() -> None:
    assert score_at() == Score(0, [])


def test_a_kind_the_formula_does_not_know_is_left_out() -> None:
    assert score_at(read(3), read(99, kind="citations")) == score_at(read(3))


def test_the_counts_of_two_sources_are_not_mixed() -> None:
    one = [read(10, hours_ago=3), read(12, hours_ago=1)]
    other = [read(1_000, hours_ago=2, series="other"), read(1_001, series="other")]
    assert score_at(*one, *other).parts[0]["gain"] == 12 + 1_001


def test_an_unknown_window_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="year"):
        score_at(read(1), window="year")


def _part(kind: str, gain: int) -> Part:
    return {"kind": kind, "gain": gain, "points": 1.0}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([_part("upvotes", 84), _part("comments", 1)], "+84 upvotes, +1 comment"),
        ([_part("upvotes", 1), _part("stars", 1_234)], "+1 upvote, +1,234 GitHub stars"),
        ([_part("stars", 1), _part("comments", 2)], "+1 GitHub star, +2 comments"),
        ([_part("upvotes", 3), _part("comments", 0)], "+3 upvotes"),
        ([_part("upvotes", 0)], ""),
        ([], ""),
    ],
)
def test_gains_are_said_in_words(parts: Sequence[Part], expected: str) -> None:
    assert in_words(parts) == expected
