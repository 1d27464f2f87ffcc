"""The edition and its way into inboxes."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from newsletter.periods import Period
from newsletter.schedule import is_weekend
from papers.models import Paper
from subscribers.models import Subscriber

ON_PAGE = 60


class EditionQuerySet(models.QuerySet["Edition"]):
    def closed(self) -> EditionQuerySet:
        return self.filter(status=Edition.Status.CLOSED)

    def current(self, at: datetime, kind: str = "daily") -> Edition | None:
        """What somebody who confirms at `at` gets at once: the newest closed edition of this kind, if it is recent."""
        recent = self.closed().filter(kind=kind, closing_at__gt=at - Edition.Kind(kind).max_age)
        return recent.order_by("-period").first()

    def archive(self) -> EditionQuerySet:
        """What anybody may look back at, newest first; without the compiled mails, which are long."""
        return self.closed().order_by("-closes_at", "kind").defer("fragments")

    def sending(self) -> EditionQuerySet:
        """Closed editions whose deliveries may go out."""
        return self.closed().filter(paused_at=None)


class Edition(models.Model):
    """One dated publication. Exists only when there is something new."""

    class Kind(models.TextChoices):
        DAILY = "daily"
        WEEKLY = "weekly"

        @property
        def max_age(self) -> timedelta:
            """For how long it is news."""
            return timedelta(weeks=1) if self == self.WEEKLY else settings.NEWSLETTER_EDITION_MAX_AGE

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft: follows the scores; editors curate"
        CLOSING = "closing", "Closing: entries are frozen, deliveries are being made"
        CLOSED = "closed", "Closed: every reader has a delivery"
        CANCELLED = "cancelled", "Cancelled: will not go out"

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.DAILY)
    period = models.CharField(max_length=10, help_text="What it is about: 2026-11-23, or the week 2026-W47.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    closes_at = models.DateTimeField(help_text="When entries freeze and deliveries are made.")
    # When entries were frozen: the clock of everything made from them, so that a resumed closing makes the same.
    closing_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    # The compiled mail in pieces; see newsletter.rendering.
    fragments = models.JSONField(default=dict, blank=True, editable=False)
    # How many deliveries belong to it; grows by one when somebody confirms later.
    audience = models.PositiveIntegerField(default=0)

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ["-closes_at", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "period"], name="one_edition_per_kind_and_period"),
            models.CheckConstraint(
                condition=~Q(status__in=["closing", "closed"]) | Q(closing_at__isnull=False),
                name="closing_editions_know_since_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period}"

    @property
    def about(self) -> Period:
        """The day, or the week."""
        return Period.parse(self.period)

    @property
    def title(self) -> str:
        """As in "Edition of 23 November 2026" or "Week 47, 16–22 November 2026"."""
        return self.about.name if self.about.is_week else f"Edition of {self.about.name}"

    @property
    def cadences(self) -> list[str]:
        """Which readers it is for."""
        if self.kind == self.Kind.WEEKLY:
            return [Subscriber.Cadence.WEEKLY]
        every_day: list[str] = [Subscriber.Cadence.DAILY]
        return every_day if is_weekend(self.about.first) else [*every_day, Subscriber.Cadence.WEEKDAYS]

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    def pause(self, at: datetime) -> bool:
        """Stop sending; what is leaving right now finishes. Return whether this call did it."""
        return bool(Edition.objects.sending().filter(pk=self.pk).update(paused_at=at))

    def resume(self) -> bool:
        """Go on sending; return whether this call did it."""
        return bool(Edition.objects.closed().filter(pk=self.pk, paused_at__isnull=False).update(paused_at=None))


class EditionEntryQuerySet(models.QuerySet["EditionEntry"]):
    def in_order(self) -> EditionEntryQuerySet:
        """As the edition shows them: pinned ones first, then each at the editor's position, else at its rank.

        At one place the editor's choice comes first; ties by key.
        """
        place = Coalesce(F("position"), F("rank"))
        return self.order_by("-is_pinned", place, F("position").asc(nulls_last=True), "rank", "paper__key")

    def going_out(self) -> EditionEntryQuerySet:
        """What readers can get, in order, with the papers."""
        visible = self.filter(is_hidden=False, paper__is_hidden=False)
        return visible.select_related("paper").prefetch_related("paper__topics").in_order()

    def on_page(self) -> EditionEntryQuerySet:
        """What everybody may look up, in order: the first of them. The others are there for readers whom they suit."""
        return self.going_out()[:ON_PAGE]

    def titles(self) -> dict[int, list[str]]:
        """The titles of what readers can get, in order, by edition."""
        titles: dict[int, list[str]] = defaultdict(list)
        visible = self.filter(is_hidden=False, paper__is_hidden=False).in_order()
        for edition_id, title in visible.values_list("edition_id", "paper__title"):
            titles[edition_id].append(title)
        return titles


class EditionEntry(models.Model):
    """A paper in an edition. Rank, score and parts follow the scores until closing; the rest is the editor's."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="entries")
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="entries")
    rank = models.PositiveSmallIntegerField()
    score = models.FloatField()
    parts = models.JSONField(default=list)
    position = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Replaces the rank in the order.")
    is_pinned = models.BooleanField("pinned", default=False, help_text="Comes first, for every reader who may have it.")
    is_hidden = models.BooleanField("hidden", default=False, help_text="No reader gets it.")
    note = models.CharField(max_length=300, blank=True, help_text="Shown to readers under the summary.")

    objects = EditionEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "edition entries"
        ordering = ["edition", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "paper"], name="one_entry_per_edition_and_paper"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.paper}"

    @property
    def is_curated(self) -> bool:
        """Whether an editor said anything about it; such an entry stays even when its paper stops trending."""
        return self.is_pinned or self.is_hidden or self.position is not None or bool(self.note)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def queued(self) -> DeliveryQuerySet:
        return self.filter(status=Delivery.Status.QUEUED)

    def due(self, at: datetime) -> DeliveryQuerySet:
        """Queued ones whose time has come, of editions that may go out."""
        return self.queued().filter(next_attempt_at__lte=at, edition__in=Edition.objects.sending())

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
        return self.exclude(status__in=[Delivery.Status.SKIPPED, Delivery.Status.FAILED])


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

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="deliveries")
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
    # What the reader gets, in order, and why: a list of newsletter.selection.Pick as dictionaries.
    picks = models.JSONField(default=list)
    chosen_at = models.DateTimeField(help_text="When the picks were chosen.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-due_at", "id"]
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
            # Counts by status of an edition.
            models.Index(fields=["edition", "status"], name="delivery_counts"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class RetentionRun(models.Model):
    """What was removed because it had been kept for long enough."""

    ran_at = models.DateTimeField()
    removed = models.JSONField(default=dict, help_text="How many of what.")

    class Meta:
        ordering = ["-ran_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.ran_at:%Y-%m-%d %H:%M}: {sum(self.removed.values())} removed"
