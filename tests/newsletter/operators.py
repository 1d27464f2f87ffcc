"""An operator at the desk of an edition, for tests."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from newsletter.admin.acts import Act
from newsletter.models import Delivery, Edition
from tests.factories import make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.desk import EDITIONS, make_draft


def draft_of_today(**fields: Any) -> Edition:
    """A draft of papers that trend now, so that they stay when it is frozen."""
    at = timezone.now()
    papers = [make_paper(title=title, listed_on=at.date()) for title in ("Marmots", "Robots")]
    return make_draft(*papers, day=at.date(), closes_at=at + timedelta(hours=2), **fields)


def edition_of(*statuses: str, **fields: Any) -> Edition:
    at = timezone.now()
    edition = make_edition(make_paper(), audience=len(statuses), day=at.date(), **fields)
    for status in statuses:
        make_delivery(edition, make_reader(), status=status, due_at=at)
    return edition


def act_url(edition: Edition, act: Act[Edition]) -> str:
    return f"{EDITIONS}{edition.pk}/{act.name.replace('_', '-')}/"


def press(client: Client, edition: Edition, act: Act[Edition], period: str | None = None) -> Any:
    """Answer the page as it is now; `period` is what is typed in place of the edition's."""
    typed = edition.period if period is None else period
    seen = Edition.objects.get(pk=edition.pk).status
    return client.post(act_url(edition, act), {"typed": typed, "seen": seen}, follow=True)


def states() -> list[tuple[str, str]]:
    return sorted(Delivery.objects.values_list("status", "skip_reason"))
