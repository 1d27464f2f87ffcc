"""The edition: what goes out on a day or a week, and its papers."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

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
    pause_reason = models.CharField(max_length=300, blank=True, help_text="Why it was paused by itself.")
    # What failed before was looked at by whoever resumed it.
    resumed_at = models.DateTimeField(null=True, blank=True)
    opening_line = models.CharField(
        max_length=200,
        blank=True,
        # For processes of the version before, while others migrate; so do the defaults below.
        db_default="",
        help_text="How every digest opens, in place of the sentence made for each reader.",
    )
    header_note = models.TextField(
        max_length=600,
        blank=True,
        db_default="",
        help_text="Stands above the papers of every digest. Addresses of pages become links.",
    )
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
        permissions = [("operate_edition", "Can close, pause, resume and cancel editions")]

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

    def pause(self, at: datetime, reason: str = "") -> bool:
        """Stop sending; what is leaving right now finishes. Return whether this call did it."""
        return bool(Edition.objects.sending().filter(pk=self.pk).update(paused_at=at, pause_reason=reason[:300]))

    def resume(self, at: datetime) -> bool:
        """Go on sending; return whether this call did it."""
        paused = Edition.objects.closed().filter(pk=self.pk, paused_at__isnull=False)
        return bool(paused.update(paused_at=None, pause_reason="", resumed_at=at))


class EditionEntryQuerySet(models.QuerySet["EditionEntry"]):
    def in_order(self) -> EditionEntryQuerySet:
        """As the edition shows them: see newsletter.arranging."""
        return self.order_by("place", "rank", "paper__key")

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
    position = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="The place an editor wants it at."
    )
    # Where it stands, from pins, positions and ranks: see newsletter.arranging.
    place = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
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
    def goes_out(self) -> bool:
        """Whether any reader can get it."""
        return not (self.is_hidden or self.paper.is_hidden)

    @property
    def is_curated(self) -> bool:
        """Whether an editor said anything about it; such an entry stays even when its paper stops trending."""
        return self.is_pinned or self.is_hidden or self.position is not None or bool(self.note)
