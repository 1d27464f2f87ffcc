"""Removes what has been kept for long enough. How long is said in the settings; what was removed, in RetentionRun."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from mail.models import HandedOver
from newsletter.erasure import NOTHING_KNOWN, NOTHING_TOLD
from newsletter.freed_pages import note_freed_pages, write_over_freed_pages
from newsletter.kept_files import files_of_nobody, old_files, remove
from newsletter.models import Alert, Delivery, DeliveryEvent, RetentionRun
from subscribers.models import (
    AddressChange,
    ConsentEvent,
    Feedback,
    Letter,
    Mailbox,
    SignUp,
    Subscriber,
    UsedChallenge,
    WantedPaper,
)
from subscribers.preferences import STORED

logger = logging.getLogger(__name__)

# Rows in one transaction.
BATCH = 500
# The longest limit counts a day's messages.
COUNTS_ARE_KEPT = timedelta(days=2)
ALERTS_ARE_KEPT = timedelta(days=400)

# What a reader who never said anything has.
_nobody = Subscriber()
NO_WISHES = {name: getattr(_nobody, name) for name in [*STORED, "ignored_words", "preferences_changed_at"]}


@dataclass(frozen=True)
class Rule:
    """What is found at a time has been kept for long enough. Once forgotten, it is not found any more."""

    name: str
    find: Callable[[datetime], QuerySet[Any]]
    forget: Callable[[QuerySet[Any]], object]


def would_remove(at: datetime) -> dict[str, int]:
    """Return what `retain` would remove at `at`, and remove nothing."""
    counts = {rule.name: rule.find(at).count() for rule in RULES} | {FILES: len(_files(at))}
    return {name: count for name, count in counts.items() if count}


def retain(at: datetime) -> dict[str, int]:
    """Remove what has been kept for long enough at `at`; return how many of what, without what there was none of.

    A run that removes something leaves a RetentionRun, also when it is cut short. Copies in the file of the database,
    of these readers and of those who were erased since the last run, go too, unless somebody reads it just then.
    """
    removed: dict[str, int] = {}
    try:
        for rule in RULES:
            for count in _forget(rule, at):
                removed[rule.name] = removed.get(rule.name, 0) + count
        if files := remove(_files(at)):
            removed[FILES] = files
    finally:
        if removed:
            RetentionRun.objects.create(ran_at=at, removed=removed)
            logger.info("Kept long enough, and removed: %s", in_words(removed))
    write_over_freed_pages()
    return removed


def in_words(removed: Mapping[str, int]) -> str:
    """Return a report as one line."""
    return ", ".join(f"{count} {name}" for name, count in removed.items()) or "nothing"


def _forget(rule: Rule, at: datetime) -> Iterator[int]:
    """Forget what a rule finds, a batch a transaction; yield how many each batch had.

    By key, so that it ends whatever a rule forgets. Rows that somebody has in hand wait for the next run.
    """
    rows = rule.find(at).order_by("pk")
    batch = rows
    while True:
        with transaction.atomic():
            pks = list(batch.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
            if not pks:
                return
            rule.forget(rows.model._default_manager.filter(pk__in=pks))
        yield len(pks)
        batch = rows.filter(pk__gt=pks[-1])


# --- Readers ------------------------------------------------------------------------------------------------------


def _unanswered(at: datetime) -> QuerySet[Subscriber]:
    """Those who asked for the digest, or somebody for them, and have not confirmed that since."""
    since = at - settings.SUBSCRIBERS_KEEP_PENDING
    lately = ConsentEvent.objects.filter(subscriber=OuterRef("pk"), at__gte=since)
    return Subscriber.objects.filter(~Exists(lately), status=Subscriber.Status.PENDING, created_at__lt=since)


def _never_confirmed(at: datetime) -> QuerySet[Subscriber]:
    return _unanswered(at).filter(confirmed_at=None, unsubscribed_at=None)


def _delete_readers(readers: QuerySet[Subscriber]) -> None:
    readers.delete()
    note_freed_pages()


def _did_not_come_back(at: datetime) -> QuerySet[Subscriber]:
    """Those who had left before: that is on record, so that no import brings them back, and holds again."""
    return _unanswered(at).filter(unsubscribed_at__isnull=False)


def _wishes_of_left(at: datetime) -> QuerySet[Subscriber]:
    has_left = Q(status=Subscriber.Status.UNSUBSCRIBED) | Q(pk__in=_did_not_come_back(at).values("pk"))
    left = Subscriber.objects.filter(has_left, unsubscribed_at__lt=at - settings.SUBSCRIBERS_KEEP_WISHES_OF_LEFT)
    topics = Subscriber.topics.through.objects.filter(subscriber=OuterRef("pk"))
    liked = Feedback.objects.filter(subscriber=OuterRef("pk"))
    wanted = WantedPaper.objects.filter(subscriber=OuterRef("pk"))
    said_something = reduce(or_, [~Q(**{name: value}) for name, value in NO_WISHES.items()])
    return left.filter(said_something | Exists(topics) | Exists(liked) | Exists(wanted))


def _forget_wishes(readers: QuerySet[Subscriber]) -> None:
    Subscriber.topics.through.objects.filter(subscriber__in=readers).delete()
    Feedback.objects.filter(subscriber__in=readers).delete()
    WantedPaper.objects.filter(subscriber__in=readers).delete()
    readers.update(**NO_WISHES)


def _old_wanted(at: datetime) -> QuerySet[WantedPaper]:
    return WantedPaper.objects.filter(asked_at__lt=at - settings.SUBSCRIBERS_KEEP_WANTED)


def _old_ips(at: datetime) -> QuerySet[ConsentEvent]:
    return ConsentEvent.objects.filter(truncated_ip__isnull=False, at__lt=at - settings.SUBSCRIBERS_KEEP_IP_FOR)


def _call_left(readers: QuerySet[Subscriber]) -> None:
    readers.update(status=Subscriber.Status.UNSUBSCRIBED)


def _cut_ips(events: QuerySet[ConsentEvent]) -> None:
    events.update(truncated_ip=None)


# --- What waits ---------------------------------------------------------------------------------------------------


def _stuck_letters(at: datetime) -> QuerySet[Letter]:
    return Letter.objects.filter(asked_at__lt=at - settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR)


def _stuck_sign_ups(at: datetime) -> QuerySet[SignUp]:
    # Not sooner: a worker that was down for a weekend still answers everybody.
    return SignUp.objects.filter(asked_at__lt=at - settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR)


def _unconfirmed_changes(at: datetime) -> QuerySet[AddressChange]:
    # The letter may take as long to leave as its link is valid from then on.
    return AddressChange.objects.filter(asked_at__lt=at - 2 * settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR)


def _idle_mailboxes(at: datetime) -> QuerySet[Mailbox]:
    longest = max(span for span, _ in settings.SUBSCRIBERS_LETTER_CAPS)
    return Mailbox.objects.filter(Q(last_letter_at__lt=at - longest) | Q(last_letter_at=None))


def _expired_challenges(at: datetime) -> QuerySet[UsedChallenge]:
    return UsedChallenge.objects.filter(expires_at__lt=at)


# --- Digests ------------------------------------------------------------------------------------------------------


def _old_picks(at: datetime) -> QuerySet[Delivery]:
    return _telling().filter(due_at__lt=at - settings.NEWSLETTER_KEEP_PICKS)


def _picks_of_nobody(at: datetime) -> QuerySet[Delivery]:
    """Deliveries of readers who are gone, and what came to be known of one that was leaving just then."""
    return _telling().filter(subscriber=None, due_at__gte=at - settings.NEWSLETTER_KEEP_PICKS)


def _telling() -> QuerySet[Delivery]:
    """Settled deliveries that still say something about their reader."""
    return Delivery.objects.exclude(**NOTHING_KNOWN).filter(settled_at__isnull=False)


def _empty(deliveries: QuerySet[Delivery]) -> None:
    deliveries.update(**NOTHING_KNOWN)


def _old_events(at: datetime) -> QuerySet[DeliveryEvent]:
    return DeliveryEvent.objects.filter(received_at__lt=at - settings.NEWSLETTER_KEEP_PICKS)


def _events_of_nobody(at: datetime) -> QuerySet[DeliveryEvent]:
    """What came about digests of readers who are gone; once looked at, since the reference leads to the delivery."""
    about_nobody = DeliveryEvent.objects.filter(delivery__isnull=False, delivery__subscriber=None)
    recent = about_nobody.filter(processed_at__isnull=False, received_at__gte=at - settings.NEWSLETTER_KEEP_PICKS)
    return recent.exclude(**NOTHING_TOLD)


def _blank(events: QuerySet[DeliveryEvent]) -> None:
    events.update(**NOTHING_TOLD)


# --- Sending ------------------------------------------------------------------------------------------------------


def _old_counts(at: datetime) -> QuerySet[HandedOver]:
    return HandedOver.objects.filter(minute__lt=at - COUNTS_ARE_KEPT)


def _old_alerts(at: datetime) -> QuerySet[Alert]:
    return Alert.objects.filter(cleared_at__lt=at - ALERTS_ARE_KEPT)


# --- People who work here -----------------------------------------------------------------------------------------


def _ended_sessions(at: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lt=at)


def _files(at: datetime) -> set[Path]:
    """Mails and previews of readers who are gone, or go now, and those that are as old as picks may be."""
    return files_of_nobody(leaving=_never_confirmed(at)) | old_files(at - settings.NEWSLETTER_KEEP_PICKS)


FILES = "files of mails and previews"

RULES = [
    Rule("readers who never confirmed", _never_confirmed, _delete_readers),
    Rule("readers who did not confirm again", _did_not_come_back, _call_left),
    Rule("wishes of readers who left", _wishes_of_left, _forget_wishes),
    Rule("papers that could not be looked up", _old_wanted, QuerySet.delete),
    Rule("truncated IP addresses", _old_ips, _cut_ips),
    Rule("letters too late to be of use", _stuck_letters, QuerySet.delete),
    Rule("sign-ups never answered", _stuck_sign_ups, QuerySet.delete),
    Rule("changes of address never confirmed", _unconfirmed_changes, QuerySet.delete),
    Rule("counts of letters", _idle_mailboxes, QuerySet.delete),
    Rule("used challenges", _expired_challenges, QuerySet.delete),
    Rule("digests whose papers were long ago", _old_picks, _empty),
    Rule("digests of readers who are gone", _picks_of_nobody, _empty),
    Rule("events long ago", _old_events, QuerySet.delete),
    Rule("events of readers who are gone", _events_of_nobody, _blank),
    Rule("counts of messages handed over", _old_counts, QuerySet.delete),
    Rule("alerts cleared long ago", _old_alerts, QuerySet.delete),
    Rule("log-ins that are over", _ended_sessions, QuerySet.delete),
]
