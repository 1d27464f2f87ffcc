"""What providers and mail servers tell about a message after it left."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from newsletter.models.deliveries import Delivery


class DeliveryEventQuerySet(models.QuerySet["DeliveryEvent"]):
    def waiting(self) -> DeliveryEventQuerySet:
        """What came and has not led to anything yet."""
        return self.filter(processed_at=None)


class DeliveryEvent(models.Model):
    """A provider's fact, named as anymail names it. Stored once when it comes, looked at later."""

    class Kind(models.TextChoices):
        SENT = "sent"
        DELIVERED = "delivered"
        DEFERRED = "deferred"
        BOUNCED = "bounced"
        REJECTED = "rejected"
        FAILED = "failed"
        COMPLAINED = "complained"
        UNSUBSCRIBED = "unsubscribed"
        OTHER = "other"

    # The provider's own id of the event, else a hash of all that it says: the same news twice is once.
    key = models.CharField(max_length=64, unique=True)
    provider = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, choices=Kind)
    happened_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    # Null until it is looked at, and for ever when it is about no delivery of ours.
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, null=True, blank=True, related_name="events")
    # Our own id of the message, as given back; and the provider's.
    reference = models.CharField(max_length=100, blank=True)
    provider_message_id = models.CharField(max_length=200, blank=True)
    # Of a bounce: whether the mailbox will never take a message. Null when nobody says.
    is_permanent = models.BooleanField(null=True, blank=True)
    detail = models.CharField(max_length=200, blank=True, help_text="Codes and types, never an address.")
    # What came, until it is looked at: it may hold an address.
    raw = models.JSONField(default=dict, blank=True, editable=False)
    processed_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryEventQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-pk"]
        indexes = [
            # What to look at next.
            models.Index(fields=["id"], name="event_waiting", condition=Q(processed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.provider})"

    @classmethod
    def of_refusal(cls, reference: str, detail: str, at: datetime) -> DeliveryEvent:
        """Return, not stored, that a message was refused since there is no such mailbox: as news like a provider's."""
        return cls(
            key=f"refused:{reference}",
            provider=settings.MAIL_PROVIDER,
            kind=cls.Kind.REJECTED,
            is_permanent=True,
            reference=reference,
            happened_at=at,
            received_at=at,
            detail=detail[:200],
        )
