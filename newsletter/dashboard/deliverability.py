"""How mail is received, by edition: what was taken, what arrived, what came back, who called it spam."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, QuerySet

from newsletter.models import Delivery, DeliveryEvent, Edition

# Of fewer messages a single complaint is as much as Gmail allows in the long run: a rate would be chance.
ENOUGH = 1_000
# Rates are drawn on a line of this length, which ends half again as high as what is too high.
SCALE = 200
WEEK, MONTH = timedelta(days=7), timedelta(days=30)


class Verdict(StrEnum):
    FEW = "too few to tell"
    GOOD = "good"
    HIGH = "high"
    TOO_HIGH = "too high"


@dataclass(frozen=True)
class Limits:
    """From where on a rate is high, and from where on providers begin to refuse or hide our mail."""

    high: float
    too_high: float

    @property
    def high_percent(self) -> str:
        return f"{self.high:.1%}".replace(".0%", "%").replace("%", " %")

    @property
    def too_high_percent(self) -> str:
        return f"{self.too_high:.1%}".replace(".0%", "%").replace("%", " %")


# Gmail and Yahoo: keep complaints below 0.1 %, and never reach 0.3 %.
OF_COMPLAINTS = Limits(0.001, 0.003)
# Amazon SES reviews an account from 5 % of bounces on; a list that people confirmed stays below 2 %.
OF_BOUNCES = Limits(0.02, 0.05)


@dataclass(frozen=True)
class Rate:
    """A part of a whole, and what to think of it."""

    part: int
    whole: int
    limits: Limits

    @property
    def value(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def percent(self) -> str:
        return "–" if self.value is None else f"{self.value:.2%}".replace("%", " %")

    @property
    def verdict(self) -> Verdict:
        if self.value is None or self.whole < ENOUGH:
            return Verdict.FEW
        if self.value >= self.limits.too_high:
            return Verdict.TOO_HIGH
        return Verdict.HIGH if self.value >= self.limits.high else Verdict.GOOD

    @property
    def mark(self) -> float:
        """Where the rate is on the scale; the end stands for all that is more."""
        return min(self._on_scale(self.value or 0.0), SCALE)

    @property
    def high_at(self) -> float:
        return self._on_scale(self.limits.high)

    @property
    def too_high_at(self) -> float:
        return self._on_scale(self.limits.too_high)

    def _on_scale(self, value: float) -> float:
        return round(SCALE * value / (self.limits.too_high * 1.5), 1)


@dataclass(frozen=True)
class Outcome:
    """What became of messages. Nothing is counted of what never left."""

    # The provider took it; of these: the mailbox took it, it came back for good, it was called spam.
    accepted: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    # The provider did not take it, since there is no such mailbox.
    refused: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.accepted + other.accepted,
            self.delivered + other.delivered,
            self.bounced + other.bounced,
            self.complained + other.complained,
            self.refused + other.refused,
        )

    @property
    def came_back(self) -> int:
        return self.bounced + self.refused

    @property
    def bounces(self) -> Rate:
        return Rate(self.came_back, self.accepted + self.refused, OF_BOUNCES)

    @property
    def complaints(self) -> Rate:
        return Rate(self.complained, self.accepted, OF_COMPLAINTS)


@dataclass(frozen=True)
class OfEdition:
    edition: Edition
    outcome: Outcome


@dataclass(frozen=True)
class Deliverability:
    """The editions of the last thirty days, the newest first."""

    editions: list[OfEdition]
    at: datetime

    @property
    def week(self) -> Outcome:
        return _sum(self.editions, self.at - WEEK)

    @property
    def month(self) -> Outcome:
        return _sum(self.editions, self.at - MONTH)

    @property
    def tells(self) -> bool:
        """Whether anybody tells us what becomes of mail. Of what goes to files there is nothing to tell."""
        is_kept_here = settings.MAIL_PROVIDER == "outbox"
        return is_kept_here or bool(self.month.delivered or self.month.bounced or self.month.complained)


def deliverability(at: datetime) -> Deliverability:
    """Return what became of the editions that closed within thirty days of `at`: six queries, however many rows."""
    closed = Edition.objects.exclude(closing_at=None).filter(closing_at__gt=at - MONTH, closing_at__lte=at)
    editions = list(closed.only("kind", "period", "closing_at").order_by("-closing_at", "kind"))
    outcomes = _outcomes(editions)
    return Deliverability([OfEdition(edition, outcomes[edition.pk]) for edition in editions], at)


def _outcomes(editions: Sequence[Edition]) -> dict[int, Outcome]:
    if not editions:
        return {}
    # Nothing comes back before it left: so the small indexes of what came back are enough.
    since = min(edition.closing_at for edition in editions if edition.closing_at)
    rows = Delivery.objects.filter(edition__in=[edition.pk for edition in editions]).order_by()
    came_back = rows.filter(_for_good(DeliveryEvent.Kind.BOUNCED), bounced_at__gte=since)
    counts = [
        # From the index alone.
        _by_edition(rows.filter(status=Delivery.Status.ACCEPTED)),
        _by_edition(rows.filter(delivered_at__isnull=False)),
        _by_edition(came_back),
        _by_edition(rows.filter(complained_at__gte=since)),
        _by_edition(rows.filter(_for_good(DeliveryEvent.Kind.REJECTED), status=Delivery.Status.FAILED)),
    ]
    return {edition.pk: Outcome(*(count.get(edition.pk, 0) for count in counts)) for edition in editions}


def _by_edition(deliveries: QuerySet[Any]) -> dict[int, int]:
    return dict(deliveries.values_list("edition").annotate(count=Count("*")))


def _for_good(kind: str) -> Exists:
    return Exists(DeliveryEvent.objects.filter(delivery=OuterRef("pk"), kind=kind, is_permanent=True))


def _sum(editions: Iterable[OfEdition], since: datetime) -> Outcome:
    recent = (of.outcome for of in editions if of.edition.closing_at and of.edition.closing_at > since)
    return sum(recent, Outcome())
