"""Who is welcomed, who is told that leaving worked, and who is not."""

import pytest
from django.test import Client

from newsletter.erasure import erase
from subscribers.changing_address import ask_to_change, confirm_change
from subscribers.leaving import keep_reason
from subscribers.links import new_address_url, unsubscribe_url
from subscribers.models import AddressChange, Letter, Subscriber
from subscribers.optin import PAGE, confirm, unsubscribe
from tests.conftest import NOW, MailServer
from tests.factories import make_reader
from tests.letters import read_mail, text_of
from tests.subscribers.asking import (
    ADDRESS,
    DAY,
    MINUTE,
    ask,
    confirmation_of,
    kinds_waiting,
    send_due,
    suppress,
    token_in,
    write,
)
from tests.subscribers.files import take_in
from tests.subscribers.links import path_of

pytestmark = pytest.mark.django_db


def subjects(mail_server: MailServer) -> list[str]:
    return [str(read_mail(envelope.content)["Subject"]) for envelope in mail_server.received]


# --- Welcome ------------------------------------------------------------------------------------------------------


def test_who_confirms_is_welcomed_once(mail_server: MailServer) -> None:
    reader = ask()
    send_due(NOW)
    for _ in range(2):
        confirm(confirmation_of(reader), NOW + MINUTE)
        send_due(NOW + MINUTE)
    assert subjects(mail_server) == ["Confirm your Paper Route subscription", "Welcome to Paper Route"]
    letter = read_mail(mail_server.received[1].content)
    assert letter["To"] == ADDRESS
    assert "a person reads it" in text_of(letter)
    assert letter["Reply-To"]


def test_a_welcome_counts_against_no_cap_so_that_the_next_sign_up_is_answered(mail_server: MailServer) -> None:
    reader = ask()
    confirm(confirmation_of(reader), NOW)
    send_due(NOW)
    ask(at=NOW + MINUTE)
    send_due(NOW + MINUTE)
    assert subjects(mail_server) == ["Welcome to Paper Route", "You are already subscribed to Paper Route"]


def test_who_leaves_or_moves_before_the_welcome_went_out_gets_none(mail_server: MailServer) -> None:
    reader = ask()
    confirm(confirmation_of(reader), NOW)
    unsubscribe(reader, source="one-click", at=NOW)
    assert kinds_waiting(reader) == []
    mover = ask("mover@example.org")
    confirm(confirmation_of(mover), NOW)
    Subscriber.objects.filter(pk=mover.pk).update(email="moved@example.org")
    assert send_due(NOW) == 0
    assert not Letter.objects.exists()


def test_a_new_address_is_not_welcomed() -> None:
    reader = make_reader()
    ask_to_change(reader, "new@example.org", NOW)
    assert confirm_change(token_in(new_address_url(AddressChange.objects.get(), NOW)), NOW)
    assert kinds_waiting(reader) == ["address_changed"]


def test_who_comes_by_an_import_is_not_welcomed() -> None:
    take_in(f"email\n{ADDRESS}\n")
    assert Subscriber.objects.active().exists()
    assert not Letter.objects.exists()


# --- Goodbye ------------------------------------------------------------------------------------------------------


def test_who_presses_the_button_is_told_once_that_it_worked(mail_server: MailServer, browser: Client) -> None:
    reader = make_reader()
    for _ in range(2):
        browser.post(path_of(unsubscribe_url, reader))
    left_at = Subscriber.objects.get().unsubscribed_at
    assert left_at
    assert keep_reason(reader, "other")
    assert send_due(left_at + MINUTE) == 1
    assert send_due(left_at + DAY) == 0
    letter = read_mail(mail_server.received[0].content)
    assert str(letter["Subject"]) == "You have left Paper Route"
    assert letter["To"] == reader.email
    # Leaving once more is nothing to offer.
    assert letter["List-Unsubscribe"] is None


def test_nothing_follows_a_one_click(browser: Client) -> None:
    reader = make_reader()
    browser.post(path_of(unsubscribe_url, reader), {"List-Unsubscribe": "One-Click"})
    # Nor when the reader then looks at the page, and presses its button.
    browser.post(path_of(unsubscribe_url, reader))
    assert kinds_waiting(reader) == []


@pytest.mark.parametrize("source", ["one-click", "admin", "complaint", "hard bounce", "soft bounces", "provider"])
def test_nothing_follows_a_leaving_by_other_ways(source: str) -> None:
    reader = make_reader()
    unsubscribe(reader, source=source, at=NOW)
    assert kinds_waiting(reader) == []


def test_nothing_is_said_to_who_was_erased_or_suppressed_meanwhile(mail_server: MailServer) -> None:
    erased, suppressed = make_reader(), make_reader(email=ADDRESS)
    for reader in (erased, suppressed):
        unsubscribe(reader, source=PAGE, at=NOW)
        assert kinds_waiting(reader) == ["goodbye"]
    erase(erased, NOW)
    suppress()
    assert send_due(NOW) == 0
    assert mail_server.received == []
    assert not Letter.objects.exists()


def test_who_never_confirmed_is_told_nothing_so_that_a_link_passed_on_makes_no_mail(mail_server: MailServer) -> None:
    """Somebody has a digest of the reader's and presses its button, signs the reader up again, presses it again …"""
    reader = make_reader(email=ADDRESS)
    for minutes in range(5):
        unsubscribe(reader, source=PAGE, at=NOW + minutes * MINUTE)
        ask(at=NOW + minutes * MINUTE)
        send_due(NOW + minutes * MINUTE)
        reader.refresh_from_db()
    assert subjects(mail_server) == ["Confirm your Paper Route subscription"]


def test_who_left_by_mistake_can_subscribe_again_at_once(mail_server: MailServer) -> None:
    reader = make_reader(email=ADDRESS)
    unsubscribe(reader, source=PAGE, at=NOW)
    send_due(NOW)
    ask(at=NOW + MINUTE)
    send_due(NOW + MINUTE)
    assert subjects(mail_server) == ["You have left Paper Route", "Confirm your Paper Route subscription"]


def test_who_came_back_before_the_goodbye_went_out_gets_none(mail_server: MailServer) -> None:
    reader = make_reader(email=ADDRESS)
    unsubscribe(reader, source=PAGE, at=NOW)
    ask(at=NOW)
    assert kinds_waiting(reader) == ["confirmation", "goodbye"]
    send_due(NOW)
    assert subjects(mail_server) == ["Confirm your Paper Route subscription"]
    unsubscribe(reader, source="one-click", at=NOW)
    confirm(confirmation_of(ask(at=NOW + DAY)), NOW + DAY)
    assert kinds_waiting(reader) == ["welcome"]


# --- The order ----------------------------------------------------------------------------------------------------


def test_whoever_waits_before_a_screen_is_written_to_first(mail_server: MailServer) -> None:
    for _ in range(3):
        write("nothing_new", make_reader(hears_of_quiet_days=True), at=NOW - MINUTE)
    ask()
    send_due(NOW)
    assert subjects(mail_server)[0] == "Confirm your Paper Route subscription"
    assert len(mail_server.received) == 4
