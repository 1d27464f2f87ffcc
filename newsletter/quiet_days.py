"""Days without a digest: who wants to hear of them gets a letter at the hour of the digest that says why, once a day.

The ledger is read and never written: what is told stands in a column of the reader, which moves on together with the
letter, so that a day is told once whoever looks at it, at once or again.
"""

import logging
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.dateformat import format as in_format

from newsletter.due import due_at, is_paused
from newsletter.editions import new_papers
from newsletter.models import Delivery, DeliveryQuerySet, Edition
from newsletter.periods import Period
from newsletter.schedule import closing_time
from papers.absence import Kind, absence
from subscribers.local_time import today_of, zone_of
from subscribers.models import Letter, Subscriber

logger = logging.getLogger(__name__)

# Friday's digest comes on Tuesday at the latest, where Friday evening is Saturday already; and half a day is not late.
LOOKED_BACK = 5
# Readers told at a time of one day; the others a minute later.
BATCH = 1000
NONE_FITS = "New papers came, but none for you: they do not match what you asked for, or you know them already."
NOTHING = "There was nothing to send that is new."
WHY = {
    Kind.WEEKEND: "It would have been about a {day}, and papers are listed from Monday to Friday.",
    Kind.HOLIDAY: "It would have been about {day}, when arXiv had a holiday and announced nothing.",
    Kind.LATE: "The list of {day}'s papers has not come yet. When it does, the best of them come with the next digest.",
    Kind.BROKEN: "The list of {day}'s papers could not be read. We keep trying, and they come once it can be.",
}


def tell_of_quiet_days(at: datetime) -> int:
    """Write to those whose hour has come without a digest; return how many letters that makes."""
    days = [at.date() - timedelta(days=number) for number in range(LOOKED_BACK, -1, -1)]
    told = sum(_tell_of(day, at) for day in days if _closing_time(day) <= at)
    if told:
        logger.info("%s readers are told of a day without a digest", told)
    return told


def is_overtaken(letter: Letter, at: datetime) -> bool:
    """Return whether a letter about a quiet day is not to leave any more: a digest goes out after all, the reader takes
    a break or wants no such letters, or the day is over."""
    reader, hour = letter.subscriber, letter.asked_at
    is_late = at > hour + settings.NEWSLETTER_LATE_AFTER
    return is_late or not reader.hears_of_quiet_days or is_paused(reader, hour) or _has_digest(reader, hour)


def _closing_time(day: date) -> datetime:
    return closing_time(day, settings.NEWSLETTER_CLOSING_HOUR)


def _tell_of(day: date, at: datetime) -> int:
    """Tell readers of the missing digest about `day`, or of the one that has nothing for them."""
    about = str(Period.of_day(day))
    edition = Edition.objects.filter(kind=Edition.Kind.DAILY, period=about).defer("fragments").first()
    if edition is None and new_papers(day).exists():
        return 0  # it is about to be made
    if edition and edition.status == Edition.Status.CANCELLED:
        edition = None
    # Not stored: when it would have been due, had there been one.
    missing = Edition(kind=Edition.Kind.DAILY, period=about, closing_at=_closing_time(day))
    groups = _groups_passed_over(edition, at) if edition else _groups_missed(missing, at)
    quiet = ((reader, group.hour) for group in groups for reader in group.with_nothing())
    told = list(islice(quiet, BATCH))
    why = NONE_FITS if edition else _why(day, at) if told else ""
    return sum(_write(reader, day, why, hour) for reader, hour in told)


def _not_told_of(day: date) -> QuerySet[Subscriber]:
    not_told = Q(quiet_day_told_on=None) | Q(quiet_day_told_on__lt=day)
    return Subscriber.objects.active().filter(not_told, hears_of_quiet_days=True)


def _waiting_for(edition: Edition) -> QuerySet[Subscriber]:
    return _not_told_of(edition.about.first).filter(cadence__in=edition.cadences)


class Group(NamedTuple):
    """Readers with the same hour in the same time zone: when a digest is due is worked out once for all of them."""

    readers: QuerySet[Subscriber]
    hour: datetime
    like: Subscriber  # not stored: one of them as far as clocks go

    def with_nothing(self) -> QuerySet[Subscriber]:
        """Those to whom the hour brought nothing, and who wanted something then."""
        today = today_of(self.like, self.hour)
        quiet = self.readers.filter(
            Q(paused_until=None) | Q(paused_until__lte=today),
            # Of an hour that passed before they asked to hear of it, or chose it, nothing is said.
            Q(preferences_changed_at=None) | Q(preferences_changed_at__lte=self.hour),
            ~Exists(_digests_on_day_of(self.like, self.hour).filter(subscriber=OuterRef("pk"))),
            confirmed_at__lte=self.hour,
        )
        return quiet.only("email").order_by("pk")[:BATCH]


def _groups_missed(missing: Edition, at: datetime) -> Iterator[Group]:
    """The readers who would have got an edition just now, or lately."""
    readers = _waiting_for(missing)
    for cadence, hour, zone in readers.order_by().values_list("cadence", "hour", "time_zone").distinct():
        like = Subscriber(cadence=cadence, hour=hour, time_zone=zone)
        due = due_at(missing, like)
        if due <= at <= due + settings.NEWSLETTER_LATE_AFTER:
            yield Group(readers.filter(cadence=cadence, hour=hour, time_zone=zone), due, like)


def _groups_passed_over(edition: Edition, at: datetime) -> Iterator[Group]:
    """The readers for whom the edition has nothing, and to whom it was due just now, or lately."""
    readers = _waiting_for(edition)
    skipped = edition.deliveries.filter(
        status=Delivery.Status.SKIPPED,
        skip_reason=Delivery.SkipReason.NOTHING_RELEVANT,
        due_at__range=(at - settings.NEWSLETTER_LATE_AFTER, at),
        subscriber__in=readers,
    )
    for due, zone in skipped.order_by().values_list("due_at", "subscriber__time_zone").distinct():
        theirs = skipped.filter(due_at=due).values("subscriber")
        yield Group(readers.filter(time_zone=zone, pk__in=theirs), due, Subscriber(time_zone=zone))


def _has_digest(reader: Subscriber, hour: datetime) -> bool:
    return _digests_on_day_of(reader, hour).filter(subscriber=reader).exists()


def _digests_on_day_of(reader: Subscriber, hour: datetime) -> DeliveryQuerySet:
    """Digests that were due, or are, on the day of `hour` where the reader is, or later."""
    begins = datetime.combine(today_of(reader, hour), time(), ZoneInfo(zone_of(reader)))
    return Delivery.objects.not_to_repeat().filter(due_at__gte=begins)


def _why(day: date, at: datetime) -> str:
    """Return in a sentence why there is no edition about `day`, as far as is known at `at`."""
    # What today's list is like says nothing of a digest that would have been about yesterday's.
    found = absence(min(at, datetime.combine(day, time.max, at.tzinfo)))
    return WHY[found.kind].format(day=in_format(day, "l")) if found else NOTHING


def _write(reader: Subscriber, day: date, why: str, hour: datetime) -> bool:
    """Write the letter, unless another process has; return whether this call did."""
    with transaction.atomic():
        if not _not_told_of(day).filter(pk=reader.pk).update(quiet_day_told_on=day):
            return False
        kind = Letter.Kind.NOTHING_NEW
        # The one of the day before, if mail has been held back since. A new row, so that nobody who sends that one
        # deletes this one.
        reader.letters.filter(kind=kind).delete()
        Letter.objects.create(subscriber=reader, kind=kind, address=reader.email, asked_at=hour, due_at=hour, why=why)
    return True
