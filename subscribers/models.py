"""Who reads, and what they want."""

from __future__ import annotations

import re
import secrets
import zoneinfo
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower

from papers.models import Topic
from subscribers.addresses import fingerprint

DEFAULT_HOUR = 7
DEFAULT_SIZE = 10
MIN_SIZE, MAX_SIZE = 5, 20


def new_nonce() -> str:
    return secrets.token_hex(8)


# Two names in the database are no places: what the host is set to, and what it was delivered with.
TIME_ZONES = zoneinfo.available_timezones() - {"localtime", "Factory"}


def validate_time_zone(name: str) -> None:
    if name not in TIME_ZONES:
        raise ValidationError("Choose a time zone such as Europe/Vienna.")


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def active(self) -> SubscriberQuerySet:
        """Readers who confirmed and have not left."""
        return self.filter(status=Subscriber.Status.ACTIVE)

    def with_address(self, address: str) -> SubscriberQuerySet:
        # In the words of the unique index, which is over LOWER(email).
        return self.alias(address=Lower("email")).filter(address=Lower(Value(address)))

    def optin_mail_due(self, at: datetime) -> SubscriberQuerySet:
        """Those whose opt-in mail was asked for and has not gone out."""
        return self.filter(optin_mail_due_at__lte=at)


class Subscriber(models.Model):
    """A person at an address."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending: has not confirmed yet"
        ACTIVE = "active", "Active: gets digests"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed: has left"

    email = models.EmailField(max_length=254)
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    # Part of every confirmation link. Leaving changes it, so that an old link does not bring anybody back.
    optin_nonce = models.CharField(max_length=16, default=new_nonce, editable=False)
    # When the confirmation (or "you are already subscribed") mail is to go out next; empty when none is wanted. A
    # process that sends it first moves the time on, which is its lease, and clears it when the mail was accepted.
    optin_mail_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    optin_mail_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)

    # When what follows last changed: queued digests chosen before are chosen again.
    preferences_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    topics = models.ManyToManyField(Topic, related_name="followers", blank=True)
    interests = models.TextField(blank=True, help_text="Words or phrases, separated by commas or lines.")
    muted_words = models.TextField(blank=True, help_text="Words or phrases, separated by commas or lines.")
    hour = models.PositiveSmallIntegerField(default=DEFAULT_HOUR, validators=[MaxValueValidator(23)])
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    size = models.PositiveSmallIntegerField(
        "papers a digest",
        default=DEFAULT_SIZE,
        validators=[MinValueValidator(MIN_SIZE), MaxValueValidator(MAX_SIZE)],
    )

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        verbose_name = "reader"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_subscriber_per_address"),
            models.CheckConstraint(
                condition=~Q(status="active") | Q(confirmed_at__isnull=False), name="active_readers_have_confirmed"
            ),
            models.CheckConstraint(condition=Q(hour__lte=23), name="hour_is_an_hour"),
            models.CheckConstraint(
                condition=Q(size__gte=MIN_SIZE) & Q(size__lte=MAX_SIZE), name="size_is_within_limits"
            ),
        ]
        indexes = [
            # Opt-in mails to send now.
            models.Index(
                fields=["optin_mail_due_at"], name="optin_mail_due", condition=Q(optin_mail_due_at__isnull=False)
            ),
            # Who confirmed since an edition closed.
            models.Index(fields=["status", "confirmed_at"], name="audience"),
            # Whose queued digests may have to be chosen again.
            models.Index(fields=["preferences_changed_at"], name="preferences_changed"),
        ]

    def __str__(self) -> str:
        # Never the address: this ends up in logs, messages and error pages.
        return f"Reader {self.pk}"

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def interest_phrases(self) -> list[str]:
        return split_phrases(self.interests)

    @property
    def muted_phrases(self) -> list[str]:
        return split_phrases(self.muted_words)

    def activate(self, at: datetime) -> bool:
        """Make a pending reader active; return whether this call did it."""
        changed = Subscriber.objects.filter(pk=self.pk, status=self.Status.PENDING).update(
            status=self.Status.ACTIVE, confirmed_at=at, optin_mail_due_at=None, optin_mail_sent_at=None
        )
        return bool(changed)

    def unsubscribe(self, at: datetime) -> bool:
        """Take the reader off the list; return whether this call did it."""
        changed = (
            Subscriber.objects.filter(pk=self.pk)
            .exclude(status=self.Status.UNSUBSCRIBED)
            .update(
                status=self.Status.UNSUBSCRIBED,
                unsubscribed_at=at,
                optin_nonce=new_nonce(),
                optin_mail_due_at=None,
                optin_mail_sent_at=None,
            )
        )
        return bool(changed)


def split_phrases(text: str) -> list[str]:
    """Return the phrases of a comma- or line-separated list, in order, each once."""
    phrases = (" ".join(phrase.split()) for phrase in re.split(r"[,;\n]", text))
    return list(dict.fromkeys(phrase for phrase in phrases if phrase))


class ConsentEvent(models.Model):
    """Proof of what a reader agreed to, or withdrew. Append-only."""

    class Kind(models.TextChoices):
        REQUESTED = "requested", "Asked for the digest"
        CONFIRMED = "confirmed", "Confirmed the address"
        UNSUBSCRIBED = "unsubscribed", "Left"

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="consent_events")
    kind = models.CharField(max_length=12, choices=Kind)
    wording_version = models.CharField(max_length=20)
    source = models.CharField(max_length=40, help_text="Where it was given, such as form, link or one-click.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.at:%Y-%m-%d %H:%M}"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def covers(self, address: str) -> bool:
        """Return whether we must never mail `address`."""
        return self.filter(address_hash=fingerprint(address)).exists()

    def suppress(self, address: str, reason: str, at: datetime) -> None:
        """Never mail `address` again; the first reason stays."""
        self.get_or_create(address_hash=fingerprint(address), defaults={"reason": reason, "at": at})


class Suppression(models.Model):
    """An address we must never mail, kept as a keyed hash. Outlives the subscriber."""

    class Reason(models.TextChoices):
        HARD_BOUNCE = "hard_bounce", "Hard bounce: no such mailbox"
        COMPLAINT = "complaint", "Complaint: called our mail spam"
        MANUAL = "manual", "Manual: an operator's decision"
        ERASED = "erased", "Erased: asked to be forgotten"

    address_hash = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=12, choices=Reason)
    at = models.DateTimeField()

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.address_hash[:12]}… ({self.reason})"
