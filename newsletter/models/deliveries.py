"""The ledger: one delivery of an edition to a reader, and what the world said of it afterwards."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q, Value

from newsletter.models.editions import Edition
from subscribers.models import Subscriber


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def queued(self) -> DeliveryQuerySet:
        return self.filter(status=Delivery.Status.QUEUED)

    def due(self, at: datetime) -> DeliveryQuerySet:
        """Queued ones whose time has come, of editions that may go out."""
        return self.queued().filter(next_attempt_at__lte=at, edition__in=Edition.objects.sending())

    def taken(self) -> DeliveryQuerySet:
        """What the provider took from the process that settled it. Of what a log or an event told nobody knows when it
        left; its detail says so."""
        return self.filter(status=Delivery.Status.ACCEPTED, detail="")

    def expired(self, at: datetime) -> DeliveryQuerySet:
        """Those whose sending process has not been heard of within its lease."""
        return self.filter(lease_until__lt=at)

    def changeable(self, at: datetime) -> DeliveryQuerySet:
        """What its reader's wishes still decide about: queued, or skipped by them before the hour has come.

        An hour that passed in a pause is not made up for.
        """
        reasons = Delivery.SkipReason
        wishes = [reasons.PAUSED, reasons.CADENCE, reasons.NOTHING_RELEVANT]
        kept_back = Q(status=Delivery.Status.SKIPPED, skip_reason__in=wishes, due_at__gt=at)
        open_editions = [Edition.Status.CLOSING, Edition.Status.CLOSED]
        return self.filter(Q(status=Delivery.Status.QUEUED) | kept_back, edition__status__in=open_editions)

    def not_to_repeat(self) -> DeliveryQuerySet:
        """Deliveries whose papers the reader has, or may have, or is about to get."""
        may_have_left = Q(skip_reason=Delivery.SkipReason.UNCERTAIN)
        return self.filter(~Q(status__in=[Delivery.Status.SKIPPED, Delivery.Status.FAILED]) | may_have_left)


class Delivery(models.Model):
    """One edition to one subscriber: a row of the ledger."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued: waits for its time"
        CLAIMED = "claimed", "Claimed: a process has it, nothing has left"
        HANDED_OVER = "handed_over", "Handed over: leaving right now"
        ACCEPTED = "accepted", "Accepted: the mail provider took it"
        FAILED = "failed", "Failed: refused for good"
        UNKNOWN = "unknown", "Unknown: may have left; never sent again by itself"
        SKIPPED = "skipped", "Skipped: was not to be sent"

    class SkipReason(models.TextChoices):
        SUPPRESSED = "suppressed", "The address must not be mailed"
        UNSUBSCRIBED = "unsubscribed", "The reader left"
        ERASED = "erased", "The reader was erased"
        PAUSED = "paused", "The reader takes a break"
        CADENCE = "cadence", "The reader chose another cadence"
        LATE = "late", "Too late to be of use"
        NOTHING_RELEVANT = "nothing_relevant", "Nothing to show this reader"
        CANCELLED = "cancelled", "The edition was cancelled"
        UNCERTAIN = "uncertain", "May have left; an operator let it be"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Its index would be the third that begins with the edition.
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.SET_NULL, null=True, related_name="deliveries")
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    due_at = models.DateTimeField(help_text="The reader's hour.")
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    skip_reason = models.CharField(max_length=20, choices=SkipReason, blank=True)
    detail = models.CharField(max_length=200, blank=True, help_text="What the mail provider said last.")
    provider_message_id = models.CharField(max_length=200, blank=True)
    # What the world did with it, each told by events and set once.
    delivered_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    complained_at = models.DateTimeField(null=True, blank=True)
    # What the reader gets, in order, and why: a list of newsletter.selection.Pick as dictionaries.
    picks = models.JSONField(default=list)
    # What is named below them: ids of the papers most in demand that are not among them. To name is not to send.
    also = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    chosen_at = models.DateTimeField(help_text="When the picks were chosen.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-due_at", "id"]
        permissions = [("resolve_delivery", "Can have deliveries sent again, or let them be")]
        constraints = [
            models.UniqueConstraint(fields=["edition", "subscriber"], name="one_delivery_per_edition_and_subscriber"),
            models.CheckConstraint(
                condition=Q(status__in=["claimed", "handed_over"], claim__isnull=False, lease_until__isnull=False)
                | (~Q(status__in=["claimed", "handed_over"]) & Q(claim=None, lease_until=None)),
                name="only_deliveries_in_hand_have_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(status="skipped") ^ Q(skip_reason=""), name="skipped_deliveries_say_why"
            ),
        ]
        indexes = [
            # What to send next.
            models.Index(fields=["next_attempt_at"], name="delivery_due", condition=Q(status="queued")),
            # Leases to sweep.
            models.Index(fields=["lease_until"], name="delivery_leases", condition=Q(lease_until__isnull=False)),
            # The ledger as a list, latest first.
            models.Index(fields=["-due_at", "id"], name="delivery_ledger"),
            # The same of those that were skipped for one reason; few of many.
            models.Index(
                fields=["skip_reason", "-due_at", "id"], name="delivery_skipped", condition=~Q(skip_reason="")
            ),
            # Who never got a digest, who got one lately and when: the list of readers, without reading the table.
            models.Index(fields=["subscriber", "-due_at"], name="delivery_received", condition=Q(status="accepted")),
            # Counts by status of an edition.
            models.Index(fields=["edition", "status"], name="delivery_counts"),
            # What came back lately, for the dashboard; few of many.
            models.Index(fields=["bounced_at"], name="delivery_bounced", condition=Q(bounced_at__isnull=False)),
            models.Index(
                fields=["complained_at"], name="delivery_complained", condition=Q(complained_at__isnull=False)
            ),
            # Events of providers that do not give our reference back.
            models.Index(
                fields=["provider_message_id"], name="delivery_by_message_id", condition=~Q(provider_message_id="")
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
