from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from subscribers.links import confirm_url, new_address_url, preferences_url
from subscribers.models import AddressChange, Letter, SignUp, Subscriber, Suppression
from subscribers.optin import answer_sign_ups
from tests.factories import NOW, make_reader
from tests.snapshots import rows
from tests.subscribers.links import Link, path_of

pytestmark = pytest.mark.django_db

ADDRESS = "ada.lovelace@example.org"
Status = Subscriber.Status
renewed = pytest.mark.parametrize(
    ("link", "valid_for"),
    [(confirm_url, timedelta(days=7)), (preferences_url, timedelta(days=90))],
    ids=["confirm", "preferences"],
)
BUTTON = {"new_link": "1"}


def answer_of(response: Any) -> tuple[int, list[tuple[str, str]], bytes]:
    return response.status_code, sorted(response.items()), response.content


@renewed
def test_an_expired_link_offers_a_new_one_and_opening_it_changes_nothing(
    link: Link, valid_for: timedelta, browser: Client
) -> None:
    path = path_of(link, make_reader(status=Status.PENDING), ago=valid_for + timedelta(minutes=1))
    before = rows()
    for response in (browser.get(path), browser.head(path), browser.post(path), browser.get(path, BUTTON)):
        assert response.status_code == 410
    page = browser.get(path).content.decode()
    assert "This link has expired" in page
    assert "Send me a new link" in page
    assert rows() == before


@renewed
def test_a_link_that_still_works_asks_for_no_other(link: Link, valid_for: timedelta, browser: Client) -> None:
    path = path_of(link, make_reader(status=Status.PENDING), ago=valid_for - timedelta(minutes=1))
    browser.post(path, BUTTON)
    assert not SignUp.objects.exists()


@renewed
def test_the_button_has_a_new_link_sent_to_the_address_the_old_one_was_for(
    link: Link, valid_for: timedelta, browser: Client
) -> None:
    reader = make_reader(email=ADDRESS, status=Status.PENDING)
    path = path_of(link, reader, ago=valid_for + timedelta(minutes=1))
    for _ in range(2):
        response = browser.post(path, BUTTON)
        assert (response.status_code, response["Location"]) == (302, "/subscribe/check-your-inbox/")
        assert response["Cache-Control"] == "no-store"
        assert not response.cookies
    assert set(SignUp.objects.values_list("address", "source")) == {(ADDRESS, "expired link")}
    answer_sign_ups(NOW)
    assert [letter.kind for letter in Letter.objects.all()] == [Letter.Kind.CONFIRMATION]


def test_a_reader_gets_a_new_link_to_the_preferences_and_stays_a_reader(browser: Client) -> None:
    reader = make_reader()
    browser.post(path_of(preferences_url, reader, ago=timedelta(days=91)), BUTTON)
    answer_sign_ups(NOW)
    assert Letter.objects.get().kind == Letter.Kind.ALREADY_SUBSCRIBED
    reader.refresh_from_db()
    assert reader.is_active


@renewed
def test_the_answer_is_the_same_for_everybody(link: Link, valid_for: timedelta, browser: Client) -> None:
    readers = {status: make_reader(status=status) for status in Status.values}
    readers["suppressed"] = make_reader(status=Status.PENDING)
    Suppression.objects.suppress(readers["suppressed"].email, Suppression.Reason.COMPLAINT, NOW)
    readers["left meanwhile"] = make_reader()
    readers["erased"] = make_reader()
    paths = [path_of(link, reader, ago=valid_for + timedelta(days=1)) for reader in readers.values()]
    readers["left meanwhile"].unsubscribe(NOW)
    readers["erased"].delete()
    for ask in (browser.get, lambda path: browser.post(path, BUTTON)):
        answers = [answer_of(ask(path)) for path in paths]
        assert all(answer == answers[0] for answer in answers)


def test_an_expired_link_to_confirm_an_address_says_where_to_ask_again(browser: Client) -> None:
    change = AddressChange.objects.create(subscriber=make_reader(), address=ADDRESS, asked_at=NOW)
    path = path_of(lambda _, at: new_address_url(change, at), change.subscriber, ago=timedelta(days=8))
    before = rows()
    for response in (browser.get(path), browser.post(path), browser.post(path, BUTTON)):
        assert response.status_code == 410
        assert "Nothing has changed" in response.content.decode()
        assert "<form method" not in response.content.decode()
    assert rows() == before
