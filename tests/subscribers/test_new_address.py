"""A reader confirms another address."""

import pytest
from django.test import Client
from django.utils import timezone

from subscribers.changing_address import ask_to_change, cancel_change, confirm_change, read_change
from subscribers.links import confirm_url, new_address_url
from subscribers.models import AddressChange, ConsentEvent, Letter, Mailbox, Subscriber, Suppression
from subscribers.tokens import LinkExpired, LinkInvalid
from tests.conftest import NOW, MailServer
from tests.factories import make_reader
from tests.snapshots import rows
from tests.subscribers.asking import DAY, ask, confirmation_of, events, token_in
from tests.subscribers.links import path_of
from tests.subscribers.moving import NEW, OLD, asking_reader, link_of, page_of

pytestmark = pytest.mark.django_db

Kind = Letter.Kind
Status = Subscriber.Status


# --- Confirming ---------------------------------------------------------------------------------------------------


def test_confirming_moves_the_reader_keeps_the_proof_and_twice_is_once() -> None:
    reader = asking_reader()
    pending = confirmation_of(reader)
    Mailbox.objects.count_letter(NEW, NOW)
    token = link_of(reader)
    for _ in range(2):
        assert confirm_change(token, NOW, truncated_ip="192.0.2.0")
        assert read_change(token, NOW) is None
    reader.refresh_from_db()
    assert (reader.email, reader.status) == (NEW, Status.ACTIVE)
    assert events(reader) == [("address_changed", "link")]
    assert ConsentEvent.objects.get().truncated_ip == "192.0.2.0"
    assert not AddressChange.objects.exists()
    assert not Mailbox.objects.exists()
    assert [(letter.kind, letter.address) for letter in Letter.objects.all()] == [(Kind.ADDRESS_CHANGED, OLD)]
    # Links to confirm the old address say nothing about the new one.
    assert confirmation_of(reader) != pending


@pytest.mark.parametrize("status", [Status.PENDING, Status.UNSUBSCRIBED])
def test_who_was_known_at_the_new_address_and_got_nothing_becomes_the_same_reader(status: str) -> None:
    reader = asking_reader()
    other = make_reader(email=NEW.upper(), status=status)
    ConsentEvent.objects.create(subscriber=other, kind="requested", wording_version="1", source="form", at=NOW - DAY)
    assert confirm_change(link_of(reader), NOW)
    assert list(Subscriber.objects.values_list("pk", "email")) == [(reader.pk, NEW)]
    assert events(reader) == [("requested", "form"), ("address_changed", "link")]


def test_digests_that_come_to_the_new_address_already_keep_coming_and_nothing_changes(browser: Client) -> None:
    reader = asking_reader()
    other = make_reader(email=NEW.upper())
    before = rows()
    path = path_of(lambda _, at: new_address_url(AddressChange.objects.get(), at), reader)
    for _ in range(2):
        response = browser.post(path)
        assert response.status_code == 409
        assert "This address has a digest already" in response.content.decode()
    assert rows() == before
    other.unsubscribe(NOW)
    assert "Your digests come here now" in browser.post(path).content.decode()


def test_two_readers_may_not_change_places_while_both_get_digests() -> None:
    one = asking_reader()
    other = make_reader(email=NEW)
    ask_to_change(other, OLD, NOW)
    assert not confirm_change(link_of(one), NOW)
    assert not confirm_change(link_of(other), NOW)
    assert {reader.email for reader in Subscriber.objects.all()} == {OLD, NEW}


def test_the_same_address_again_changes_nothing_and_says_so_kindly(mail_server: MailServer) -> None:
    reader = asking_reader(OLD)
    token = link_of(reader)
    for _ in range(2):
        assert confirm_change(token, NOW)
    assert events(reader) == []
    assert not Letter.objects.filter(kind=Kind.ADDRESS_CHANGED).exists()


def test_another_spelling_of_the_same_address_is_taken_over_without_a_letter_to_it() -> None:
    reader = asking_reader(OLD.upper())
    assert confirm_change(link_of(reader), NOW)
    reader.refresh_from_db()
    assert reader.email == OLD.upper()
    assert not Letter.objects.exists()


def test_what_waited_for_the_old_address_is_not_sent_any_more() -> None:
    reader = make_reader(email=OLD)
    ask(OLD)
    ask_to_change(reader, NEW, NOW)
    confirm_change(link_of(reader), NOW)
    assert [letter.kind for letter in Letter.objects.all()] == [Kind.ADDRESS_CHANGED]


def test_of_several_changes_in_a_row_the_first_owner_is_told() -> None:
    reader = asking_reader()
    confirm_change(link_of(reader), NOW)
    reader.refresh_from_db()
    ask_to_change(reader, "third@example.org", NOW)
    confirm_change(link_of(reader), NOW)
    assert [(letter.kind, letter.address) for letter in Letter.objects.all()] == [(Kind.ADDRESS_CHANGED, OLD)]


def test_a_link_to_an_address_that_must_not_be_mailed_does_not_work(browser: Client) -> None:
    reader = asking_reader()
    path = path_of(lambda _, at: new_address_url(AddressChange.objects.get(), at), reader)
    Suppression.objects.suppress(NEW, Suppression.Reason.HARD_BOUNCE, NOW)
    before = rows()
    assert browser.get(path).status_code == 404
    assert browser.post(path).status_code == 404
    assert rows() == before


def test_who_has_left_meanwhile_is_not_moved() -> None:
    reader = asking_reader()
    token = link_of(reader)
    reader.unsubscribe(NOW)
    for act in (read_change, confirm_change):
        with pytest.raises(LinkInvalid):
            act(token, NOW)


def test_a_link_works_for_a_week_and_for_nothing_else(browser: Client) -> None:
    reader = asking_reader()
    token = link_of(reader)
    with pytest.raises(LinkExpired):
        confirm_change(token, NOW + 8 * DAY)
    with pytest.raises(LinkInvalid):
        confirm_change(token_in(confirm_url(reader, NOW)), NOW)
    for elsewhere in ("confirm", "preferences", "u"):
        assert browser.get(f"/{elsewhere}/{token}").status_code == 404


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_links_changes_nothing(method: str, browser: Client) -> None:
    reader = make_reader()
    ask_to_change(reader, NEW, timezone.now())
    change = AddressChange.objects.get()
    before = rows()
    for path in (page_of(reader), path_of(lambda _, at: new_address_url(change, at), reader)):
        response = getattr(browser, method)(path)
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        assert not response.cookies
    assert rows() == before


def test_cancelling_what_was_never_asked_for_is_no_error() -> None:
    cancel_change(make_reader())
