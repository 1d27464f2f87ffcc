"""Somebody who signs up, as tests need them."""

from datetime import datetime, timedelta

from subscribers.emails import send_due_optin_mails
from subscribers.links import confirm_url
from subscribers.models import Subscriber, Suppression
from subscribers.optin import sign_up
from tests.conftest import NOW


def send_due(at: datetime) -> int:
    return send_due_optin_mails(lambda: at, until=at + timedelta(seconds=1))


ADDRESS = "visitor.typed+this@example.org"
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def ask(address: str = ADDRESS, *, at: datetime = NOW) -> Subscriber:
    """Sign somebody up who is not suppressed."""
    reader_id = sign_up(address, source="form", at=at)
    assert reader_id is not None
    return Subscriber.objects.get(pk=reader_id)


def confirmation_of(reader: Subscriber, at: datetime = NOW) -> str:
    return token_in(confirm_url(reader, at))


def token_in(link: str) -> str:
    return link.rpartition("/")[2]


def events(reader: Subscriber) -> list[tuple[str, str]]:
    return list(reader.consent_events.values_list("kind", "source"))


def suppress(address: str = ADDRESS) -> None:
    Suppression.objects.suppress(address, Suppression.Reason.COMPLAINT, NOW)
