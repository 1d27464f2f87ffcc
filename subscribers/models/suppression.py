"""Whom never to mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models

from subscribers.addresses import fingerprint


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def covers(self, address: str) -> bool:
        """Return whether we must never mail `address`."""
        return self.filter(address_hash=fingerprint(address)).exists()

    def covering(self, addresses: Iterable[str]) -> set[str]:
        """Return those of `addresses` that we must never mail, by one query."""
        address_by_hash = {fingerprint(address): address for address in addresses}
        found = self.filter(address_hash__in=address_by_hash).values_list("address_hash", flat=True)
        return {address_by_hash[address_hash] for address_hash in found}

    def suppress(self, address: str, reason: str, at: datetime) -> None:
        """Never mail `address` again; the first reason stays."""
        self.get_or_create(address_hash=fingerprint(address), defaults={"reason": reason, "at": at})

    def lift(self, address: str) -> bool:
        """Let `address` be mailed again where the staff alone had decided against; return whether this call did it."""
        deleted, _ = self.filter(address_hash=fingerprint(address), reason=Suppression.Reason.MANUAL).delete()
        return bool(deleted)


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
        # As a list, the latest first.
        indexes = [models.Index(fields=["-at", "-id"], name="suppression_list")]

    def __str__(self) -> str:
        return f"{self.address_hash[:12]}… ({self.reason})"
