"""How many read, day by day, told by the proofs of consent. Days are those of UTC.

Who was erased has left no proof, and is in no number, that of no past day either.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count
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
    counts = dict(Subscriber.objects.order_by().values_list("status").annotate(count=Count("*")))
    active = counts.get(Subscriber.Status.ACTIVE, 0)
    left, bounced = _gone_since(since)
    return Readers(
        days=_count_back(
            active, [first + timedelta(days=number) for number in range(days)], _joined_since(since), left, bounced
        ),
        active=active,
        pending=counts.get(Subscriber.Status.PENDING, 0),
        erased=Suppression.objects.filter(reason=Suppression.Reason.ERASED, at__gte=since).count(),
    )


def _joined_since(since: datetime) -> Counter[date]:
    joined = ConsentEvent.objects.filter(kind__in=JOINED, at__gte=since).order_by()
    return Counter(dict(joined.annotate(day=TruncDate("at", tzinfo=UTC)).values_list("day").annotate(count=Count("*"))))


def _gone_since(since: datetime) -> tuple[Counter[date], Counter[date]]:
    """Return how many readers who were active left on each day, and of how many mail came back.

    Who never confirmed has not left. So what each of them did before is looked at, in their order: of the few who left,
    instead of one look for each of them in the database.
    """
    left, bounced = Counter[date](), Counter[date]()
    leavers = ConsentEvent.objects.filter(kind=Kind.UNSUBSCRIBED, at__gte=since).values("subscriber")
    steps = ConsentEvent.objects.filter(subscriber__in=leavers, kind__in=[*JOINED, Kind.UNSUBSCRIBED])
    in_order = steps.order_by("subscriber", "at", "pk").values_list("subscriber", "kind", "source", "at")
    reader, is_active = None, False
    for subscriber, kind, source, at in in_order.iterator():
        was_active = is_active and subscriber == reader
        reader, is_active = subscriber, kind in JOINED
        if was_active and not is_active and at >= since:
            (bounced if source in BOUNCED else left)[at.astimezone(UTC).date()] += 1
    return left, bounced


def _count_back(
    active: int, days: Iterable[date], joined: Counter[date], left: Counter[date], bounced: Counter[date]
) -> list[Day]:
    """Return the days, counted back from how many are `active` at the end of the last."""
    counted = []
    for day in sorted(days, reverse=True):
        counted.append(Day(day, active, joined[day], left[day], bounced[day]))
        active -= joined[day] - left[day] - bounced[day]
    return counted[::-1]
