"""Stops an edition by itself when going on would only do harm, and tells the operator."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q

from newsletter.alerts import raise_alert
from newsletter.models import Alert, Delivery, Edition

# So many that failed or may have left, within this time and as half of all, are a storm: something is wrong.
STORM = 20
STORM_WITHIN = timedelta(minutes=5)

BAD = {Delivery.Status.FAILED, Delivery.Status.UNKNOWN}


def pause_in_storm(edition_id: int, at: datetime) -> None:
    """Pause an edition of which too many messages failed lately, by whatever process, since it was last resumed."""
    edition = Edition.objects.defer("fragments").get(pk=edition_id)
    since = max(at - STORM_WITHIN, edition.resumed_at or at - STORM_WITHIN)
    lately = edition.deliveries.filter(settled_at__gte=since).exclude(status=Delivery.Status.SKIPPED)
    found = lately.aggregate(bad=Count("pk", filter=Q(status__in=BAD)), all=Count("pk"))
    if found["bad"] >= STORM and 2 * found["bad"] >= found["all"]:
        text = f"{found['bad']} of the last {found['all']} messages failed. Look at why, then resume the edition."
        _pause(edition, Alert.Kind.STORM, text, at)


def pause_for_account(edition_ids: Iterable[int], detail: str, at: datetime) -> None:
    """Pause editions because the mail provider refuses us, and not their recipients."""
    for edition in Edition.objects.defer("fragments").filter(pk__in=edition_ids):
        text = f"The mail provider refuses our account ({detail}). Mend it, then resume the edition."
        _pause(edition, Alert.Kind.ACCOUNT, text, at)


def _pause(edition: Edition, kind: Alert.Kind, text: str, at: datetime) -> None:
    with transaction.atomic():
        if edition.pause(at, text):
            raise_alert(kind, text, at, edition=edition)
