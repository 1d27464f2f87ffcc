"""What an operator is told: what needs a hand, and whether the queues are being worked off."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from newsletter.models.editions import Edition


class AlertQuerySet(models.QuerySet["Alert"]):
    def standing(self) -> AlertQuerySet:
        """What nobody has dealt with yet."""
        return self.filter(cleared_at=None)


class Alert(models.Model):
    """Something that needs an operator's hand. Told once, however often it is met while it stands."""

    class Kind(models.TextChoices):
        ACCOUNT = "account", "The mail provider refuses our account"
        STORM = "storm", "Too many messages fail"
        OVERDUE = "overdue", "An edition is overdue"
        SILENT = "silent", "A queue is not being worked off"
        NOT_READY = "not_ready", "A draft is not ready to close"

    kind = models.CharField(max_length=10, choices=Kind)
    # A queue's name for a silent one; for the others empty.
    about = models.CharField(max_length=50, blank=True)
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, null=True, blank=True, related_name="alerts")
    text = models.CharField(max_length=300, help_text="What happened, and what to do; never an address.")
    raised_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="When ADMINS were written to.")
    cleared_at = models.DateTimeField(null=True, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "about", "edition"],
                condition=Q(cleared_at=None, edition__isnull=False),
                name="one_standing_alert_per_kind_and_edition",
            ),
            # Two empty editions are two different ones to a database.
            models.UniqueConstraint(
                fields=["kind", "about"],
                condition=Q(cleared_at=None, edition=None),
                name="one_standing_alert_per_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Heartbeat(models.Model):
    """When a queue was last seen to be worked off: a task went the whole way through it to the database."""

    queue = models.CharField(max_length=20, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.queue} at {self.beat_at:%Y-%m-%d %H:%M}"
