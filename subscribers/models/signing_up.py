"""What happens between a form somebody sent and the mail it leads to."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Value, When

from subscribers.addresses import fingerprint, mailbox_of
from subscribers.models.readers import Subscriber


class SignUp(models.Model):
    """A form that was sent in and not looked at yet. Deleted when it is: the answer never waits for what is known."""

    address = models.EmailField(max_length=254)
    source = models.CharField(max_length=40)
    page = models.CharField(max_length=200, blank=True)
    wording_version = models.CharField(max_length=20)
    truncated_ip = models.GenericIPAddressField(null=True)
    # What a visitor chose before signing up: see subscribers.preferences.save_choices.
    choices = models.JSONField(default=dict)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Sign-up {self.pk}"


class LetterQuerySet(models.QuerySet["Letter"]):
    def due(self, at: datetime) -> LetterQuerySet:
        return self.filter(due_at__lte=at)

    def in_order(self) -> LetterQuerySet:
        """What somebody may be waiting for before a screen comes first."""
        can_wait = Case(When(kind=Letter.Kind.NOTHING_NEW, then=Value(1)), default=Value(0))
        return self.order_by(can_wait, "due_at", "pk")


class Letter(models.Model):
    """A mail about a subscription that is to go out. Deleted when it has, or is of no more use."""

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", "Confirm your address"
        ALREADY_SUBSCRIBED = "already_subscribed", "You are already subscribed"
        NEW_ADDRESS = "new_address", "Confirm your new address"
        ADDRESS_CHANGED = "address_changed", "Your address was changed, sent to the old one"
        WELCOME = "welcome", "Welcome"
        GOODBYE = "goodbye", "You have left"
        NOTHING_NEW = "nothing_new", "No digest today, and why"

    # What anybody can make us send to somebody else counts against the caps of the mailbox. A goodbye does not, though
    # whoever has a digest that was passed on can press its button: it takes an active reader, and to become one takes
    # a link that only the mailbox has. Counted, it would keep back the confirmation of who left by mistake.
    CAPPED = [Kind.CONFIRMATION, Kind.ALREADY_SUBSCRIBED, Kind.NEW_ADDRESS]
    # What a sign-up leads to: one at a time.
    OPT_IN = [Kind.CONFIRMATION, Kind.ALREADY_SUBSCRIBED]
    # What is written to an address on purpose that is not the reader's, or not any more.
    ELSEWHERE = [Kind.NEW_ADDRESS, Kind.ADDRESS_CHANGED]
    # What speaks to a reader who gets digests.
    OF_ACTIVE = [Kind.WELCOME, Kind.NOTHING_NEW]

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=20, choices=Kind)
    address = models.EmailField(max_length=254)
    asked_at = models.DateTimeField()
    # A process that sends it first moves this on, which is its lease.
    due_at = models.DateTimeField(db_index=True)
    # When it was counted against the caps: once, however often it is tried.
    counted_at = models.DateTimeField(null=True)
    why = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Why there is no digest, in a sentence."
    )

    objects = LetterQuerySet.as_manager()

    class Meta:
        constraints = [
            # Asking again while it waits changes nothing.
            models.UniqueConstraint(fields=["subscriber", "kind"], name="one_letter_per_subscriber_and_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for reader {self.subscriber_id}"


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def count_letter(self, address: str, at: datetime) -> bool:
        """Count one more letter to the mailbox of `address`; return False, and count nothing, beyond the caps."""
        with transaction.atomic():
            mailbox, _ = self.select_for_update().get_or_create(mailbox_hash=fingerprint(mailbox_of(address)))
            if not mailbox.takes_letter(at):
                return False
            longest = max(span for span, _ in settings.SUBSCRIBERS_LETTER_CAPS)
            mailbox.letters_at = [*mailbox.letters_since(at - longest), at.timestamp()]
            mailbox.last_letter_at = at
            mailbox.save()
        return True

    def forget(self, address: str) -> None:
        """Count anew: somebody who reads the mailbox of `address` has acted."""
        self.filter(mailbox_hash=fingerprint(mailbox_of(address))).delete()


class Mailbox(models.Model):
    """How many letters a mailbox got lately, whatever spelling of its address was typed. Known by a keyed hash."""

    mailbox_hash = models.CharField(max_length=64, unique=True)
    letters_at = models.JSONField(default=list)  # seconds since 1970, oldest first
    last_letter_at = models.DateTimeField(null=True, db_index=True)

    objects = MailboxQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.mailbox_hash[:12]}…"

    def letters_since(self, since: datetime) -> list[float]:
        return [sent for sent in self.letters_at if sent > since.timestamp()]

    def takes_letter(self, at: datetime) -> bool:
        """Whether one more letter at `at` is within every cap."""
        caps = settings.SUBSCRIBERS_LETTER_CAPS
        return all(len(self.letters_since(at - span)) < most for span, most in caps)


class UsedChallenge(models.Model):
    """A proof of work that has opened the door once, and does not open it again."""

    signature = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.signature[:12]}…"
