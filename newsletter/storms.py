"""Stops an edition by itself when going on would only do harm, and tells the operator."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from newsletter.alerts import raise_alert
from newsletter.models import Alert, Delivery, Edition
from newsletter.said import most_frequent

# So many that failed or may have left, within this time and as half of all, are a storm: something is wrong.
STORM = 20
STORM_WITHIN = timedelta(minutes=5)

BAD = {Delivery.Status.FAILED, Delivery.Status.UNKNOWN}


def pause_in_storm(edition_id: int, at: datetime) -> bool:
    """Pause an edition of which too many messages failed lately, by whatever process, since it was last resumed.

    Return whether they did.
    """
    edition = Edition.objects.defer("fragments").get(pk=edition_id)
    since = max(at - STORM_WITHIN, edition.resumed_at or at - STORM_WITHIN)
    lately = edition.deliveries.filter(settled_at__gte=since)
    bad, taken = lately.filter(status__in=BAD).count(), lately.taken().count()
    is_storm = bad >= max(STORM, taken)
    if is_storm:
        told = most_frequent(edition, *BAD, since=since)
        why = f"{told.rstrip('.')}. Mend that" if told else "Look at why"
        text = f"{bad} of the last {bad + taken} messages failed. {why}, then resume the edition."
        _pause(edition, Alert.Kind.STORM, text, at)
    return is_storm


def pause_for_account(edition_ids: Iterable[int], detail: str, at: datetime) -> None:
    """Pause editions because the mail provider refuses us, and not their recipients."""
    for edition in Edition.objects.defer("fragments").filter(pk__in=edition_ids):
        text = f"The mail provider refuses our account ({detail}). Mend it, then resume the edition."
        _pause(edition, Alert.Kind.ACCOUNT, text, at)


def _pause(edition: Edition, kind: Alert.Kind, text: str, at: datetime) -> None:
    with transaction.atomic():
        if edition.pause(at, text):
            raise_alert(kind, text, at, edition=edition)
