"""The way in and the way out: sign-up, confirmation (double opt-in), leaving."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction

from subscribers import signals
from subscribers.addresses import is_disposable
from subscribers.models import ConsentEvent, Letter, Mailbox, SignUp, Subscriber, Suppression
from subscribers.preferences import save_choices
from subscribers.tokens import LinkInvalid, Purpose, read_token

logger = logging.getLogger(__name__)

# Names the sentence next to the sign-up button. Change it with the sentence.
WORDING_VERSION = "2026-11"
# The source of a leaving that gets a goodbye: somebody pressed the button on our page. Mailbox providers count a mail
# after a one-click unsubscription against its sender, and whoever complained or bounced is not to be written to.
PAGE = "page"
ONE_CLICK = "one-click"
# Sign-ups looked up at a time.
BATCH = 500


def ask(  # noqa: PLR0913  each is a part of the proof
    address: str,
    *,
    source: str,
    at: datetime,
    page: str = "",
    truncated_ip: str | None = None,
    choices: dict[str, Any] | None = None,
) -> None:
    """Note that somebody at `address` asks for the digest: one row, whoever it is. Nothing is looked up or sent."""
    SignUp.objects.create(
        address=address,
        source=source,
        page=page,
        wording_version=WORDING_VERSION,
        truncated_ip=truncated_ip,
        choices=choices or {},
        asked_at=at,
    )


def answer_sign_ups(at: datetime) -> int:
    """Make the letters due that were asked for, oldest first; return how many sign-ups were looked at.

    A suppressed or disposable address gets nothing, nor does a mailbox that has had its share of letters.
    """
    return sum(_try_to_answer(sign_up, at) for sign_up in SignUp.objects.order_by("pk")[:BATCH])


def _try_to_answer(sign_up: SignUp, at: datetime) -> bool:
    try:
        return _answer(sign_up, at)
    except Exception:  # one that cannot be answered, whatever the cause, does not stop the others
        logger.exception("Sign-up %s cannot be answered", sign_up.pk)
        return False


def _answer(sign_up: SignUp, at: datetime) -> bool:
    with transaction.atomic():
        deleted, _ = SignUp.objects.filter(pk=sign_up.pk).delete()
        if not deleted:
            return False  # another process was faster
        if not (Suppression.objects.covers(sign_up.address) or is_disposable(sign_up.address)):
            _invite(sign_up, at)
            if Suppression.objects.covers(sign_up.address):
                # Erased in between: as if nothing had been asked; the row is dropped the next time.
                transaction.set_rollback(True)
    return True


def _invite(sign_up: SignUp, at: datetime) -> None:
    """Write the letter that a sign-up leads to, unless one waits already or the mailbox has had its share."""
    reader = Subscriber.objects.with_address(sign_up.address).first()
    if reader is None or not reader.letters.filter(kind__in=Letter.OPT_IN).exists():
        # Counted before anything is written: of a flood nothing stays but what it may cause.
        if not Mailbox.objects.count_letter(sign_up.address, at):
            return
        reader = _asking(sign_up)
        kind = Letter.Kind.ALREADY_SUBSCRIBED if reader.is_active else Letter.Kind.CONFIRMATION
        asked_at = sign_up.asked_at
        Letter.objects.create(
            subscriber=reader, kind=kind, address=reader.email, asked_at=asked_at, due_at=asked_at, counted_at=at
        )
    if sign_up.choices and not reader.is_active:
        # Anybody can sign up anybody: what an active reader has chosen is theirs alone to change.
        save_choices(reader, sign_up.choices, sign_up.asked_at)


def _asking(sign_up: SignUp) -> Subscriber:
    """Return the reader at the address of a sign-up, known before or new, with the proof of having been asked."""
    at = sign_up.asked_at
    reader, _ = Subscriber.objects.with_address(sign_up.address).get_or_create(
        defaults={"email": sign_up.address, "created_at": at}
    )
    Subscriber.objects.filter(pk=reader.pk, status=Subscriber.Status.UNSUBSCRIBED).update(
        status=Subscriber.Status.PENDING
    )
    kind = ConsentEvent.Kind.REQUESTED
    ConsentEvent.objects.create(
        subscriber=reader,
        kind=kind,
        wording_version=sign_up.wording_version,
        source=sign_up.source,
        page=sign_up.page,
        truncated_ip=sign_up.truncated_ip,
        at=at,
    )
    return reader


def confirm(token: str, at: datetime, *, truncated_ip: str | None = None) -> bool:
    """Make the reader named by a confirmation token active; return False when that had been done before.

    Raises LinkInvalid, or LinkExpired.
    """
    reader = read_confirmation(token, at)
    with transaction.atomic():
        if not reader.activate(at):
            return False
        reader.letters.exclude(kind=Letter.Kind.ADDRESS_CHANGED).delete()
        _write(reader, Letter.Kind.WELCOME, at)
        Mailbox.objects.forget(reader.email)
        record(reader, ConsentEvent.Kind.CONFIRMED, "link", at, truncated_ip=truncated_ip)
        transaction.on_commit(lambda: signals.confirmed.send(Subscriber, subscriber_id=reader.pk), robust=True)
    return True


class NoLetter(Exception):
    """No letter is written; the message says why, for the person of the staff who asked for it."""


def invite_again(reader: Subscriber, at: datetime) -> None:
    """Write the letter with the link to confirm once more, within the caps of the mailbox. Raises NoLetter.

    No consent is noted: it was not the reader who asked.
    """
    with transaction.atomic():
        if not Subscriber.objects.filter(pk=reader.pk, status=Subscriber.Status.PENDING).exists():
            raise NoLetter("Only who has not confirmed yet gets this letter.")
        if Suppression.objects.covers(reader.email) or is_disposable(reader.email):
            raise NoLetter("The address must not be mailed.")
        if reader.letters.filter(kind__in=Letter.OPT_IN).exists():
            raise NoLetter("One waits to be sent already.")
        if not Mailbox.objects.count_letter(reader.email, at):
            raise NoLetter("The mailbox has had its share of letters. Try again tomorrow.")
        kind = Letter.Kind.CONFIRMATION
        Letter.objects.create(subscriber=reader, kind=kind, address=reader.email, asked_at=at, due_at=at, counted_at=at)


def read_confirmation(token: str, at: datetime) -> Subscriber:
    """Return the reader whom a confirmation token names. Raises LinkInvalid, or LinkExpired."""
    return _confirming(read_token(Purpose.CONFIRM, token, at))


def _confirming(subject: str) -> Subscriber:
    pk, _, nonce = subject.partition("-")
    reader = Subscriber.objects.filter(pk=pk, optin_nonce=nonce).first()
    if reader is None or Suppression.objects.covers(reader.email):
        raise LinkInvalid(Purpose.CONFIRM)
    return reader


def unsubscribe(reader: Subscriber, *, source: str, at: datetime) -> None:
    """Take a reader off the list; a second time changes nothing. Who got digests and leaves on our page is told so."""
    with transaction.atomic():
        got_digests = Subscriber.objects.active().select_for_update().filter(pk=reader.pk).first() is not None
        if not reader.unsubscribe(at):
            return
        # All but the news of a change of address: whoever took it over may not keep it from the old one.
        reader.letters.exclude(kind=Letter.Kind.ADDRESS_CHANGED).delete()
        if got_digests:
            # Once: whoever has a link to leave that was passed on could else have letters sent without end.
            Mailbox.objects.forget(reader.email)
        if got_digests and source == PAGE:
            _write(reader, Letter.Kind.GOODBYE, at)
        record(reader, ConsentEvent.Kind.UNSUBSCRIBED, source, at)


def never_mail(address: str, at: datetime) -> None:
    """Never mail `address` again, by decision of the staff; a reader there is off the list."""
    with transaction.atomic():
        Suppression.objects.suppress(address, Suppression.Reason.MANUAL, at)
        if reader := Subscriber.objects.with_address(address).first():
            unsubscribe(reader, source="admin", at=at)


def _write(reader: Subscriber, kind: Letter.Kind, at: datetime) -> None:
    Letter.objects.create(subscriber=reader, kind=kind, address=reader.email, asked_at=at, due_at=at)


def reader_of(purpose: Purpose, token: str, at: datetime) -> Subscriber:
    """Return the reader whom a token of `purpose` names. Raises LinkInvalid, or LinkExpired."""
    return _named(purpose, read_token(purpose, token, at))


def reader_of_expired(purpose: Purpose, subject: str) -> Subscriber:
    """Return the reader whom an expired token of `purpose` named, to send a new one to. Raises LinkInvalid."""
    return _confirming(subject) if purpose == Purpose.CONFIRM else _named(purpose, subject)


def _named(purpose: Purpose, subject: str) -> Subscriber:
    pk, _, version = subject.partition("-")
    reader = Subscriber.objects.filter(pk=pk).first()
    # Links that were mailed before there were versions have none.
    is_outdated = purpose == Purpose.PREFERENCES and reader and reader.link_version != int(version or 0)
    if reader is None or is_outdated:
        raise LinkInvalid(purpose)
    return reader


def record(  # noqa: PLR0913  each is a part of the proof
    reader: Subscriber,
    kind: ConsentEvent.Kind,
    source: str,
    at: datetime,
    *,
    truncated_ip: str | None = None,
    former_address_hash: str = "",
) -> None:
    """Keep the proof of what a reader agreed to, or withdrew."""
    ConsentEvent.objects.create(
        subscriber=reader,
        kind=kind,
        wording_version=WORDING_VERSION,
        source=source,
        truncated_ip=truncated_ip,
        former_address_hash=former_address_hash,
        at=at,
    )
