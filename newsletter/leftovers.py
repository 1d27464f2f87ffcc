"""What of editions is not settled, or waits for somebody to decide."""

from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef

from newsletter.models import Delivery, Edition, EditionQuerySet

Status = Delivery.Status
OPEN = (Status.QUEUED, Status.CLAIMED, Status.HANDED_OVER)


def open_editions() -> EditionQuerySet:
    """Closed editions of which something is still to be sent, also those that are paused."""
    unsettled = Delivery.objects.filter(edition=OuterRef("pk"), status__in=OPEN).order_by()
    return Edition.objects.closed().filter(Exists(unsettled)).defer("fragments")


def late_drafts(at: datetime) -> EditionQuerySet:
    """Editions whose closing time has come, and that have not closed."""
    waiting = [Edition.Status.DRAFT, Edition.Status.CLOSING]
    return Edition.objects.filter(status__in=waiting, closes_at__lt=at).defer("fragments")


def unknown_ids(edition: Edition, limit: int | None = None) -> list[UUID]:
    """Return the ids of what may have left, of up to `limit`; they stand before the @ of the Message-ID."""
    unknown = edition.deliveries.filter(status=Status.UNKNOWN).order_by("handed_over_at", "pk")
    return list(unknown.values_list("pk", flat=True)[:limit])


def still_leaving(edition: Edition) -> str:
    """Return how many are being handed over and until when, as a sentence; nothing when none is."""
    leaving = edition.deliveries.filter(status=Status.HANDED_OVER).order_by()
    found = leaving.aggregate(count=Count("pk"), until=Max("lease_until"))
    if not found["count"]:
        return ""
    return (
        f"{found['count']} still handed over: what nobody answers for becomes unknown by {found['until']:%H:%M:%S} UTC."
    )


def is_held(edition: Edition) -> str:
    """Return that an edition is paused, as a sentence; nothing when it is not."""
    paused = Edition.objects.filter(pk=edition.pk, paused_at__isnull=False).exists()
    return f"It is paused. To send them: resume {edition.period}." if paused else ""
