"""Looks for what does not go on by itself: overdue editions, and queues that nobody works off."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from mail import throttle
from newsletter.alerts import clear, raise_alert
from newsletter.models import Alert, Delivery, Edition, Heartbeat

# Beats come each minute, and everything that is due within seconds; this late is not a slow moment any more.
SILENT_AFTER = timedelta(minutes=5)
OVERDUE_AFTER = timedelta(minutes=30)


def watch(at: datetime) -> None:
    """Raise an alert for each thing that is late, and clear those that are late no more."""
    overdue = overdue_editions(at)
    for edition in overdue:
        raise_alert(Alert.Kind.OVERDUE, _why_overdue(edition), at, edition=edition)
    clear(Alert.objects.filter(kind=Alert.Kind.OVERDUE).exclude(edition__in=overdue), at)
    silent = silent_queues(at)
    for queue in silent:
        text = f"Nobody works off the queue {queue}. See whether a worker and beat are running."
        raise_alert(Alert.Kind.SILENT, text, at, about=queue)
    clear(Alert.objects.filter(kind=Alert.Kind.SILENT).exclude(about__in=silent), at)


def overdue_editions(at: datetime) -> list[Edition]:
    """Return the editions that should have closed, or of which nothing has moved although it is time."""
    late = at - OVERDUE_AFTER
    not_closed = Q(status=Edition.Status.DRAFT, closes_at__lt=late) | Q(
        status=Edition.Status.CLOSING, closing_at__lt=late
    )
    stuck = Q(status=Edition.Status.CLOSED, paused_at=None) & _stuck(late)
    wanted = not_closed if throttle.stopped().exists() else not_closed | stuck
    return list(Edition.objects.filter(wanted).defer("fragments"))


def _stuck(late: datetime) -> Q:
    """Deliveries have waited since before `late`, and none has been settled: not just slow, as limits make it."""
    waiting = [Delivery.Status.QUEUED, Delivery.Status.CLAIMED]
    of_edition = Delivery.objects.filter(edition=OuterRef("pk")).order_by()
    has_waited = of_edition.filter(status__in=waiting, next_attempt_at__lt=late)
    return Q(Exists(has_waited)) & ~Q(Exists(of_edition.filter(settled_at__gte=late)))


def _why_overdue(edition: Edition) -> str:
    if edition.status == Edition.Status.CLOSED:
        return f"Nothing of edition {edition} leaves although it is time. Run edition_status {edition.period}."
    return f"Edition {edition} should have closed. See whether a worker and beat are running, and read their log."


def silent_queues(at: datetime) -> list[str]:
    """Return the queues that have been worked off before, and are not any more."""
    silent = Heartbeat.objects.filter(queue__in=queues(), beat_at__lt=at - SILENT_AFTER)
    return list(silent.values_list("queue", flat=True))


def queues() -> list[str]:
    """Return the queues that workers are to work off."""
    return [queue.name for queue in settings.CELERY_TASK_QUEUES]


def beat(queue: str, at: datetime) -> None:
    """Note that a task went the whole way through `queue`."""
    Heartbeat.objects.update_or_create(queue=queue, defaults={"beat_at": at})
