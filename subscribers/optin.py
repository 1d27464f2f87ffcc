"""The way in and the way out: sign-up, confirmation (double opt-in), leaving."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from subscribers import signals
from subscribers.models import ConsentEvent, Subscriber, Suppression
from subscribers.tokens import LinkInvalid, Purpose, read_token

# Names the sentence next to the sign-up button. Change it with the sentence.
WORDING_VERSION = "2026-11"


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


def _record(reader: Subscriber, kind: ConsentEvent.Kind, source: str, at: datetime) -> None:
    ConsentEvent.objects.create(subscriber=reader, kind=kind, wording_version=WORDING_VERSION, source=source, at=at)
