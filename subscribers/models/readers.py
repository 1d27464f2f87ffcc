"""Who reads, what they want, and what they agreed to."""

from __future__ import annotations

import re
import secrets
import zoneinfo
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Lower

from papers.models import Paper, Topic
from subscribers.models.imports import ImportBatch
from subscribers.tokens import LinkInvalid, Purpose

DEFAULT_HOUR = 7
DEFAULT_SIZE = 10
MIN_SIZE, MAX_SIZE = 5, 20
# Characters of what a reader writes, each time.
MAX_TEXT = 2000
LIMITED = MaxLengthValidator(MAX_TEXT)
LONGEST_PAUSE = timedelta(days=365)


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

    def hold(self, pk: int, purpose: Purpose) -> Subscriber:
        """The reader, whom nobody else changes before the end of the transaction.

        Raises LinkInvalid for `purpose` when there is none.
        """
        reader = self.select_for_update().filter(pk=pk).first()
        if reader is None:
            raise LinkInvalid(purpose)
        return reader

    def with_address(self, address: str) -> SubscriberQuerySet:
        # In the words of the unique index, which is over LOWER(email).
        return self.alias(address=Lower("email")).filter(address=Lower(Value(address)))


class Subscriber(models.Model):
    """A person at an address."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending: has not confirmed yet"
        ACTIVE = "active", "Active: gets digests"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed: has left"

    class Cadence(models.TextChoices):
        DAILY = "daily", "Every day there is something new"
        WEEKDAYS = "weekdays", "Monday to Friday"
        WEEKLY = "weekly", "Once a week"

    class Weekday(models.IntegerChoices):
        """Counted as Python's `date.weekday()` does."""

        MONDAY = 0
        TUESDAY = 1
        WEDNESDAY = 2
        THURSDAY = 3
        FRIDAY = 4
        SATURDAY = 5
        SUNDAY = 6

    class LeavingReason(models.TextChoices):
        TOO_MANY = "too_many", "Too many emails"
        NOT_FOR_ME = "not_for_me", "The papers were not for me"
        NEVER_ASKED = "never_asked", "I never asked for them"
        OTHER = "other", "Something else"

    email = models.EmailField(max_length=254)
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    # Part of every confirmation link. Leaving changes it, so that an old link does not bring anybody back.
    optin_nonce = models.CharField(max_length=16, default=new_nonce, editable=False)
    # Part of the links to preferences. Moving to another address changes it, so that what was mailed to the old one
    # opens nothing any more.
    link_version = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    leaving_reason = models.CharField(max_length=12, choices=LeavingReason, blank=True)
    import_batch = models.ForeignKey(
        ImportBatch, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="readers"
    )

    # When what follows last changed: queued digests chosen before are chosen again.
    preferences_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    topics = models.ManyToManyField(Topic, related_name="followers", blank=True)
    interests = models.TextField(
        blank=True, validators=[LIMITED], help_text="Words or phrases, separated by commas or lines."
    )
    muted_words = models.TextField(
        blank=True, validators=[LIMITED], help_text="Words or phrases, separated by commas or lines."
    )
    followed_authors = models.TextField(
        blank=True, validators=[LIMITED], help_text="Names, separated by commas or lines."
    )
    ignored_words = models.TextField(
        blank=True,
        validators=[LIMITED],
        help_text="Words of papers they like that say nothing about their taste, separated by commas or lines.",
    )
    cadence = models.CharField(max_length=8, choices=Cadence, default=Cadence.DAILY)
    weekday = models.PositiveSmallIntegerField(
        choices=Weekday, default=Weekday.MONDAY, help_text="The day of a weekly digest, where the reader is."
    )
    paused_until = models.DateField(
        null=True, blank=True, help_text="The first day, where the reader is, on which digests come again."
    )
    hears_of_quiet_days = models.BooleanField(
        "hears of days without a digest",
        default=False,
        # For processes of the version before, while others migrate.
        db_default=False,
        help_text="A letter at the hour of the digest says why.",
    )
    # The last day whose missing digest the reader was told of: each day is told once, whoever looks at it.
    quiet_day_told_on = models.DateField(null=True, blank=True, editable=False)
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
        permissions = [
            ("browse_subscriber", "Can list and search readers, not only open one"),
            ("import_subscriber", "Can import readers"),
            ("export_subscriber", "Can export readers"),
            ("erase_subscriber", "Can erase readers"),
        ]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_subscriber_per_address"),
            models.CheckConstraint(
                condition=~Q(status="active") | Q(confirmed_at__isnull=False), name="active_readers_have_confirmed"
            ),
            models.CheckConstraint(condition=Q(hour__lte=23), name="hour_is_an_hour"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="weekday_is_a_weekday"),
            models.CheckConstraint(
                condition=Q(size__gte=MIN_SIZE) & Q(size__lte=MAX_SIZE), name="size_is_within_limits"
            ),
        ]
        indexes = [
            # Who confirmed since an edition closed.
            models.Index(fields=["status", "confirmed_at"], name="audience"),
            # Whose queued digests may have to be chosen again.
            models.Index(fields=["preferences_changed_at"], name="preferences_changed"),
            # Those who never confirmed, for retention; the newest first, for the admin.
            models.Index(fields=["-created_at", "-id"], name="reader_list"),
            # Whom to tell of a day without a digest.
            models.Index(
                fields=["cadence", "hour", "time_zone"],
                name="hears_of_quiet_days",
                condition=Q(hears_of_quiet_days=True),
            ),
        ]

    def __str__(self) -> str:
        # Never the address: this ends up in logs, messages and error pages.
        return f"Reader {self.pk}"

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def author_names(self) -> list[str]:
        return split_phrases(self.followed_authors)

    @property
    def interest_phrases(self) -> list[str]:
        return split_phrases(self.interests)

    @property
    def ignored_phrases(self) -> list[str]:
        return split_phrases(self.ignored_words)

    @property
    def muted_phrases(self) -> list[str]:
        return split_phrases(self.muted_words)

    def activate(self, at: datetime) -> bool:
        """Make a pending reader active; return whether this call did it."""
        changed = Subscriber.objects.filter(pk=self.pk, status=self.Status.PENDING).update(
            status=self.Status.ACTIVE, confirmed_at=at, leaving_reason=""
        )
        return bool(changed)

    def unsubscribe(self, at: datetime) -> bool:
        """Take the reader off the list; return whether this call did it."""
        changed = (
            Subscriber.objects.filter(pk=self.pk)
            .exclude(status=self.Status.UNSUBSCRIBED)
            .update(status=self.Status.UNSUBSCRIBED, unsubscribed_at=at, optin_nonce=new_nonce())
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
        ADDRESS_CHANGED = "address_changed", "Confirmed another address"
        IMPORTED = "imported", "Agreed elsewhere, as the import says"

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="consent_events")
    kind = models.CharField(max_length=16, choices=Kind)
    wording_version = models.CharField(max_length=20)
    source = models.CharField(max_length=40, help_text="How it was given, such as form, link, one-click or import 7.")
    page = models.CharField(max_length=200, blank=True, help_text="The page the form stood on.")
    # Kept where SUBSCRIBERS_KEEP_IP asks for it, without its last part, and for a time.
    truncated_ip = models.GenericIPAddressField("truncated IP", null=True, blank=True)
    # Of a change of address: the keyed hash of the one given up, so that no import brings it back.
    former_address_hash = models.CharField(max_length=64, blank=True, editable=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            # Whether an address in a file was given up.
            models.Index(fields=["former_address_hash"], name="given_up", condition=~Q(former_address_hash="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.at:%Y-%m-%d %H:%M}"


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def meant(self) -> FeedbackQuerySet:
        """What a person said, as far as we can tell."""
        return self.filter(is_automated=False)

    def counting(self) -> FeedbackQuerySet:
        """Meant by a person, and not followed by the opposite."""
        later = Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
        of_same = Feedback.objects.meant().filter(subscriber=OuterRef("subscriber"), paper=OuterRef("paper"))
        opposite = of_same.filter(later, kind__in=Feedback.OPPOSITES).exclude(kind=OuterRef("kind"))
        return self.meant().filter(Q(kind=Feedback.Kind.SAVED) | ~Exists(opposite))

    def saved(self) -> FeedbackQuerySet:
        """What a reader keeps to read, the latest first."""
        return self.meant().filter(kind=Feedback.Kind.SAVED, paper__is_hidden=False).order_by("-at", "-pk")


class Feedback(models.Model):
    """What a reader said of a paper: one row of each kind. Of "more" and "less" the later one counts."""

    class Kind(models.TextChoices):
        MORE = "more", "More like this"
        LESS = "less", "Less like this"
        SAVED = "saved", "Saved"

    OPPOSITES = [Kind.MORE, Kind.LESS]

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="feedback")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="feedback")
    kind = models.CharField(max_length=5, choices=Kind)
    at = models.DateTimeField()
    mail_id = models.UUIDField(null=True, blank=True, help_text="The delivery whose link said it last.")
    pressed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When a mail's link last said it, be it nothing new."
    )
    is_automated = models.BooleanField(
        "automated", default=False, help_text="Said by a program that follows every link of a mail: never learned from."
    )

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "feedback"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber", "paper", "kind"], name="one_feedback_per_subscriber_paper_and_kind"
            ),
        ]
        indexes = [
            # What else was said by the links of one mail.
            models.Index(fields=["mail_id"], name="feedback_of_a_mail", condition=Q(mail_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: paper {self.paper_id}"


class WantedPaper(models.Model):
    """A paper that a reader likes and that we do not know yet: once it is read from arXiv, it becomes feedback."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="wanted_papers")
    arxiv_id = models.CharField("arXiv id", max_length=40)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "arxiv_id"], name="one_wish_per_subscriber_and_paper"),
        ]

    def __str__(self) -> str:
        return f"arXiv {self.arxiv_id}"


class AddressChange(models.Model):
    """Another address that a reader wants digests at, until it is confirmed there."""

    subscriber = models.OneToOneField(Subscriber, on_delete=models.CASCADE, related_name="address_change")
    address = models.EmailField(max_length=254)
    # Part of the link in the mail: asking for yet another address makes the earlier link useless.
    nonce = models.CharField(max_length=16, default=new_nonce, editable=False)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Another address for reader {self.subscriber_id}"
