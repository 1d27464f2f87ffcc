"""Time counted in announcement days: it stands still while arXiv announces nothing. Pure.

A weekend or a holiday makes no paper older, so Friday's papers meet Monday's as if it were the next day.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from papers.calendar import is_announcement_day

# Where the count begins; before arXiv's first paper.
EPOCH = date(1991, 1, 1)
DAY = timedelta(days=1)
_SECONDS_TO_EPOCH = datetime.combine(EPOCH, time(), UTC).timestamp()
_SECONDS_A_DAY = DAY.total_seconds()


def clock(at: datetime) -> float:
    """Return the announcement days from the epoch to `at`; within one, the part of the day that has passed."""
    return float(clocks(np.array([at.timestamp()]))[0])


def clock_of_day(day: date) -> float:
    """Return the clock at the midnight (UTC) that begins `day`."""
    return clock(datetime.combine(day, time(), UTC))


def clocks(timestamps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the clock of each POSIX time; times before the epoch count as the epoch. Up to the year 2100."""
    days = np.maximum(timestamps - _SECONDS_TO_EPOCH, 0.0) / _SECONDS_A_DAY
    whole = np.minimum(days.astype(np.int64), len(_announced()) - 2)
    before, ticks = _announced()[whole], _announced()[whole + 1] - _announced()[whole]
    return np.asarray(before + ticks * (days - whole), dtype=np.float64)


def day_ago(at: datetime) -> date:
    """Return the date (UTC) of the moment one announcement day before `at`: on a Monday, the Friday."""
    last = _last_announcement_day(at.date())
    return _last_announcement_day(last - DAY) if last == at.date() else last


def _last_announcement_day(day: date) -> date:
    while not is_announcement_day(day):
        day -= DAY
    return day


@lru_cache(maxsize=1)
def _announced() -> NDArray[np.float64]:
    """The number of announcement days before each day since the epoch."""
    last = date(2100, 1, 1)
    flags = [is_announcement_day(EPOCH + n * DAY) for n in range((last - EPOCH).days)]
    return np.concatenate([[0.0], np.cumsum(flags, dtype=np.float64)])
