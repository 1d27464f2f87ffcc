"""News from below: a reader confirmed, or wants something else. And from outside: what a provider tells of a mail."""

import hashlib
import json
from datetime import datetime
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.dispatch import receiver
from django.utils import timezone

from mail.status_codes import code_in
from newsletter.models import DeliveryEvent
from newsletter.permanence import is_permanent
from newsletter.quiet_days import is_overtaken
from newsletter.tasks import choose_again_task, welcome_late_readers_task
from subscribers.models import Letter
from subscribers.signals import confirmed, is_quiet_day_overtaken, letter_refused, preferences_changed

Kind = DeliveryEvent.Kind
# Opens and clicks are not among them: nobody is tracked, and what a provider tells all the same is not kept.
KEPT = {kind.value: kind for kind in Kind} | {EventType.QUEUED: Kind.SENT}
NOT_A_MAILBOX = {RejectReason.INVALID, RejectReason.BOUNCED}


@receiver(confirmed)
def on_confirmed(subscriber_id: int, **_: Any) -> None:
    welcome_late_readers_task.delay()


@receiver(preferences_changed)
def on_preferences_changed(subscriber_id: int, **_: Any) -> None:
    choose_again_task.delay(subscriber_id)


@receiver(is_quiet_day_overtaken)
def answer_whether_overtaken(letter: Letter, at: datetime, **_: Any) -> bool:
    return is_overtaken(letter, at)


@receiver(letter_refused)
def on_letter_refused(reference: str, detail: str, at: datetime, **_: Any) -> None:
    """Keep it as that of a digest is kept: as news like a provider's, from which the same follows."""
    event = DeliveryEvent.of_refusal(reference, detail, at)
    DeliveryEvent.objects.bulk_create([event], ignore_conflicts=True)


@receiver(tracking)
def on_tracking(event: AnymailTrackingEvent, esp_name: str, **_: Any) -> None:
    """Keep what a provider tells, once; what follows from it waits for the next task."""
    if event.event_type in KEPT:
        DeliveryEvent.objects.bulk_create([_kept(event, esp_name)], ignore_conflicts=True)


def _kept(event: AnymailTrackingEvent, esp_name: str) -> DeliveryEvent:
    raw = _plain(event.esp_event)
    texts = [event.description or "", event.mta_response or ""]
    return DeliveryEvent(
        key=_key(event, esp_name),
        provider=esp_name[:40],
        kind=KEPT[event.event_type],
        happened_at=event.timestamp,
        received_at=timezone.now(),
        reference=str((event.metadata or {}).get("reference", ""))[:100],
        provider_message_id=str(event.message_id or "")[:200],
        is_permanent=_is_permanent(event, raw, texts),
        detail=f"{event.reject_reason or ''} {code_in(' '.join(texts))}".strip()[:200],
        raw=raw,
    )


def _is_permanent(event: AnymailTrackingEvent, raw: object, texts: list[str]) -> bool | None:
    if event.event_type == EventType.REJECTED:
        return event.reject_reason in NOT_A_MAILBOX
    return is_permanent(raw, *texts) if event.event_type == EventType.BOUNCED else None


def _key(event: AnymailTrackingEvent, esp_name: str) -> str:
    """The provider's id of the event, else what tells it from any other; both as a hash of one length."""
    reference = (event.metadata or {}).get("reference")
    own = [event.event_id] if event.event_id else [event.message_id, reference, str(event.timestamp)]
    return hashlib.sha256(json.dumps([esp_name, event.event_type, *own]).encode()).hexdigest()


def _plain(raw: Any) -> Any:
    """Return what came as JSON keeps it; a posted form is a dictionary of last values."""
    return json.loads(json.dumps(raw.dict() if hasattr(raw, "dict") else raw, default=str))
