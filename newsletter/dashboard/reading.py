"""How the sources of papers are: when each was read last, what came of it, and whether that is too long ago."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from papers.models import SourceRun
from papers.sources import SOURCES
from papers.sources.breaker import DEAD_AFTER

Status = SourceRun.Status

# An answer that came and was understood, be it without papers.
GOOD = (Status.READ, Status.EMPTY)
# Readings that may be missed before it is worth a word: a deployment, a busy worker.
MISSED = 2


@dataclass(frozen=True)
class SourceHealth:
    """A source, its last reading, and its last good one."""

    name: str
    every: timedelta
    last: SourceRun | None
    last_good_at: datetime | None
    at: datetime

    @property
    def is_late(self) -> bool:
        """Whether it should have been read since: nobody rings for it, or no worker runs."""
        return self.last is None or self.last.started_at < self._should_have

    @property
    def gives_nothing(self) -> bool:
        """Whether a good reading should have come since: it is late, or fails each time."""
        return self.last_good_at is None or self.last_good_at < self._should_have

    @property
    def _should_have(self) -> datetime:
        return self.at - self.every * MISSED - DEAD_AFTER

    @property
    def has_died(self) -> bool:
        """Whether the process that read it did not come to an end."""
        last = self.last
        return bool(last and last.status == Status.UNFINISHED and last.started_at < self.at - DEAD_AFTER)

    @property
    def is_well(self) -> bool:
        good = (*GOOD, Status.UNFINISHED)
        return not (self.is_late or self.has_died) and self.last is not None and self.last.status in good

    @property
    def in_a_word(self) -> str:
        """Late, or how the last reading ended."""
        if self.last is None:
            return "never read"
        if self.is_late:
            return "late"
        return "process died" if self.has_died else self.last.get_status_display().partition(":")[0].lower()


def sources_health(at: datetime) -> list[SourceHealth]:
    """Return how each enabled source is; two queries a source."""
    return [_health(name, at) for name in settings.PAPERS_SOURCES]


def _health(name: str, at: datetime) -> SourceHealth:
    # By the index of the runs of a source, latest first.
    runs = SourceRun.objects.filter(source=name, started_at__lte=at)
    good = runs.filter(status__in=GOOD).values_list("started_at", flat=True).first()
    return SourceHealth(name, SOURCES[name]().every, runs.first(), good, at)
