"""What a monitor asks: whether the service is well, and what is not. A few queries, nothing personal."""

from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.db.models import Count
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mail import throttle
from newsletter.heartbeats import queues, silent_queues
from newsletter.leftovers import open_editions
from newsletter.models import Alert, Edition, Heartbeat
from newsletter.watching import overdue_editions
from papers.models import SourceRun


@never_cache
@require_safe
def show_health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when nothing stands or is late, else 503; both say what."""
    at = timezone.now()
    try:
        told = health(at)
    except (DatabaseError, InterfaceError):
        told = {"ok": False, "database": "unreachable"}
    return JsonResponse(told, status=200 if told["ok"] else 503)


def health(at: datetime) -> dict[str, Any]:
    """Return what is known at `at`. What is late is looked for here too: nobody may be there to raise an alert."""
    alerts = list(Alert.objects.standing().values("kind", "about", "text", "raised_at"))
    overdue = [str(edition) for edition in overdue_editions(at)]
    silent = silent_queues(at)
    # A draft with faults is for an editor, and no reason to start the service anew.
    troubles = [alert for alert in alerts if alert["kind"] != Alert.Kind.NOT_READY]
    paused = Edition.objects.filter(paused_at__isnull=False, status=Edition.Status.CLOSED)
    return {
        "ok": not (troubles or overdue or silent),
        "database": "ok",
        "alerts": alerts,
        "overdue_editions": overdue,
        "silent_queues": silent,
        "mail_stopped": throttle.stopped().exists(),
        "open_editions": [str(edition) for edition in open_editions()],
        "paused_editions": list(paused.values_list("period", flat=True)),
        "last_ingest": _last_ingest(),
        "last_edition": _last_edition(),
        "heartbeats": _heartbeats(at),
    }


def _last_ingest() -> dict[str, Any] | None:
    runs = SourceRun.objects.values("source", "status", "started_at", "finished_at")
    run = runs.order_by("-started_at", "-pk").first()
    return dict(run) if run else None


def _last_edition() -> dict[str, Any] | None:
    known = Edition.objects.exclude(status=Edition.Status.DRAFT).order_by("-closes_at", "kind")
    edition = known.only("kind", "period", "status", "audience").first()
    if edition is None:
        return None
    counts = edition.deliveries.order_by().values_list("status").annotate(count=Count("pk"))
    told = {name: getattr(edition, name) for name in ("kind", "period", "status", "audience")}
    return told | {"deliveries": dict(counts)}


def _heartbeats(at: datetime) -> dict[str, Any]:
    beats = Heartbeat.objects.filter(queue__in=queues()).order_by("queue").values_list("queue", "beat_at")
    return {queue: {"at": beat_at, "seconds_ago": round((at - beat_at).total_seconds())} for queue, beat_at in beats}
