"""What an edition is about: a day or a week, as stored and in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.dateformat import format as in_format

# In the form of ISO 8601, which also sorts by time: 2026-11-23, 2026-W47.
WEEK_MARK = "W"


@dataclass(frozen=True, order=True)
class Period:
    """The days from `first` to `last`: one, or a week from Monday to Sunday."""

    first: date
    last: date

    @classmethod
    def of_day(cls, day: date) -> Period:
        return cls(day, day)

    @classmethod
    def of_week(cls, day: date) -> Period:
        """Return the week that `day` is in."""
        monday = day - timedelta(days=day.weekday())
        return cls(monday, monday + timedelta(days=6))

    @classmethod
    def parse(cls, text: str) -> Period:
        """Return the period that `str` gave `text` for. Raises ValueError for anything else."""
        first = date.fromisoformat(text)
        return cls.of_week(first) if WEEK_MARK in text else cls.of_day(first)

    def __str__(self) -> str:
        if not self.is_week:
            return self.first.isoformat()
        year, week, _ = self.first.isocalendar()
        return f"{year}-{WEEK_MARK}{week:02}"

    @property
    def is_week(self) -> bool:
        return self.first != self.last

    @property
    def short_name(self) -> str:
        """As in "23 November" or "Week 47"."""
        return f"Week {self.first.isocalendar().week}" if self.is_week else in_format(self.first, "j F")

    @property
    def name(self) -> str:
        """As in "23 November 2026" or "Week 47, 16–22 November 2026"."""
        return f"{self.short_name}, {self._span}" if self.is_week else in_format(self.first, "j F Y")

    @property
    def dateline(self) -> str:
        """As in "Monday, 23 November 2026" or "Week 47, 16–22 November 2026"."""
        return self.name if self.is_week else in_format(self.first, "l, j F Y")

    @property
    def _span(self) -> str:
        last = in_format(self.last, "j F Y")
        if self.first.year != self.last.year:
            return f"{in_format(self.first, 'j F Y')} – {last}"
        if self.first.month != self.last.month:
            return f"{in_format(self.first, 'j F')} – {last}"
        return f"{self.first.day}–{last}"
