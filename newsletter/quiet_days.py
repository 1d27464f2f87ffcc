"""Days without a digest: who wants to hear of them gets a letter at the hour of the digest that says why, once a day.

The ledger is read and never written: what is told stands in a column of the reader, which moves on together with the
letter, so that a day is told once whoever looks at it, at once or again.
"""

import logging
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.dateformat import format as in_format

from newsletter.due import due_at, is_paused, reason_not_wanted
from newsletter.editions import new_papers
from newsletter.models import Delivery, Edition
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

Hours = Iterator[tuple[Subscriber, datetime]]


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
    hours = _hours_passed_over(edition, day) if edition else _hours_missed(missing, day)
    quiet = ((reader, hour) for reader, hour in hours if _is_quiet(missing, reader, hour, at))
    told = list(islice(quiet, BATCH))
    why = NONE_FITS if edition else _why(day, at) if told else ""
    return sum(_write(reader, day, why, hour) for reader, hour in told)


def _not_told_of(day: date) -> QuerySet[Subscriber]:
    not_told = Q(quiet_day_told_on=None) | Q(quiet_day_told_on__lt=day)
    return Subscriber.objects.active().filter(not_told, hears_of_quiet_days=True)


def _hours_passed_over(edition: Edition, day: date) -> Hours:
    """The readers for whom the edition has nothing, and when it was due."""
    skipped = edition.deliveries.filter(
        status=Delivery.Status.SKIPPED,
        skip_reason=Delivery.SkipReason.NOTHING_RELEVANT,
        subscriber__in=_not_told_of(day),
    )
    for delivery in skipped.select_related("subscriber"):
        if delivery.subscriber:
            yield delivery.subscriber, delivery.due_at


def _hours_missed(missing: Edition, day: date) -> Hours:
    """The readers who would have got an edition, and when."""
    for reader in _not_told_of(day).filter(cadence__in=missing.cadences):
        yield reader, due_at(missing, reader)


def _is_quiet(edition: Edition, reader: Subscriber, hour: datetime, at: datetime) -> bool:
    """Return whether the reader's hour has come, lately, and brought nothing that they wanted then."""
    if not hour <= at <= hour + settings.NEWSLETTER_LATE_AFTER or reason_not_wanted(edition, reader, hour):
        return False
    # Of an hour that passed before they asked to hear of it, or chose it, nothing is said.
    since = [changed for changed in (reader.confirmed_at, reader.preferences_changed_at) if changed]
    return hour >= max(since, default=hour) and not _has_digest(reader, hour)


def _has_digest(reader: Subscriber, hour: datetime) -> bool:
    """Return whether the reader has, or is to get, a digest on the day where they are of `hour`, or later."""
    begins = datetime.combine(today_of(reader, hour), time(), ZoneInfo(zone_of(reader)))
    return Delivery.objects.not_to_repeat().filter(subscriber=reader, due_at__gte=begins).exists()


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
