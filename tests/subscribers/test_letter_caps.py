"""How often a mailbox is written to, whoever asks, and under whatever spelling."""

from datetime import timedelta

import pytest

from subscribers.emails import LEASE
from subscribers.models import Letter, Subscriber
from subscribers.optin import answer_sign_ups, confirm
from subscribers.optin import ask as note_sign_up
from tests.conftest import NOW, MailServer
from tests.letters import read_mail
from tests.subscribers.asking import (
    ADDRESS,
    DAY,
    MINUTE,
    ask,
    confirmation_of,
    events,
    send_due,
)

pytestmark = pytest.mark.django_db


def test_a_mailbox_gets_one_letter_a_day_and_three_in_a_month(mail_server: MailServer) -> None:
    for day in range(40):
        for hour in (0, 6, 12):
            at = NOW + day * DAY + timedelta(hours=hour)
            ask(at=at)
            send_due(at)
    # On the first three days, and once those are a month past.
    assert len(mail_server.received) == 6


def test_asking_beyond_the_caps_leaves_no_row_behind(mail_server: MailServer) -> None:
    reader = ask()
    send_due(NOW)
    for minutes in range(1, 20):
        ask(at=NOW + minutes * MINUTE)
    assert events(reader) == [("requested", "form")]
    assert not Letter.objects.exists()
    note_sign_up(ADDRESS.replace("+this", "+that"), source="form", at=NOW + MINUTE)
    answer_sign_ups(NOW + MINUTE)
    assert Subscriber.objects.count() == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@example.org", "ADA+news@Example.org"),
        ("ada.lovelace@gmail.com", "a.d.a.lovelace+x@googlemail.com"),
    ],
)
def test_spellings_of_one_mailbox_share_its_caps(one: str, other: str, mail_server: MailServer) -> None:
    ask(one)
    note_sign_up(other, source="form", at=NOW)
    assert answer_sign_ups(NOW) == 1
    assert send_due(NOW) == 1
    assert [envelope.rcpt_tos for envelope in mail_server.received] == [[one]]
    assert not Letter.objects.exists()


def test_a_letter_that_is_tried_again_counts_once(mail_server: MailServer) -> None:
    mail_server.replies = ["451 not now"]
    ask()
    assert send_due(NOW) == 0
    assert send_due(NOW + LEASE) == 1


def test_who_confirms_may_be_written_to_again(mail_server: MailServer) -> None:
    reader = ask()
    send_due(NOW)
    confirm(confirmation_of(reader), NOW)
    assert send_due(NOW) == 1  # the welcome
    ask(at=NOW + MINUTE)
    assert send_due(NOW + MINUTE) == 1
    assert "already" in str(read_mail(mail_server.received[2].content)["Subject"])
    # A stranger who asks again and again is no reason to write again.
    ask(at=NOW + 2 * MINUTE)
    assert send_due(NOW + 2 * MINUTE) == 0


@pytest.mark.parametrize("address", ["x@mailinator.com", "x@sub.mailinator.com"])
def test_an_address_that_lives_for_minutes_gets_nothing(address: str, mail_server: MailServer) -> None:
    note_sign_up(address, source="form", at=NOW)
    assert answer_sign_ups(NOW) == 1
    assert send_due(NOW) == 0
    assert not Subscriber.objects.exists()
