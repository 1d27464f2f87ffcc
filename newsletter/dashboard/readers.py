"""How many read, day by day, told by the proofs of consent. Days are those of UTC.

Who was erased has left no proof, and is in no number, that of no past day either.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncDate

from subscribers.models import ConsentEvent, Subscriber, Suppression

Kind = ConsentEvent.Kind

# What makes a reader active. Between two of them there is always a leaving.
JOINED = (Kind.CONFIRMED, Kind.IMPORTED)
# How it is told that a reader was taken off the list because mail came back; see newsletter.events.
BOUNCED = ("hard bounce", "soft bounces")


@dataclass(frozen=True)
class Day:
    """What a day did to the list: who came, who left, whose mail came back; and who was on it at its end."""

    day: date
    active: int
    joined: int
    left: int
    bounced: int


@dataclass(frozen=True)
class Readers:
    """The list over some days, oldest first, the last of them today; and how it stands now."""

    days: list[Day]
    active: int
    pending: int
    # Of those whose address was not suppressed before.
    erased: int

    @property
    def joined(self) -> int:
        return sum(day.joined for day in self.days)

    @property
    def left(self) -> int:
        return sum(day.left for day in self.days)

    @property
    def bounced(self) -> int:
        return sum(day.bounced for day in self.days)

    @property
    def change(self) -> int:
        return self.joined - self.left - self.bounced


def readers_over(days: int, at: datetime) -> Readers:
    """Return the list over the last `days` days, today among them: four queries, however many readers there are."""
    today = at.astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    since = datetime.combine(first, time(), UTC)
    counts = dict(Subscriber.objects.order_by().values_list("status").annotate(Count("pk")))
    active = counts.get(Subscriber.Status.ACTIVE, 0)
    joined = _by_day(ConsentEvent.objects.filter(kind__in=JOINED, at__gte=since))
    gone = _leavings(since)
    left, bounced = _by_day(gone.exclude(source__in=BOUNCED)), _by_day(gone.filter(source__in=BOUNCED))
    return Readers(
        days=_count_back(active, [first + timedelta(days=number) for number in range(days)], joined, left, bounced),
        active=active,
        pending=counts.get(Subscriber.Status.PENDING, 0),
        erased=Suppression.objects.filter(reason=Suppression.Reason.ERASED, at__gte=since).count(),
    )


def _leavings(since: datetime) -> QuerySet[Any]:
    """Return the leavings of readers who were active; who never confirmed has not left."""
    earlier = Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
    before = ConsentEvent.objects.filter(
        earlier, subscriber=OuterRef("subscriber"), kind__in=[*JOINED, Kind.UNSUBSCRIBED]
    )
    leavings = ConsentEvent.objects.filter(kind=Kind.UNSUBSCRIBED, at__gte=since)
    return leavings.alias(before=Subquery(before.order_by("-at", "-pk").values("kind")[:1])).filter(before__in=JOINED)


def _by_day(events: QuerySet[Any]) -> Counter[date]:
    days = events.order_by().annotate(day=TruncDate("at", tzinfo=UTC)).values_list("day")
    return Counter(dict(days.annotate(count=Count("pk"))))


def _count_back(
    active: int, days: Iterable[date], joined: Counter[date], left: Counter[date], bounced: Counter[date]
) -> list[Day]:
    """Return the days, counted back from how many are `active` at the end of the last."""
    counted = []
    for day in sorted(days, reverse=True):
        counted.append(Day(day, active, joined[day], left[day], bounced[day]))
        active -= joined[day] - left[day] - bounced[day]
    return counted[::-1]
