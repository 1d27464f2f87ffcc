"""What all processes that send share: how fast, whether at all, and how much has left."""

from __future__ import annotations

from django.db import models


class Provider(models.Model):
    """Whoever carries mail for us, as far as all processes must agree on it. One row for each backend that was used."""

    name = models.CharField(max_length=40, unique=True)
    # The next moment nobody has reserved yet; see mail.throttle.
    next_slot_at = models.DateTimeField(null=True, blank=True)
    slowed_until = models.DateTimeField(null=True, blank=True, help_text="It asked for a pause.")
    # How often in a row it asked for one: each is longer than the last.
    slowdowns = models.PositiveSmallIntegerField(default=0)
    stopped_at = models.DateTimeField(null=True, blank=True, help_text="An operator stopped all mail.")

    def __str__(self) -> str:
        return self.name


class HandedOver(models.Model):
    """How many messages a provider was given in a minute: what the limits per hour and day count by."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="handed_over")
    minute = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "minute"], name="one_count_per_provider_and_minute")]

    def __str__(self) -> str:
        return f"{self.count} at {self.minute:%Y-%m-%d %H:%M}"
