from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from papers.chart import MOST_POINTS, MOST_ROWS, MOST_SPARK_POINTS, Chart, Point, Reading, draw, draw_spark

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
READINGS = st.lists(
    st.builds(Reading, st.datetimes(timezones=st.just(UTC)), st.integers(0, 10**9)), min_size=2, max_size=300
)


def readings(*values: int, every: timedelta = timedelta(hours=1)) -> list[Reading]:
    return [Reading(START + number * every, value) for number, value in enumerate(values)]


def chart(*values: int) -> Chart:
    drawn = draw(readings(*values))
    assert drawn
    return drawn


def test_fewer_than_two_readings_make_no_chart() -> None:
    assert draw([]) is None
    assert draw(readings(7)) is None


def test_growth_from_nothing_runs_from_corner_to_corner() -> None:
    drawn = chart(0, 50, 100)
    assert drawn.points[0] == Point(drawn.left, drawn.floor)
    assert drawn.points[-1] == drawn.end == Point(drawn.right, drawn.top)
    assert drawn.points[1] == Point((drawn.left + drawn.right) / 2, (drawn.top + drawn.floor) / 2)
    assert (drawn.low, drawn.high, drawn.gain) == (0, 100, 100)


def test_a_count_that_stays_is_a_level_line_above_zero() -> None:
    assert {point.y for point in chart(4, 4, 4).points} == {chart(4, 4).top}
    assert chart(4, 4).low == 0


def test_a_count_of_nothing_lies_on_the_floor() -> None:
    drawn = chart(0, 0)
    assert {point.y for point in drawn.points} == {drawn.floor}


def test_little_growth_of_a_large_count_is_still_seen() -> None:
    drawn = chart(10_000, 10_050)
    assert (drawn.low, drawn.high) == (10_000, 10_050)
    assert drawn.points[0].y - drawn.points[-1].y > 90


def test_time_is_drawn_to_scale() -> None:
    times = [START, START + timedelta(hours=1), START + timedelta(hours=10)]
    drawn = draw([Reading(at, 1) for at in times])
    assert drawn
    first, second, third = (point.x for point in drawn.points)
    assert round((third - first) / (second - first)) == 10


def test_the_table_has_the_last_reading_of_each_day() -> None:
    drawn = draw(readings(1, 2, 3, 4, 5, every=timedelta(hours=8)))
    assert drawn
    assert [row.value for row in drawn.rows] == [2, 5]


def test_long_tables_and_lines_are_thinned_and_keep_both_ends() -> None:
    drawn = draw(readings(*range(1_000), every=timedelta(hours=6)))
    assert drawn
    assert len(drawn.points) == MOST_POINTS
    assert len(drawn.rows) == MOST_ROWS
    assert (drawn.points[0].x, drawn.points[-1].x) == (drawn.left, drawn.right)
    assert drawn.rows[-1].value == 999


def test_the_area_closes_on_the_floor() -> None:
    drawn = chart(0, 10)
    assert drawn.area == f"{drawn.left},{drawn.floor} {drawn.line} {drawn.right},{drawn.floor}"


@given(READINGS)
def test_every_chart_stays_within_its_frame_whatever_the_order(counts: list[Reading]) -> None:
    drawn = draw(counts)
    assert drawn
    for point in drawn.points:
        assert drawn.left <= point.x <= drawn.right <= drawn.width
        assert drawn.top <= point.y <= drawn.floor <= drawn.height
    assert draw(counts[::-1]) == drawn
    assert [point.x for point in drawn.points] == sorted(point.x for point in drawn.points)


def test_a_spark_runs_from_its_smallest_count_to_its_largest() -> None:
    drawn = draw_spark(readings(40, 45, 50))
    assert drawn
    assert drawn.points == [Point(3, 21), Point(48, 12), Point(93, 3)]
    assert (drawn.line, drawn.end) == ("3,21 48,12 93,3", Point(93, 3))
    assert (drawn.first.value, drawn.last.value) == (40, 50)


def test_fewer_than_two_readings_make_no_spark_and_a_count_that_stays_a_low_one() -> None:
    assert draw_spark(readings(7)) is None
    level = draw_spark(readings(7, 7))
    assert level
    assert {point.y for point in level.points} == {21}


@given(READINGS)
def test_a_spark_stays_inside_of_its_frame_whatever_the_order(given_readings: list[Reading]) -> None:
    drawn = draw_spark(given_readings)
    assert drawn
    assert drawn == draw_spark(given_readings[::-1])
    assert len(drawn.points) <= MOST_SPARK_POINTS
    assert all(0 < point.x < drawn.width and 0 < point.y < drawn.height for point in drawn.points)
