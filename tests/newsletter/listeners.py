"""Readers who asked to hear of days without a digest, and what they are told."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from newsletter.models import Edition
from newsletter.quiet_days import tell_of_quiet_days
from papers.models import SourceRun
from subscribers.models import Letter, Subscriber
from tests.factories import make_edition, make_paper, make_reader

HOUR = timedelta(hours=1)
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)
FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 11, day) for day in (20, 21, 22, 23))
# Seven o'clock of the readers below, the day after the one that the digest would have been about.
SUNDAY_AT_SEVEN = datetime(2026, 11, 22, 7, tzinfo=UTC)
MONDAY_AT_SEVEN = datetime(2026, 11, 23, 7, tzinfo=UTC)
TUESDAY_AT_SEVEN = datetime(2026, 11, 24, 7, tzinfo=UTC)


def make_listener(**fields: object) -> Subscriber:
    """Somebody who wants to hear of days without a digest."""
    facts: dict[str, Any] = {"hears_of_quiet_days": True, "confirmed_at": LONG_AGO} | fields
    return make_reader(**facts)


def letters() -> list[tuple[datetime, str]]:
    """The hour and the reason of each letter that waits."""
    return list(Letter.objects.filter(kind="nothing_new").order_by("asked_at").values_list("asked_at", "why"))


def told_over(first: datetime, last: datetime) -> list[datetime]:
    """The hours of all letters that are made, and taken away, when it is looked every hour."""
    at, hours = first, []
    while at <= last:
        if tell_of_quiet_days(at):
            hours += [hour for hour, _ in letters()]
            Letter.objects.all().delete()
            assert tell_of_quiet_days(at) == 0
        at += HOUR
    return hours


def read_list(*, status: str = "read", at: datetime) -> None:
    SourceRun.objects.create(source="huggingface", due_at=at, started_at=at, status=status)


def draft(day: date) -> Edition:
    return make_edition(make_paper(listed_on=day), day=day, status="draft")
