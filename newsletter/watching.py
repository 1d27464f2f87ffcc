"""Looks for what does not go on by itself: overdue editions, drafts with faults, and queues that nobody works off."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from mail import throttle
from newsletter.alerts import clear, raise_alert
from newsletter.heartbeats import silent_queues
from newsletter.models import Alert, Delivery, Edition
from newsletter.preflight import preflight
from newsletter.said import most_frequent
from newsletter.taken import has_any_left_since, taken_since

OVERDUE_AFTER = timedelta(minutes=30)
# Time enough for an editor to come and mend a draft before it closes.
CLOSES_SOON = timedelta(hours=1)
WAITING = (Delivery.Status.QUEUED, Delivery.Status.CLAIMED)


def watch(at: datetime) -> None:
    """Raise an alert for each thing that is late, and clear those that are late no more."""
    overdue = overdue_editions(at)
    alerts = Alert.objects.filter(kind=Alert.Kind.OVERDUE)
    told = set(alerts.standing().values_list("edition", flat=True))
    for edition in overdue:
        # Why is counted from all that wait: once, not each minute.
        if edition.pk not in told:
            raise_alert(Alert.Kind.OVERDUE, _why_overdue(edition), at, edition=edition)
    clear(alerts.exclude(edition__in=overdue), at)
    silent = silent_queues(at)
    for queue in silent:
        text = f"Nobody works off the queue {queue}. See whether a worker and beat are running."
        raise_alert(Alert.Kind.SILENT, text, at, about=queue)
    clear(Alert.objects.filter(kind=Alert.Kind.SILENT).exclude(about__in=silent), at)
    # Last: what is looked over is people's own words, and should that fail, all else has been told.
    _watch_drafts(at)


def _watch_drafts(at: datetime) -> None:
    """Raise an alert for each draft that closes soon, by itself, with what would block closing it by hand."""
    drafts = Edition.objects.filter(status=Edition.Status.DRAFT, closes_at__gt=at, closes_at__lte=at + CLOSES_SOON)
    not_ready = []
    for draft in drafts:
        if blocking := preflight(draft).blocking:
            not_ready.append(draft)
            # Anybody may read an alert where health is told: what is wrong, and not in which words.
            codes = ", ".join(dict.fromkeys(finding.code for finding in blocking))
            text = f"Edition {draft} closes at {draft.closes_at:%H:%M} UTC as it is: {codes}. See its page."
            raise_alert(Alert.Kind.NOT_READY, text, at, edition=draft)
    clear(Alert.objects.filter(kind=Alert.Kind.NOT_READY).exclude(edition__in=not_ready), at)


def overdue_editions(at: datetime) -> list[Edition]:
    """Return the editions that should have closed, or of which nothing leaves although it is time."""
    late = at - OVERDUE_AFTER
    not_closed = Q(status=Edition.Status.DRAFT, closes_at__lt=late) | Q(
        status=Edition.Status.CLOSING, closing_at__lt=late
    )
    overdue = list(Edition.objects.filter(not_closed).defer("fragments"))
    return overdue if throttle.stopped().exists() else [*overdue, *_stuck(late, at)]


def _stuck(late: datetime, at: datetime) -> list[Edition]:
    """Return the editions of which deliveries wait that were promised before `late`, and none leaves.

    What was tried in vain and waits for its next attempt waits as well. An edition that closed late, or was resumed,
    has its half an hour from then.
    """
    waiting = Delivery.objects.filter(status__in=WAITING, due_at__lt=late - settings.NEWSLETTER_SPREAD)
    # One look at the index of counts by status for each edition, instead of one at everybody's rows.
    has_waited = Exists(waiting.filter(edition=OuterRef("pk")).order_by())
    began = Edition.objects.sending().filter(Q(closed_at=None) | Q(closed_at__lt=late))
    began = began.filter(Q(resumed_at=None) | Q(resumed_at__lt=late))
    found = list(began.filter(has_waited).defer("fragments"))
    used = throttle.used_up(at)
    since = late - used.span if used else late
    if not found or not has_any_left_since(since):
        return found
    # Of which some was taken is not stuck, just slow, as limits make it.
    return [edition for edition in found if not taken_since(since, at).filter(edition=edition).exists()]


def _why_overdue(edition: Edition) -> str:
    if edition.status != Edition.Status.CLOSED:
        return f"Edition {edition} should have closed. See whether a worker and beat are running, and read their log."
    said = most_frequent(edition, *WAITING)
    why = f" Of those that wait {said}." if said else ""
    return f"Nothing of edition {edition} leaves although it is time.{why} Run edition_status {edition.period}."
