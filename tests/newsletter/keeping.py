"""Editions as time passes."""

from datetime import date, datetime
from typing import Any

from newsletter.editions import keep_editions
from newsletter.models import Delivery, Edition
from papers.scoring import score_papers
from tests.factories import NOW

MORNING = NOW.replace(hour=10)
WEEKLY = Edition.Kind.WEEKLY
YESTERDAY = date(2026, 11, 20)  # the listing day before a Monday


def keep(at: datetime) -> None:
    """What the tasks do within an hour: score, then keep the editions."""
    score_papers(at)
    keep_editions(at)


def statuses(kind: str = Edition.Kind.DAILY) -> dict[str, str]:
    return dict(Edition.objects.filter(kind=kind).values_list("period", "status"))


def daily() -> Edition:
    """The only daily edition."""
    return Edition.objects.get(kind=Edition.Kind.DAILY)


def rows() -> tuple[list[Any], list[Any]]:
    return list(Edition.objects.order_by("pk").values()), list(Delivery.objects.order_by("pk").values())
