"""What mail servers and providers said most often of an edition's deliveries."""

from datetime import datetime

from django.db.models import Count

from newsletter.models import Delivery, Edition


def most_frequent(edition: Edition, *statuses: Delivery.Status, since: datetime | None = None) -> str:
    """Return what was said last of most of the deliveries in these states, as in "550 say: SMTP 451 4.7.1"; or nothing.

    With `since` only of those that were settled since then.
    """
    told = edition.deliveries.filter(status__in=statuses).exclude(detail="").order_by()
    told = told.filter(settled_at__gte=since) if since else told
    found = told.values("detail").annotate(count=Count("pk")).order_by("-count", "detail").first()
    return f"{found['count']:,} say: {found['detail']}" if found else ""
