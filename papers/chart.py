"""Draws how a count grew, as the geometry of a small figure. Pure: readings in, numbers for a template out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

WIDTH, HEIGHT = 320, 132
# Room at the edges: for half a dot on the left and above, for the axes on the right and below.
LEFT, RIGHT, TOP, BOTTOM = 6, 52, 8, 24
# More points than the figure has pixels to tell apart would only make the page long.
MOST_POINTS = 120
MOST_ROWS = 12
# A line beside words, without axes.
SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 96, 24, 3
MOST_SPARK_POINTS = 40


class Reading(NamedTuple):
    """One count as it was read."""

    at: datetime
    value: int


class Point(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True)
class Chart:
    """A line over time. Coordinates run from the upper left corner, `width` by `height`."""

    points: list[Point]
    first: Reading
    last: Reading
    # The values at the lower and the upper edge of the drawing.
    low: int
    high: int
    # The last reading of each day, oldest first, thinned for reading.
    rows: list[Reading]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    floor: int = HEIGHT - BOTTOM

    @property
    def line(self) -> str:
        """The line, as the `points` of an SVG polyline."""
        return " ".join(f"{point.x:g},{point.y:g}" for point in self.points)

    @property
    def area(self) -> str:
        """What lies under the line, as the `points` of an SVG polygon."""
        return f"{self.points[0].x:g},{self.floor} {self.line} {self.points[-1].x:g},{self.floor}"

    @property
    def end(self) -> Point:
        return self.points[-1]

    @property
    def gain(self) -> int:
        return self.last.value - self.first.value


def draw(readings: Sequence[Reading]) -> Chart | None:
    """Return the figure of these readings, in any order; None when there are fewer than two, which make no line.

    The axis begins at zero where that shows the growth, else (a repository of ten thousand stars that gained fifty)
    at the smallest count.
    """
    if len(readings) < 2:
        return None
    ordered = sorted(readings)
    values = [reading.value for reading in ordered]
    low, high = min(values), max(values)
    if low * 2 < high or low == high:
        low = 0
    return Chart(
        points=[_place(reading, ordered[0], ordered[-1], low, high) for reading in _thin(ordered, MOST_POINTS)],
        first=ordered[0],
        last=ordered[-1],
        low=low,
        high=high,
        rows=_thin(_last_of_each_day(ordered), MOST_ROWS),
    )


@dataclass(frozen=True)
class Spark:
    """A line as high as a word, from the smallest count to the largest."""

    points: list[Point]
    first: Reading
    last: Reading
    width: int = SPARK_WIDTH
    height: int = SPARK_HEIGHT

    @property
    def line(self) -> str:
        """The line, as the `points` of an SVG polyline."""
        return " ".join(f"{point.x:g},{point.y:g}" for point in self.points)

    @property
    def end(self) -> Point:
        return self.points[-1]


def draw_spark(readings: Sequence[Reading]) -> Spark | None:
    """Return the line of these readings, in any order; None when there are fewer than two."""
    if len(readings) < 2:
        return None
    ordered = sorted(readings)
    first, last = ordered[0], ordered[-1]
    low, high = min(reading.value for reading in ordered), max(reading.value for reading in ordered)
    span, rise = (last.at - first.at).total_seconds() or 1.0, (high - low) or 1

    def place(reading: Reading) -> Point:
        across, up = (reading.at - first.at).total_seconds() / span, (reading.value - low) / rise
        x = SPARK_EDGE + across * (SPARK_WIDTH - 2 * SPARK_EDGE)
        y = SPARK_HEIGHT - SPARK_EDGE - up * (SPARK_HEIGHT - 2 * SPARK_EDGE)
        return Point(round(x, 1), round(y, 1))

    return Spark([place(reading) for reading in _thin(ordered, MOST_SPARK_POINTS)], first, last)


def _place(reading: Reading, first: Reading, last: Reading, low: int, high: int) -> Point:
    span, rise = (last.at - first.at).total_seconds(), high - low
    across = (reading.at - first.at).total_seconds() / span if span else 1.0
    up = (reading.value - low) / rise if rise else 0.0
    x = LEFT + across * (WIDTH - LEFT - RIGHT)
    y = HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)
    return Point(round(x, 1), round(y, 1))


def _thin(readings: Sequence[Reading], most: int) -> list[Reading]:
    """Return at most `most` of the readings, evenly chosen, the first and the last among them."""
    if len(readings) <= most:
        return list(readings)
    step = (len(readings) - 1) / (most - 1)
    return [readings[round(number * step)] for number in range(most)]


def _last_of_each_day(ordered: Sequence[Reading]) -> list[Reading]:
    days: dict[date, Reading] = {reading.at.astimezone(UTC).date(): reading for reading in ordered}
    return list(days.values())
