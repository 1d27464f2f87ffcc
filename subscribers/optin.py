"""The way in and the way out: sign-up, confirmation (double opt-in), leaving."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from mail.message import make_message, render_body
from mail.transport import HandOverError, Mailer, NotSent, RefusedForNow
from subscribers import signals
from subscribers.links import confirm_url, preferences_url, unsubscribe_url
from subscribers.models import ConsentEvent, Subscriber, Suppression
from subscribers.tokens import LinkInvalid, Purpose, read_token

logger = logging.getLogger(__name__)

# Names the sentence next to the sign-up button. Change it with the sentence.
WORDING_VERSION = "2026-11"
LEASE = timedelta(minutes=5)
# Opt-in mails looked up at a time.
BATCH = 100


def sign_up(address: str, *, source: str, at: datetime) -> int | None:
    """Note that somebody at `address` asks for the digest, and that an opt-in mail is due; return the reader's id.

    Nothing is sent here. A suppressed address is passed over (None). One mail a SUBSCRIBERS_OPTIN_MAIL_EVERY at most
    is due to an address; asking more often changes nothing.
    """
    if Suppression.objects.covers(address):
        return None
    with transaction.atomic():
        reader, _ = Subscriber.objects.with_address(address).get_or_create(
            defaults={"email": address, "created_at": at}
        )
        Subscriber.objects.filter(pk=reader.pk, status=Subscriber.Status.UNSUBSCRIBED).update(
            status=Subscriber.Status.PENDING
        )
        long_ago = Q(optin_mail_sent_at=None) | Q(optin_mail_sent_at__lte=at - settings.SUBSCRIBERS_OPTIN_MAIL_EVERY)
        Subscriber.objects.filter(long_ago, pk=reader.pk, optin_mail_due_at=None).update(optin_mail_due_at=at)
        _record(reader, ConsentEvent.Kind.REQUESTED, source, at)
    return reader.pk


def send_due_optin_mails(clock: Callable[[], datetime], *, until: datetime) -> int:
    """Send the opt-in mails that are due, until none is or `until` has come; return how many were accepted."""
    accepted = 0
    due = Subscriber.objects.optin_mail_due(clock()).order_by("optin_mail_due_at").values_list("pk", flat=True)
    for pk in list(due[:BATCH]):
        if (at := clock()) >= until:
            break
        accepted += send_optin_mail(pk, at)
    return accepted


def send_optin_mail(subscriber_id: int, at: datetime) -> bool:
    """Send one reader's due opt-in mail; return whether it was accepted.

    Only one process gets to send it. When the mail surely did not leave, or the process died, it is due again after
    LEASE: a confirmation that comes twice does less harm than one that never comes.
    """
    lease = at + LEASE
    claimed = Subscriber.objects.filter(pk=subscriber_id).optin_mail_due(at).update(optin_mail_due_at=lease)
    if not claimed:
        return False
    reader = Subscriber.objects.get(pk=subscriber_id)
    if Suppression.objects.covers(reader.email):  # since the sign-up
        Subscriber.objects.filter(pk=subscriber_id).update(optin_mail_due_at=None)
        return False
    accepted = False
    try:
        _deliver_optin_mail(reader, at)
        accepted = True
    except HandOverError as err:
        logger.warning("The opt-in mail of reader %s was not accepted: %s", subscriber_id, err)
        if isinstance(err, NotSent | RefusedForNow) and _still_waiting(reader, at):
            return False
    # Refused for good, or perhaps on its way: as with one that was accepted, the next is a day away.
    Subscriber.objects.filter(pk=subscriber_id, optin_mail_due_at=lease).update(
        optin_mail_due_at=None, optin_mail_sent_at=at
    )
    return accepted


def confirm(token: str, at: datetime) -> bool:
    """Make the reader named by a confirmation token active; return False when that had been done before.

    Raises LinkInvalid, or LinkExpired.
    """
    reader = read_confirmation(token, at)
    with transaction.atomic():
        if not reader.activate(at):
            return False
        _record(reader, ConsentEvent.Kind.CONFIRMED, "link", at)
        transaction.on_commit(lambda: signals.confirmed.send(Subscriber, subscriber_id=reader.pk), robust=True)
    return True


def read_confirmation(token: str, at: datetime) -> Subscriber:
    """Return the reader whom a confirmation token names. Raises LinkInvalid, or LinkExpired."""
    pk, _, nonce = read_token(Purpose.CONFIRM, token, at).partition("-")
    reader = Subscriber.objects.filter(pk=pk, optin_nonce=nonce).first()
    if reader is None or Suppression.objects.covers(reader.email):
        raise LinkInvalid(Purpose.CONFIRM)
    return reader


def unsubscribe(reader: Subscriber, *, source: str, at: datetime) -> None:
    """Take a reader off the list; a second time changes nothing."""
    with transaction.atomic():
        if reader.unsubscribe(at):
            _record(reader, ConsentEvent.Kind.UNSUBSCRIBED, source, at)


def reader_of(purpose: Purpose, token: str, at: datetime) -> Subscriber:
    """Return the reader whom a token of `purpose` names. Raises LinkInvalid, or LinkExpired."""
    reader = Subscriber.objects.filter(pk=read_token(purpose, token, at)).first()
    if reader is None:
        raise LinkInvalid(purpose)
    return reader


def _still_waiting(reader: Subscriber, at: datetime) -> bool:
    """Whether the reader asked so lately that a confirmation is still of use."""
    since = at - settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR
    return reader.consent_events.filter(kind=ConsentEvent.Kind.REQUESTED, at__gt=since).exists()


def _deliver_optin_mail(reader: Subscriber, at: datetime) -> None:
    name = "already_subscribed" if reader.is_active else "confirmation"
    context: dict[str, object] = {
        "confirm_url": confirm_url(reader, at),
        "preferences_url": preferences_url(reader, at),
        "unsubscribe_url": unsubscribe_url(reader, at),
        "valid_days": settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR.days,
        "postal_address": settings.POSTAL_ADDRESS,
        "site_url": settings.SITE_URL,
    }
    message = make_message(
        render_body(name, context),
        to=reader.email,
        sender=settings.SUBSCRIBERS_FROM,
        reference=f"{name.replace('_', '-')}-{reader.pk}-{int(at.timestamp())}",
        tag="opt-in",
    )
    with Mailer() as mailer:
        mailer.hand_over(message)


def _record(reader: Subscriber, kind: ConsentEvent.Kind, source: str, at: datetime) -> None:
    ConsentEvent.objects.create(subscriber=reader, kind=kind, wording_version=WORDING_VERSION, source=source, at=at)
