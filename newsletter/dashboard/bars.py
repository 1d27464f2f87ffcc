"""Draws how the list grew, as the geometry of a figure: a line of who reads, and bars for each day. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.dashboard.readers import Day

WIDTH, HEIGHT = 720, 220
# Room on the right and below for numbers and dates; the line is above, the bars are below it.
RIGHT, TOP, BOTTOM = 64, 12, 22
LINE_HEIGHT = 92
GAP = 26
# Of the width that a day has, the bar takes so much.
BAR = 0.7


@dataclass(frozen=True)
class Bar:
    """A day's bars: new ones rise from the middle, those who left hang from it, those whose mail bounced below them."""

    x: float
    joined: float
    left: float
    bounced: float


@dataclass(frozen=True)
class Figure:
    """Coordinates run from the upper left corner, `width` by `height`."""

    line: str
    area: str
    end: tuple[float, float]
    low: int
    high: int
    bars: list[Bar]
    bar_width: float
    # Where the bars of a day part: new above, gone below.
    middle: float
    most_joined: int
    most_gone: int
    width: int = WIDTH
    height: int = HEIGHT
    right: int = WIDTH - RIGHT
    line_top: int = TOP
    line_floor: int = TOP + LINE_HEIGHT
    bars_top: int = TOP + LINE_HEIGHT + GAP
    bars_floor: int = HEIGHT - BOTTOM


def draw(days: Sequence[Day]) -> Figure:
    """Return the figure of one or more days. Its line begins at zero where that shows growth, else at the lowest."""
    step = (WIDTH - RIGHT) / len(days)
    low, high = _span([day.active for day in days])
    points = [(round((number + 0.5) * step, 1), _height(day.active, low, high)) for number, day in enumerate(days)]
    line = " ".join(f"{x:g},{y:g}" for x, y in points)
    floor = TOP + LINE_HEIGHT
    joined, gone = max(day.joined for day in days), max(day.left + day.bounced for day in days)
    unit = (HEIGHT - BOTTOM - floor - GAP) / max(joined + gone, 1)
    return Figure(
        line=line,
        area=f"{points[0][0]:g},{floor} {line} {points[-1][0]:g},{floor}",
        end=points[-1],
        low=low,
        high=high,
        bars=[_bar(day, (number + (1 - BAR) / 2) * step, unit) for number, day in enumerate(days)],
        bar_width=round(step * BAR, 2),
        middle=round(floor + GAP + joined * unit, 2),
        most_joined=joined,
        most_gone=gone,
    )


def _span(values: Sequence[int]) -> tuple[int, int]:
    low, high = min(values), max(values)
    return (0, high) if low * 2 < high or low == high else (low, high)


def _height(value: int, low: int, high: int) -> float:
    up = (value - low) / (high - low) if high > low else 0.0
    return round(TOP + LINE_HEIGHT * (1 - up), 1)


def _bar(day: Day, x: float, unit: float) -> Bar:
    return Bar(round(x, 2), round(day.joined * unit, 2), round(day.left * unit, 2), round(day.bounced * unit, 2))
