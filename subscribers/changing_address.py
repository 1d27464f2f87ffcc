"""A reader moves to another address: asked for at the old one, confirmed at the new one, told at the old one."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from subscribers.abuse import is_within
from subscribers.addresses import fingerprint
from subscribers.models import AddressChange, ConsentEvent, Letter, Mailbox, Subscriber, Suppression
from subscribers.optin import record
from subscribers.tokens import LinkInvalid, Purpose, read_token

# How often one reader may have us write to an address that may be somebody else's.
RATE = "5/day"


def ask_to_change(reader: Subscriber, address: str, at: datetime) -> bool:
    """Note that a reader wants digests at `address`, in place of what was asked for before, and have a letter sent.

    Nothing is looked up about the address, so that the answer tells nothing; what may be written to is decided when
    the letter is sent. Returns False, and does nothing, when the reader has asked too often.
    """
    if not is_within(RATE, "another address", str(reader.pk)):
        return False
    with transaction.atomic():
        Subscriber.objects.active().hold(reader.pk, Purpose.NEW_ADDRESS)
        cancel_change(reader)
        AddressChange.objects.create(subscriber=reader, address=address, asked_at=at)
        kind = Letter.Kind.NEW_ADDRESS
        Letter.objects.create(subscriber=reader, kind=kind, address=address, asked_at=at, due_at=at)
    return True


def cancel_change(reader: Subscriber) -> None:
    """Forget the address a reader asked for: its link does not work any more."""
    with transaction.atomic():
        AddressChange.objects.filter(subscriber=reader).delete()
        # A new row for each letter, so that a process that sends the old one does not delete the new one.
        reader.letters.filter(kind=Letter.Kind.NEW_ADDRESS).delete()


def waiting_change(reader: Subscriber, at: datetime) -> AddressChange | None:
    """Return the change that a reader asked for and can still confirm."""
    since = at - settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR
    return AddressChange.objects.filter(subscriber=reader, asked_at__gt=since).first()


def read_change(token: str, at: datetime) -> AddressChange | None:
    """Return the change that a link from the new address confirms; None when that has been done.

    Raises LinkInvalid, or LinkExpired.
    """
    pk, _, nonce = read_token(Purpose.NEW_ADDRESS, token, at).partition("-")
    reader = Subscriber.objects.active().filter(pk=pk).first()
    if reader is None:
        raise LinkInvalid(Purpose.NEW_ADDRESS)
    return _change_of(reader, nonce)


def confirm_change(token: str, at: datetime, *, truncated_ip: str | None = None) -> bool:
    """Move a reader to the address whose link this is; a second time changes nothing.

    Returns False, and changes nothing, when digests already come to that address for another reader.
    Raises LinkInvalid, or LinkExpired.
    """
    change = read_change(token, at)
    if change is None:
        return True
    try:
        return _confirm(change, at, truncated_ip)
    except IntegrityError:  # somebody signed up with the address this very moment
        return False


def _confirm(change: AddressChange, at: datetime, truncated_ip: str | None) -> bool:
    with transaction.atomic():
        reader = Subscriber.objects.active().hold(change.subscriber_id, Purpose.NEW_ADDRESS)
        waiting = _change_of(reader, change.nonce)
        if waiting is None:
            return True
        if not _take_over(reader, waiting.address):
            return False
        if reader.email != waiting.address:
            kind, former = ConsentEvent.Kind.ADDRESS_CHANGED, fingerprint(reader.email)
            record(reader, kind, "link", at, truncated_ip=truncated_ip, former_address_hash=former)
            _move(reader, waiting, at)
        # By its nonce a second click is told from a wrong one; and links to confirm the old address stop working.
        Subscriber.objects.filter(pk=reader.pk).update(optin_nonce=waiting.nonce)
        waiting.delete()
    return True


def _change_of(reader: Subscriber, nonce: str) -> AddressChange | None:
    change = AddressChange.objects.filter(subscriber=reader, nonce=nonce).first()
    if change is None and nonce == reader.optin_nonce:
        return None
    if change is None or Suppression.objects.covers(change.address):
        raise LinkInvalid(Purpose.NEW_ADDRESS)
    return change


def _take_over(reader: Subscriber, address: str) -> bool:
    """Merge whoever else is known at `address` into `reader`; return False when that one gets digests there."""
    others = Subscriber.objects.with_address(address).exclude(pk=reader.pk)
    # Active readers are not locked: two who change places would wait for each other.
    left = others.exclude(status=Subscriber.Status.ACTIVE).select_for_update().first()
    if left is not None:
        left.consent_events.update(subscriber=reader)
        left.delete()
    return not others.exists()


def _move(reader: Subscriber, change: AddressChange, at: datetime) -> None:
    old, new = reader.email, change.address
    Subscriber.objects.filter(pk=reader.pk).update(email=new, link_version=F("link_version") + 1)
    Mailbox.objects.forget(new)
    # What waits was for the old address, which gets no more links; but for the news of an earlier change.
    reader.letters.exclude(kind=Letter.Kind.ADDRESS_CHANGED).delete()
    if old.casefold() != new.casefold():
        # Of several changes in a row the first is told, at the address where it began.
        Letter.objects.get_or_create(
            subscriber=reader,
            kind=Letter.Kind.ADDRESS_CHANGED,
            defaults={"address": old, "asked_at": at, "due_at": at},
        )
