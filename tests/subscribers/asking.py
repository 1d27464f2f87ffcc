"""Somebody who signs up, as tests need them."""

from datetime import datetime, timedelta
from typing import Any

from mail.transport import Mailer
from subscribers.emails import send_due_letters, send_letter
from subscribers.links import confirm_url
from subscribers.models import Letter, Subscriber, Suppression
from subscribers.optin import answer_sign_ups
from subscribers.optin import ask as note_sign_up
from tests.conftest import NOW

ADDRESS = "visitor.typed+this@example.org"
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def send_due(at: datetime) -> int:
    return send_due_letters(lambda: at, until=at + timedelta(seconds=1))


def send(letter: Letter, at: datetime) -> bool:
    with Mailer() as mailer:
        return send_letter(letter.pk, at, mailer)


def ask(address: str = ADDRESS, *, at: datetime = NOW, source: str = "form", **more: Any) -> Subscriber:
    """Sign somebody up, and have the sign-up answered; the reader is known before, or may be written to."""
    note_sign_up(address, source=source, at=at, **more)
    answer_sign_ups(at)
    return Subscriber.objects.with_address(address).get()


def letter_to(reader: Subscriber) -> Letter:
    """The one letter that waits for a reader."""
    return Letter.objects.get(subscriber=reader)


def kinds_waiting(reader: Subscriber) -> list[str]:
    """The kinds of the letters that wait for a reader, by name."""
    return sorted(reader.letters.values_list("kind", flat=True))


def write(kind: str, reader: Subscriber, *, at: datetime = NOW, **more: Any) -> Letter:
    """A letter that is due."""
    facts: dict[str, Any] = {"address": reader.email, "asked_at": at, "due_at": at} | more
    return Letter.objects.create(subscriber=reader, kind=kind, **facts)


def confirmation_of(reader: Subscriber, at: datetime = NOW) -> str:
    return token_in(confirm_url(reader, at))


def token_in(link: str) -> str:
    return link.rpartition("/")[2]


def events(reader: Subscriber) -> list[tuple[str, str]]:
    return list(reader.consent_events.values_list("kind", "source"))


def suppress(address: str = ADDRESS) -> None:
    Suppression.objects.suppress(address, Suppression.Reason.COMPLAINT, NOW)
