"""Why nothing was listed today: said to readers in a sentence, so that an empty page is never a riddle."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import Q

from papers.calendar import is_holiday, is_listing_day
from papers.models import Paper, SourceRun
from papers.sources import huggingface
from papers.sources.breaker import DEAD_AFTER

# The sources that say which papers are on the list of a day.
LISTING_SOURCES = frozenset({huggingface.NAME})
# Several slots: one missed reading is nothing to worry a reader with.
SILENT_AFTER = timedelta(hours=3)
TROUBLE = frozenset({SourceRun.Status.FAILED, SourceRun.Status.STALE, SourceRun.Status.RESTING})
# What a reading by hand came to says nothing of today's list, unless it was good: it may be of a month long past.
BY_HAND_IN_VAIN = Q(due_at=None, status__in=TROUBLE | {SourceRun.Status.UNFINISHED})


class Kind(StrEnum):
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    LATE = "late"
    BROKEN = "broken"


SENTENCES = {
    Kind.WEEKEND: "It is the weekend: papers are listed Monday to Friday, and the next list comes on Monday.",
    Kind.HOLIDAY: "Today is a holiday at arXiv: nothing was announced, and few papers are listed or none.",
    Kind.LATE: "Today's list has not come yet. It usually does in the course of the morning (UTC).",
    Kind.BROKEN: "Today's list could not be read. We keep trying, and papers will appear as soon as it can.",
}


@dataclass(frozen=True)
class Absence:
    kind: Kind

    @property
    def sentence(self) -> str:
        return SENTENCES[self.kind]


def absence(at: datetime) -> Absence | None:
    """Return why no paper was listed on the UTC date of `at`; None when some were, or when no list is read at all."""
    sources = LISTING_SOURCES & set(settings.PAPERS_SOURCES)
    if not sources or Paper.objects.visible().filter(listed_on=at.date(), is_sample=False).exists():
        return None
    if not is_listing_day(at.date()):
        return Absence(Kind.WEEKEND)
    if all(_is_broken(source, at) for source in sources):
        return Absence(Kind.BROKEN)
    return Absence(Kind.HOLIDAY if is_holiday(at.date()) else Kind.LATE)


def _is_broken(source: str, at: datetime) -> bool:
    """Return whether the last reading of `source` went wrong, or lies hours back."""
    run = SourceRun.objects.filter(source=source, started_at__lte=at).exclude(BY_HAND_IN_VAIN).first()
    if run is None or run.started_at < at - SILENT_AFTER or run.status in TROUBLE:
        return True
    return run.status == SourceRun.Status.UNFINISHED and run.started_at < at - DEAD_AFTER
