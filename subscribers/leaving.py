"""What a reader may say while leaving: rather less often, or why."""

from datetime import datetime, timedelta

from subscribers.local_time import today_of
from subscribers.models import Subscriber
from subscribers.preferences import change_preferences

WEEKLY, PAUSE = "weekly", "pause"
PAUSE_LASTS = timedelta(weeks=4)


def read_less(reader: Subscriber, instead: str, at: datetime) -> bool:
    """Give an active reader a weekly digest, or a pause; return False, and change nothing, for anything else."""
    if not reader.is_active or instead not in {WEEKLY, PAUSE}:
        return False
    if instead == WEEKLY:
        change_preferences(reader, at, cadence=Subscriber.Cadence.WEEKLY)
    else:
        until = today_of(reader, at) + PAUSE_LASTS
        change_preferences(reader, at, paused_until=max(until, reader.paused_until or until))
    return True


def keep_reason(reader: Subscriber, reason: str) -> bool:
    """Keep why a reader has left; return False, and keep nothing, for a reader who has not, or who says no reason."""
    if reason not in Subscriber.LeavingReason:
        return False
    left = Subscriber.objects.filter(pk=reader.pk, status=Subscriber.Status.UNSUBSCRIBED)
    return bool(left.update(leaving_reason=reason))
