"""Letters on PostgreSQL, when two processes do the same at once."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from newsletter.quiet_days import tell_of_quiet_days
from subscribers.emails import send_due_letters
from subscribers.models import Letter, Subscriber
from subscribers.optin import PAGE, confirm, unsubscribe
from tests.conftest import NOW, MailServer
from tests.factories import make_reader
from tests.services.test_races import _postgresql, both
from tests.subscribers.asking import ask, confirmation_of, kinds_waiting

__all__ = ["_postgresql"]

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

SUNDAY = datetime(2026, 11, 22, 7, tzinfo=UTC)


def test_two_processes_tell_each_reader_once_of_a_quiet_day(settings: Settings, mail_server: MailServer) -> None:
    settings.PAPERS_SOURCES = ["huggingface"]
    readers = [make_reader(hears_of_quiet_days=True, confirmed_at=SUNDAY - timedelta(days=9)) for _ in range(40)]
    told: list[int] = []

    def tell_and_send() -> None:
        told.append(tell_of_quiet_days(SUNDAY))
        send_due_letters(lambda: SUNDAY, until=SUNDAY + timedelta(seconds=1))

    both(tell_and_send)
    tell_and_send()
    assert sum(told) == len(readers)
    assert sorted(envelope.rcpt_tos[0] for envelope in mail_server.received) == sorted(r.email for r in readers)


def test_confirming_and_leaving_twice_at_once_is_one_welcome_and_one_goodbye() -> None:
    reader = ask()
    token = confirmation_of(reader)
    both(lambda: confirm(token, NOW))
    assert kinds_waiting(reader) == ["welcome"]
    both(lambda: unsubscribe(Subscriber.objects.get(), source=PAGE, at=NOW))
    assert kinds_waiting(reader) == ["goodbye"]
    assert Letter.objects.get().address == reader.email
