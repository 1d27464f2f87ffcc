"""Sessions from before a second factor was set up or forgotten: they open nothing, and they change nothing of it."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from staff.roles import EDITOR, OWNER
from tests.staff.people import PASSWORD, client_of, code_of, make_staff, secret_of

pytestmark = pytest.mark.django_db

INDEX = "/admin/"
SET_UP = "/staff/second-factor/set-up/"
TAKE_AWAY = "/staff/second-factor/take-away/"
GUARDED = [
    "/staff/password/",
    "/staff/second-factor/",
    TAKE_AWAY,
    "/staff/recovery-codes/",
    "/staff/recovery-codes/new/",
]


@pytest.fixture
def editor() -> User:
    return make_staff(EDITOR)


@pytest.fixture
def early(editor: User) -> Client:
    """A client that gave the password before this person set up a second factor on another one."""
    client = Client()
    client.post("/staff/login/", {"login": editor.username, "password": PASSWORD})
    secret_of(editor)
    return client


def set_up(client: Client) -> str:
    """Set up a second factor on the page for it; return what the phone knows."""
    secret: str = client.get(SET_UP).context["secret"]
    client.post(SET_UP, {"code": code_of(secret)})
    return secret


def where(page: Any) -> str:
    """Return the path somebody was led to."""
    return str(page.redirect_chain[-1][0]).split("?")[0]


@pytest.mark.parametrize("path", GUARDED)
def test_who_gave_the_password_alone_is_asked_for_the_code_first(early: Client, editor: User, path: str) -> None:
    kept = list(Authenticator.objects.values())
    for answer in (early.get(path, follow=True), early.post(path, follow=True)):
        assert where(answer) == "/staff/second-factor/again/"
    assert list(Authenticator.objects.values()) == kept


@pytest.mark.parametrize("path", [*GUARDED, SET_UP])
def test_a_stranger_is_led_to_the_log_in_page(client: Client, path: str) -> None:
    for answer in (client.get(path, follow=True), client.post(path, follow=True)):
        assert where(answer) == "/staff/login/"


def test_where_there_is_a_second_factor_the_password_is_no_proof(
    early: Client, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = time.time() + 6 * 60
    inside = client_of(editor)
    monkeypatch.setattr("time.time", lambda: late)
    for client in (early, inside):
        page = client.post("/staff/reauthenticate/", {"password": PASSWORD}, follow=True)
        assert where(page) == "/staff/second-factor/again/"
    assert where(inside.post(TAKE_AWAY, follow=True)) == "/staff/second-factor/again/"
    assert Authenticator.objects.filter(user=editor, type="totp").exists()


def test_who_has_no_second_factor_yet_shows_the_password_again(editor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.post("/staff/login/", {"login": editor.username, "password": PASSWORD})
    late = time.time() + 6 * 60
    monkeypatch.setattr("time.time", lambda: late)
    assert where(client.get(SET_UP, follow=True)) == "/staff/reauthenticate/"
    page = client.post("/staff/reauthenticate/", {"password": PASSWORD, "next": SET_UP}, follow=True)
    assert where(page) == SET_UP
    assert page.context["secret"]


def test_after_a_new_phone_older_sessions_owe_its_code(editor: User) -> None:
    here, there = client_of(editor), client_of(editor)
    assert where(here.post(TAKE_AWAY, follow=True)) == SET_UP
    set_up(here)
    assert here.get(INDEX).status_code == 200
    assert where(there.get(INDEX, follow=True)) == "/staff/second-factor/again/"


@pytest.mark.parametrize("by", ["owner", "command"])
def test_forgetting_a_second_factor_ends_the_sessions_of_that_person_for_good(editor: User, by: str) -> None:
    lost, owner = client_of(editor), client_of(make_staff(OWNER))
    url = reverse("admin:auth_user_forget_second_factor", args=[editor.pk])
    if by == "owner":
        assert owner.post(url).status_code == 302
    else:
        call_command("forget_second_factor", editor.username)

    assert where(lost.get(SET_UP, follow=True)) == "/staff/login/"
    assert owner.get(INDEX).status_code == 200

    again = Client()
    again.post("/staff/login/", {"login": editor.username, "password": PASSWORD})
    set_up(again)
    assert again.get(INDEX).status_code == 200
    assert where(lost.get(INDEX, follow=True)) == "/staff/login/"


def test_nobody_forgets_their_own_second_factor_but_takes_it_away() -> None:
    user = make_staff(OWNER)
    owner = client_of(user)
    url = reverse("admin:auth_user_forget_second_factor", args=[user.pk])
    assert owner.post(url).headers["Location"] == TAKE_AWAY
    assert Authenticator.objects.filter(user=user, type="totp").exists()
