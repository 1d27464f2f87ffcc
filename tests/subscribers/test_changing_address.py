from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

import hypothesis.strategies as st
import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from pytest_django import Settings

from subscribers import abuse
from subscribers.changing_address import ask_to_change, confirm_change
from subscribers.links import new_address_url, preferences_url, unsubscribe_url
from subscribers.models import AddressChange, Letter, Subscriber
from subscribers.tokens import LinkInvalid
from tests.conftest import NOW, MailServer
from tests.factories import make_reader
from tests.letters import links_in, read_mail, text_of
from tests.snapshots import rows
from tests.subscribers.asking import DAY, MINUTE, send, send_due, suppress, token_in
from tests.subscribers.links import path_of
from tests.subscribers.moving import NEW, OLD, asking_reader, link_of, page_of

pytestmark = pytest.mark.django_db

Kind = Letter.Kind
Status = Subscriber.Status


# --- Asking -------------------------------------------------------------------------------------------------------


def test_the_whole_way_from_the_page_to_both_mailboxes(browser: Client, mail_server: MailServer) -> None:
    reader = make_reader(email=OLD, interests="graphs")
    page = page_of(reader)
    assert page in browser.get(page.removesuffix("/address")).content.decode()
    assert browser.post(page, {"email": NEW}).status_code == 200
    assert send_due(timezone.now()) == 1
    asking = read_mail(mail_server.received[0].content)
    assert mail_server.received[0].rcpt_tos == [NEW]
    (link,) = [link for link in links_in(asking) if "/new-address/" in link]
    assert link in text_of(asking, "html")
    assert "One more click" in browser.get(urlsplit(link).path).content.decode()
    for _ in range(2):
        assert "Your digests come here now" in browser.post(urlsplit(link).path).content.decode()
    assert "Your digests come here now" in browser.get(urlsplit(link).path).content.decode()
    reader.refresh_from_db()
    assert (reader.email, reader.status, reader.interests) == (NEW, Status.ACTIVE, "graphs")
    assert send_due(timezone.now()) == 1
    assert mail_server.received[1].rcpt_tos == [OLD]
    assert browser.get(path_of(preferences_url, reader)).status_code == 200


def test_the_letter_to_the_new_address_holds_nothing_that_was_typed_and_nothing_of_the_reader(
    mail_server: MailServer,
) -> None:
    asking_reader("Buy-Pills@Evil.example.org", interests="graphs")
    assert send_due(NOW) == 1
    letter = read_mail(mail_server.received[0].content)
    del letter["To"]
    said = "\n".join([*map(str, letter.values()), text_of(letter), text_of(letter, "html")]).lower()
    for secret in ("pills", "evil", "lovelace", "graphs", "/preferences/", "/u/"):
        assert secret not in said


def test_the_letter_to_the_old_address_tells_no_new_one_and_how_to_stop_it(mail_server: MailServer) -> None:
    reader = asking_reader()
    confirm_change(link_of(reader), NOW)
    assert send_due(NOW) == 1
    letter = read_mail(mail_server.received[0].content)
    assert mail_server.received[0].rcpt_tos == [OLD]
    assert "newplace" not in "\n".join([*map(str, letter.values()), text_of(letter), text_of(letter, "html")])
    assert unsubscribe_url(reader, NOW) in links_in(letter)


def test_asking_again_replaces_what_was_asked_before() -> None:
    reader = asking_reader()
    first = link_of(reader)
    ask_to_change(reader, "third@example.org", NOW + MINUTE)
    assert AddressChange.objects.get().address == "third@example.org"
    assert [(letter.kind, letter.address) for letter in Letter.objects.all()] == [
        (Kind.NEW_ADDRESS, "third@example.org")
    ]
    with pytest.raises(LinkInvalid):
        confirm_change(first, NOW)
    assert confirm_change(link_of(reader), NOW)
    reader.refresh_from_db()
    assert reader.email == "third@example.org"


@pytest.fixture
def known() -> dict[str, str]:
    """One address of each kind there is."""
    make_reader(email="taken@example.org")
    make_reader(email="pending@example.org", status=Status.PENDING)
    make_reader(email="left@example.org", status=Status.UNSUBSCRIBED)
    suppress("suppressed@example.org")
    return {
        "new": "new@example.org",
        "taken": "taken@example.org",
        "pending": "pending@example.org",
        "left": "left@example.org",
        "suppressed": "suppressed@example.org",
        "disposable": "somebody@mailinator.com",
        "same": OLD,
        "same in capitals": OLD.upper(),
    }


def test_the_answer_is_the_same_whatever_is_known_of_the_address(browser: Client, known: dict[str, str]) -> None:
    reader = make_reader(email=OLD)
    path = page_of(reader)
    answers = set()
    shown = set()
    for address in list(known.values()):
        # Else the limit of a reader would be what differs.
        abuse._limiter.cache_clear()
        response = browser.post(path, {"email": address})
        answers.add((response.status_code, tuple(sorted(response.items())), response.content))
        shown.add(browser.get(path).content)
    assert len(answers) == 1
    assert len(shown) == 1


