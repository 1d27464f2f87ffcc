"""What the mail provider took lately, off the ledger: how fast it goes, and whether anything goes at all."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min

from mail.models import HandedOver
from newsletter.models import Delivery, DeliveryQuerySet

# The rate is that of the last minutes: long enough to be steady, short enough to be now.
RATE_OVER = timedelta(minutes=5)
# A rate of less than this is chance.
RATE_FROM = timedelta(seconds=10)


def taken_since(since: datetime, at: datetime) -> DeliveryQuerySet:
    """Return what the provider took after `since`, of whatever edition."""
    # Only what is not late leaves: with the hour, the index of the ledger finds it.
    promised = Delivery.objects.filter(due_at__gt=since - settings.NEWSLETTER_LATE_AFTER, due_at__lte=at)
    return promised.taken().filter(settled_at__gt=since, settled_at__lte=at).order_by()


def has_any_left_since(since: datetime) -> bool:
    """Return whether the provider was given anything, taken or not, that it may have taken after `since`.

    A few rows, one for each minute: where nothing left, nobody needs to read the ledger to see that nothing was taken.
    """
    first = since - settings.NEWSLETTER_LEASE - timedelta(minutes=1)
    return HandedOver.objects.filter(minute__gte=first, count__gt=0).exists()


def rate(at: datetime) -> float | None:
    """Return how many messages a second the provider took lately from all processes; None when too few to tell."""
    found = taken_since(at - RATE_OVER, at).aggregate(count=Count("pk"), since=Min("settled_at"))
    if not found["count"] or at - found["since"] < RATE_FROM:
        return None
    return float(found["count"] / (at - found["since"]).total_seconds())
