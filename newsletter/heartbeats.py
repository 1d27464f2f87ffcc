"""Whether the queues are being worked off: a task that goes the whole way through each leaves its time."""

from datetime import datetime, timedelta

from django.conf import settings

from newsletter.models import Heartbeat

# Beats come each minute, and everything that is due within seconds; this late is not a slow moment any more.
SILENT_AFTER = timedelta(minutes=5)
SENDING = "send"


def beat(queue: str, at: datetime) -> None:
    """Note that a task went the whole way through `queue`; from the first on, the others are waited for as well."""
    Heartbeat.objects.update_or_create(queue=queue, defaults={"beat_at": at})
    if queue in queues():
        waited_for = [Heartbeat(queue=other, beat_at=at) for other in queues()]
        Heartbeat.objects.bulk_create(waited_for, ignore_conflicts=True)


def queues() -> list[str]:
    """Return the queues that workers are to work off."""
    return [queue.name for queue in settings.CELERY_TASK_QUEUES]


def silent_queues(at: datetime) -> list[str]:
    """Return the queues that nobody works off, of a service that workers have begun to work for."""
    silent = Heartbeat.objects.filter(queue__in=queues(), beat_at__lt=at - SILENT_AFTER)
    return list(silent.values_list("queue", flat=True))


def not_sending_since(at: datetime) -> datetime | None:
    """Return since when nobody works off the queue of sending; None when somebody does, or never did."""
    queue = SENDING if SENDING in queues() else settings.CELERY_TASK_DEFAULT_QUEUE
    silent = Heartbeat.objects.filter(queue=queue, beat_at__lt=at - SILENT_AFTER)
    return silent.values_list("beat_at", flat=True).first()