def test_asking_takes_the_same_work_whatever_is_known_of_the_address(
    known: dict[str, str],
) -> None:
    work = set()
    for address in list(known.values()):
        reader = make_reader()
        with CaptureQueriesContext(connection) as asked:
            ask_to_change(reader, address, NOW)
        work.add(tuple(query["sql"].split()[0] for query in asked.captured_queries))
    assert len(work) == 1


def test_no_letter_goes_to_an_address_that_must_not_or_cannot_get_one(mail_server: MailServer) -> None:
    suppress("suppressed@example.org")
    for address in ("suppressed@example.org", "somebody@mailinator.com"):
        ask_to_change(make_reader(), address, NOW)
    assert send_due(NOW) == 0
    assert not Letter.objects.exists()
    assert mail_server.received == []


def test_letters_to_an_address_that_many_ask_for_stay_within_its_cap(mail_server: MailServer) -> None:
    for number in range(5):
        ask_to_change(make_reader(), NEW, NOW + number * MINUTE)
    assert send_due(NOW + DAY / 2) == 1


def test_a_reader_can_have_only_so_many_addresses_written_to(browser: Client) -> None:
    reader, other = make_reader(), make_reader()
    statuses = [browser.post(page_of(reader), {"email": f"a{number}@example.org"}).status_code for number in range(6)]
    assert statuses == [200] * 5 + [429]
    assert AddressChange.objects.get().address == "a4@example.org"
    assert browser.post(page_of(other), {"email": NEW}).status_code == 200


@pytest.mark.parametrize("typed", ["", "nonsense", "a@b", "two@example.org, three@example.org", "nul\x00@example.org"])
def test_what_is_no_address_is_refused_and_shown_again(typed: str, browser: Client) -> None:
    reader = make_reader()
    before = rows()
    response = browser.post(page_of(reader), {"email": typed})
    assert response.status_code == 400
    assert "Nothing was sent." in response.content.decode()
    assert rows() == before


@pytest.mark.parametrize("status", [Status.PENDING, Status.UNSUBSCRIBED])
def test_only_who_gets_digests_can_have_them_elsewhere(status: str, browser: Client) -> None:
    reader = make_reader(status=status)
    before = rows()
    assert 'name="email"' not in browser.get(page_of(reader)).content.decode().partition("</main>")[0]
    assert browser.post(page_of(reader), {"email": NEW}).status_code == 400
    assert rows() == before


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.one_of(st.text(max_size=40), st.emails()))
def test_nothing_that_is_typed_breaks_the_page(typed: str, browser: Client) -> None:
    reader = make_reader()
    before = rows()
    response = browser.post(page_of(reader), {"email": typed})
    assert response.status_code in {200, 400}
    assert (rows() == before) == (response.status_code == 400)


def test_a_change_that_waits_is_shown_without_its_address_and_can_be_cancelled(browser: Client) -> None:
    reader = make_reader()
    ask_to_change(reader, NEW, timezone.now())
    token = token_in(new_address_url(AddressChange.objects.get(), timezone.now()))
    page = browser.get(page_of(reader)).content.decode()
    assert "Cancel the change" in page
    assert "newplace" not in page
    for _ in range(2):
        assert "Cancel the change" not in browser.post(page_of(reader), {"cancel": "1"}).content.decode()
    assert not AddressChange.objects.exists()
    assert not Letter.objects.exists()
    assert browser.post(f"/new-address/{token}").status_code == 404


def test_a_change_whose_link_has_expired_waits_no_more(browser: Client) -> None:
    reader = make_reader()
    ask_to_change(reader, NEW, timezone.now() - timedelta(days=8))
    assert "Cancel the change" not in browser.get(page_of(reader)).content.decode()


# --- Two at once --------------------------------------------------------------------------------------------------


class RethinkingBackend(BaseEmailBackend):
    """While the letter is on its way the reader asks for another address."""

    bodies: list[str] = []

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.bodies.extend(str(message.body) for message in email_messages)
        ask_to_change(Subscriber.objects.get(), "third@example.org", NOW)
        return 1


def test_the_link_for_one_address_never_goes_to_another(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.RethinkingBackend"
    RethinkingBackend.bodies = []
    reader = asking_reader()
    first = link_of(reader)
    letter = Letter.objects.get()
    assert send(letter, NOW)
    assert first in RethinkingBackend.bodies[0]
    # The newer letter is not taken for the one that has just gone out.
    assert Letter.objects.get().address == "third@example.org"


def test_a_letter_for_an_address_that_is_no_longer_asked_for_is_not_sent(mail_server: MailServer) -> None:
    reader = asking_reader()
    AddressChange.objects.filter(subscriber=reader).update(address="third@example.org")
    assert send_due(NOW) == 0
    assert mail_server.received == []
