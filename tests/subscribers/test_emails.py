from datetime import timedelta
from pathlib import Path

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django import Settings

from mail import throttle
from subscribers.emails import LEASE
from subscribers.links import preferences_url, unsubscribe_url
from subscribers.models import Letter, Mailbox, Subscriber
from subscribers.optin import confirm
from tests.conftest import NOW, MailServer
from tests.factories import make_reader
from tests.letters import links_in, read_mail, text_of
from tests.subscribers.asking import (
    ADDRESS,
    DAY,
    MINUTE,
    ask,
    confirmation_of,
    kinds_waiting,
    letter_to,
    send,
    send_due,
    suppress,
    token_in,
)

pytestmark = pytest.mark.django_db


# --- The mail -----------------------------------------------------------------------------------------------------


def test_the_link_in_the_mail_confirms(mail_server: MailServer) -> None:
    reader = ask()
    assert send(letter_to(reader), NOW)
    (link,) = [link for link in links_in(read_mail(mail_server.received[0].content)) if "/confirm/" in link]
    assert link in text_of(read_mail(mail_server.received[0].content), "html")
    assert confirm(token_in(link), NOW + MINUTE)
    reader.refresh_from_db()
    assert reader.is_active
    assert reader.confirmed_at == NOW + MINUTE


def test_a_confirmation_holds_nothing_the_visitor_typed_but_the_address_it_goes_to(mail_server: MailServer) -> None:
    send(letter_to(ask("Buy-Pills.at+Spam@Evil.example.org")), NOW)
    letter = read_mail(mail_server.received[0].content)
    assert letter["To"] == "Buy-Pills.at+Spam@Evil.example.org"
    del letter["To"]
    said = [*map(str, letter.values()), text_of(letter), text_of(letter, "html")]
    for typed in ("pills", "spam", "evil"):
        assert not any(typed in part.lower() for part in said)


def test_an_opt_in_mail_is_no_list_mail(mail_server: MailServer) -> None:
    send(letter_to(ask()), NOW)
    letter = read_mail(mail_server.received[0].content)
    assert letter["List-Unsubscribe"] is None
    assert letter["Auto-Submitted"] == "auto-generated"


def test_an_active_reader_is_told_so_and_stays_active(mail_server: MailServer) -> None:
    reader = make_reader(email=ADDRESS)
    assert ask() == reader
    assert send_due(NOW) == 1
    letter = read_mail(mail_server.received[0].content)
    assert "already" in str(letter["Subject"])
    links = links_in(letter)
    assert preferences_url(reader, NOW) in links
    assert unsubscribe_url(reader, NOW) in links
    assert not any("/confirm/" in link for link in links)
    reader.refresh_from_db()
    assert reader.is_active


def test_the_same_clock_makes_the_same_message(outbox: Path) -> None:
    reader = ask()
    send(letter_to(reader), NOW)
    (first,) = outbox.glob("*.html")
    html = first.read_bytes()
    for path in outbox.iterdir():
        path.unlink()
    Mailbox.objects.forget(reader.email)
    send(letter_to(ask()), NOW)
    assert first.read_bytes() == html


# --- Sending once -------------------------------------------------------------------------------------------------


def test_sending_twice_sends_once(mail_server: MailServer) -> None:
    reader = ask()
    letter = letter_to(reader)
    assert send(letter, NOW)
    assert not send(letter, NOW)
    assert send_due(NOW) == 0
    assert send_due(NOW + 30 * DAY) == 0
    assert len(mail_server.received) == 1


def test_nothing_is_sent_before_it_is_due(mail_server: MailServer) -> None:
    reader = ask(at=NOW + MINUTE)
    assert not send(letter_to(reader), NOW)
    assert send_due(NOW) == 0
    assert mail_server.received == []


def test_a_reader_who_is_gone_is_no_error() -> None:
    assert not send(Letter(pk=404), NOW)


class MeddlingBackend(BaseEmailBackend):
    """While it sends, something else happens: what `meanwhile` does."""

    sent = 0
    outcomes: list[bool] = []
    letter_id = 0

    def send_messages(self, email_messages: object) -> int:
        type(self).sent += 1
        type(self).outcomes += [send(Letter(pk=self.letter_id), NOW), bool(send_due(NOW + MINUTE))]
        return 1


def test_while_one_process_sends_no_other_one_does(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.MeddlingBackend"
    MeddlingBackend.sent, MeddlingBackend.outcomes, MeddlingBackend.letter_id = 0, [], letter_to(ask()).pk
    assert send(Letter(pk=MeddlingBackend.letter_id), NOW)
    assert MeddlingBackend.outcomes == [False, False]
    assert MeddlingBackend.sent == 1


class KilledBackend(BaseEmailBackend):
    """The process ends here."""

    def send_messages(self, email_messages: object) -> int:
        raise KeyboardInterrupt


def test_a_process_that_dies_while_sending_loses_nothing(settings: Settings, mail_server: MailServer) -> None:
    reader = ask()
    usual, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.KilledBackend"
    with pytest.raises(KeyboardInterrupt):
        send(letter_to(reader), NOW)
    settings.EMAIL_BACKEND = usual
    assert send_due(NOW + LEASE - MINUTE) == 0
    assert send_due(NOW + LEASE) == 1
    assert len(mail_server.received) == 1


class ConfirmingBackend(BaseEmailBackend):
    """So quick that the reader has confirmed, and asked again, before the sender notes that the mail went out."""

    def send_messages(self, email_messages: object) -> int:
        confirm(confirmation_of(Subscriber.objects.get()), NOW)
        ask()
        return 1


def test_noting_that_a_mail_went_out_overwrites_nothing_newer(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.ConfirmingBackend"
    reader = ask()
    assert send(letter_to(reader), NOW)
    reader.refresh_from_db()
    assert reader.is_active
    assert kinds_waiting(reader) == ["already_subscribed", "welcome"]


# --- Trouble ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", ["451 try again later", "421 closing"])
def test_a_mail_refused_for_now_is_due_again_after_the_lease(reply: str, mail_server: MailServer) -> None:
    mail_server.replies = [reply]
    reader = ask()
    assert send_due(NOW) == 0
    assert send_due(NOW + LEASE - MINUTE) == 0
    assert send_due(NOW + LEASE) == 1
    assert send_due(NOW + 2 * LEASE) == 0
    assert [envelope.rcpt_tos for envelope in mail_server.received] == [[reader.email]]


def test_a_mail_refused_for_good_is_not_tried_for_ever(mail_server: MailServer) -> None:
    mail_server.replies = ["550 no such user"]
    reader = ask()
    for days in range(10):
        assert send_due(NOW + days * DAY) == 0
    assert mail_server.received == []
    reader.refresh_from_db()
    assert reader.status == Subscriber.Status.PENDING
    assert not Letter.objects.exists()


def test_asking_again_after_a_refusal_waits_a_day_like_after_a_mail(mail_server: MailServer) -> None:
    mail_server.replies = ["550 no such user"]
    ask()
    send_due(NOW)
    ask(at=NOW + MINUTE)
    assert send_due(NOW + MINUTE) == 0
    ask(at=NOW + DAY)
    assert send_due(NOW + DAY) == 1


def test_a_mail_that_may_have_left_is_not_repeated(settings: Settings, mail_server: MailServer) -> None:
    mail_server.replies = ["999 what"]
    ask()
    for minutes in range(0, 60, 5):
        assert send_due(NOW + minutes * MINUTE) == 0
    assert mail_server.received == []


def test_a_mail_that_cannot_be_delivered_is_given_up_when_its_link_would_be_of_no_use(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "mail.backends.SmtpBackend", "127.0.0.1", 1
    reader = ask()
    send_due(NOW)
    assert letter_to(reader).due_at == NOW + LEASE
    send_due(NOW + 8 * DAY)
    assert not Letter.objects.exists()


def test_with_no_mail_server_nothing_is_lost(settings: Settings, mail_server: MailServer) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    readers = [ask(f"reader{number}@example.org") for number in range(3)]
    assert send_due(NOW) == 0
    settings.EMAIL_PORT = port
    assert send_due(NOW + LEASE) == 3
    assert sorted(envelope.rcpt_tos[0] for envelope in mail_server.received) == [reader.email for reader in readers]


def test_one_refused_mail_does_not_hold_up_the_others(mail_server: MailServer) -> None:
    mail_server.replies = ["550 no such user", "451 not now"]
    for number in range(5):
        ask(f"reader{number}@example.org", at=NOW + timedelta(seconds=number))
    assert send_due(NOW + MINUTE) == 3
    assert [envelope.rcpt_tos[0] for envelope in mail_server.received] == [
        "reader2@example.org",
        "reader3@example.org",
        "reader4@example.org",
    ]


def test_a_letter_that_is_refused_again_and_again_is_tried_ever_later(mail_server: MailServer) -> None:
    mail_server.replies = ["451 full"] * 100
    ask()
    at, waits = NOW, []
    for _ in range(5):
        send_due(at)
        waits.append(Letter.objects.get().due_at - at)
        at = Letter.objects.get().due_at
    assert waits == [minutes * MINUTE for minutes in (5, 5, 10, 20, 40)]


def test_without_a_mail_server_one_attempt_is_enough(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "mail.backends.SmtpBackend", "127.0.0.1", 1
    for number in range(3):
        ask(f"reader{number}@example.org")
    assert send_due(NOW) == 0
    assert Letter.objects.due(NOW).count() == 2


def test_more_letters_than_are_looked_up_at_once_all_go_out(mail_server: MailServer) -> None:
    for number in range(105):
        Letter.objects.create(
            subscriber=make_reader(email=f"r{number}@example.org"),
            kind=Letter.Kind.ALREADY_SUBSCRIBED,
            address=f"r{number}@example.org",
            asked_at=NOW,
            due_at=NOW,
        )
    assert send_due(NOW) == 105


def test_while_mail_is_stopped_letters_wait_too(mail_server: MailServer) -> None:
    ask()
    throttle.stop_all(NOW)
    assert send_due(NOW) == 0
    assert not mail_server.received
    throttle.start_again()
    assert send_due(NOW) == 1


def test_a_server_that_asks_for_a_pause_gets_it_from_letters_too(mail_server: MailServer) -> None:
    for number in range(3):
        ask(f"reader{number}@example.org")
    mail_server.replies = ["421 4.7.0 Too fast"]
    assert send_due(NOW) == 0
    assert not throttle.is_open(NOW)


def test_letters_keep_to_the_limits_of_the_provider(settings: Settings, mail_server: MailServer) -> None:
    settings.MAIL_PER_HOUR = 2
    for number in range(3):
        ask(f"reader{number}@example.org")
    assert send_due(NOW) == 2
    assert send_due(NOW + 62 * MINUTE) == 1


def test_letters_that_stay_at_home_use_up_no_limit(settings: Settings, mail_server: MailServer) -> None:
    settings.MAIL_PER_HOUR = 2
    for number in range(5):
        suppress(ask(f"reader{number}@example.org").email)
    ask()
    assert send_due(NOW) == 1
    assert throttle.room(2, NOW) == 1
