"""The door of the admin: a password, then a second factor, and how it is set up, lost and forgotten."""

import time
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from staff.adapters import MFAAdapter
from staff.roles import EDITOR, OWNER, SUPPORT
from tests.staff.people import PASSWORD, client_of, code_of, make_staff, secret_of, staff_client

pytestmark = pytest.mark.django_db

LOGIN = "/staff/login/"
INDEX = "/admin/"


def log_in(client: Client, user: User, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post(LOGIN, {"login": user.username, "password": password, **extra}, follow=True)


def test_a_stranger_is_led_to_the_log_in_page_and_nowhere_else(client: Client) -> None:
    page: Any = client.get(INDEX, follow=True)
    assert page.redirect_chain[-1][0].startswith(LOGIN)
    assert "next=" in page.redirect_chain[-1][0]


def test_who_has_no_second_factor_sets_one_up_gets_recovery_codes_and_goes_on(client: Client) -> None:
    editor = make_staff(EDITOR)
    wanted = reverse("admin:newsletter_edition_changelist")

    page = client.post(LOGIN, {"login": editor.username, "password": PASSWORD, "next": wanted}, follow=True)
    assert page.redirect_chain[-1][0].startswith("/staff/second-factor/set-up/")
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert 'src="data:image/svg+xml' in page.content.decode()

    page = client.post(page.request["PATH_INFO"], {"code": code_of(secret), "next": wanted}, follow=True)
    codes = page.context["unused_codes"]
    assert len(codes) == 10
    assert codes[0] in page.content.decode()
    assert page.context["onward_url"] == wanted
    assert client.get(wanted).status_code == 200
    assert codes[0] not in client.get(reverse("mfa_view_recovery_codes")).content.decode()


def test_a_password_alone_opens_nothing_and_a_code_opens_the_rest(client: Client) -> None:
    editor = make_staff(EDITOR)
    secret = secret_of(editor)

    page = log_in(client, editor)
    assert page.redirect_chain[-1][0] == "/staff/second-factor/code/"
    assert client.get(INDEX).status_code == 302

    page = client.post("/staff/second-factor/code/", {"code": code_of(secret)}, follow=True)
    assert page.redirect_chain[-1][0] == INDEX
    assert client.get(INDEX).status_code == 200


def test_a_recovery_code_works_once(client: Client) -> None:
    editor = make_staff(EDITOR)
    secret_of(editor)
    code = Authenticator.objects.get(user=editor, type="recovery_codes").wrap().get_unused_codes()[0]

    log_in(client, editor)
    assert client.post("/staff/second-factor/code/", {"code": code}).status_code == 302
    assert client.get(INDEX).status_code == 200

    again = Client()
    log_in(again, editor)
    assert again.post("/staff/second-factor/code/", {"code": code}).status_code == 200
    assert again.get(INDEX).status_code == 302


def test_who_is_logged_in_without_the_second_factor_is_asked_for_it(client: Client) -> None:
    editor = make_staff(EDITOR)
    secret = secret_of(editor)
    client.force_login(editor)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(editor.pk)
    session.save()

    page: Any = client.get(INDEX, follow=True)
    assert page.redirect_chain[-1][0].startswith("/staff/second-factor/again/")
    page = client.post("/staff/second-factor/again/", {"code": code_of(secret), "next": INDEX}, follow=True)
    assert page.redirect_chain[-1] == (INDEX, 302)
    assert page.status_code == 200


def test_a_session_ends_after_twelve_hours_however_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    client = staff_client(EDITOR)
    assert client.get(INDEX).status_code == 200
    now = time.time()
    monkeypatch.setattr("staff.standing.time.time", lambda: now + 12 * 60 * 60 + 1)

    page: Any = client.get(INDEX, follow=True)
    assert page.redirect_chain[-1][0].startswith(LOGIN)
    assert not page.context["user"].is_authenticated


def test_a_session_ends_with_the_browser_and_after_an_idle_hour() -> None:
    client = staff_client(EDITOR)
    page = client.get(INDEX)
    cookie = page.cookies["sessionid"]
    assert cookie["max-age"] == ""
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert client.session.get_expiry_age() == 60 * 60


def test_a_part_that_a_page_asks_for_by_itself_does_not_begin_the_idle_hour_anew() -> None:
    client = staff_client(EDITOR)
    part = "/admin/dashboard/opinions/"
    assert "sessionid" in client.get(part).cookies
    assert "sessionid" not in client.get(part, headers={"HX-Request": "true"}).cookies


def test_a_new_password_ends_all_other_sessions() -> None:
    editor = make_staff(EDITOR)
    here, there = client_of(editor), client_of(editor)
    new = "another long walk after supper"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), fields).status_code == 302
    assert here.get(INDEX).status_code == 200
    assert there.get(INDEX).status_code == 302


def test_who_does_not_work_here_gets_nowhere_with_both_factors() -> None:
    client = client_of(User.objects.create_user("guest", password=PASSWORD))
    page: Any = client.get(INDEX, follow=True)
    assert page.status_code == 403


@pytest.mark.parametrize(
    "path", ["signup/", "email/", "password/reset/", "password/set/", "confirm-email/", "login/code/", "2fa/", ""]
)
def test_pages_of_the_library_that_nobody_needs_are_closed(client: Client, path: str) -> None:
    assert client.get(f"/staff/{path}").status_code == 404
    assert client.post(f"/staff/{path}").status_code == 404


def test_the_links_of_the_admin_lead_to_the_same_log_out_and_password_pages() -> None:
    client = staff_client(EDITOR)
    assert client.get("/admin/password_change/").headers["Location"] == reverse("account_change_password")
    assert client.post("/admin/logout/").headers["Location"] == LOGIN
    assert client.get(INDEX).status_code == 302


def test_a_link_to_elsewhere_is_not_followed_after_logging_in() -> None:
    client = staff_client(EDITOR)
    assert client.get("/admin/login/?next=https://elsewhere.example/").headers["Location"] == INDEX


def test_what_is_kept_of_a_second_factor_is_encrypted_and_outlives_a_change_of_keys(settings: Settings) -> None:
    editor = make_staff(EDITOR)
    secret = secret_of(editor)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"
    stored = Authenticator.objects.get(user=editor, type="totp").data["secret"]
    assert MFAAdapter().decrypt(stored) == secret


def test_an_owner_forgets_somebodys_second_factor_after_being_asked_and_it_is_logged() -> None:
    owner, editor = staff_client(OWNER), make_staff(EDITOR)
    theirs = client_of(editor)
    url = reverse("admin:auth_user_forget_second_factor", args=[editor.pk])

    assert "Forget the second factor?" in owner.get(url).content.decode()
    assert theirs.get(INDEX).status_code == 200
    assert owner.post(url).status_code == 302

    assert not Authenticator.objects.filter(user=editor).exists()
    assert LOGIN in theirs.get(INDEX, follow=True).redirect_chain[-1][0]
    history = owner.get(reverse("admin:auth_user_history", args=[editor.pk])).content.decode()
    assert "Forgot the second factor." in history


def test_a_command_forgets_a_second_factor() -> None:
    editor = make_staff(EDITOR)
    secret_of(editor)
    call_command("forget_second_factor", editor.username)
    assert not Authenticator.objects.filter(user=editor).exists()
    with pytest.raises(CommandError, match="no second factor"):
        call_command("forget_second_factor", editor.username)
    with pytest.raises(CommandError, match="nobody named"):
        call_command("forget_second_factor", "nobody")


def test_an_owner_makes_no_superusers_and_touches_none() -> None:
    owner_user = make_staff(OWNER)
    owner = client_of(owner_user)
    boss = User.objects.create_superuser("boss", password=PASSWORD)
    url = reverse("admin:auth_user_change", args=[owner_user.pk])
    page: Any = owner.get(url)
    fields = {name: value for name, value in page.context["adminform"].form.initial.items() if value is not None}
    assert not {"is_superuser", "user_permissions"} & set(page.context["adminform"].form.fields)

    fields |= {"is_superuser": "on", "groups": [group.pk for group in owner_user.groups.all()]}
    fields |= {"date_joined_0": "2026-11-23", "date_joined_1": "18:00"}
    owner.post(url, {key: value for key, value in fields.items() if key not in {"last_login", "date_joined"}})
    owner_user.refresh_from_db()
    assert not owner_user.is_superuser

    new = {"password1": "taken over in passing", "password2": "taken over in passing"}
    assert owner.post(reverse("admin:auth_user_password_change", args=[boss.pk]), new).status_code == 403
    assert owner.post(reverse("admin:auth_user_delete", args=[boss.pk]), {"post": "yes"}).status_code == 403
    assert owner.post(reverse("admin:auth_user_forget_second_factor", args=[boss.pk])).status_code == 403
    boss.refresh_from_db()
    assert boss.check_password(PASSWORD)


def test_what_is_not_there_is_not_offered_to_be_forgotten() -> None:
    owner, editor = staff_client(OWNER), make_staff(EDITOR)
    page = reverse("admin:auth_user_change", args=[editor.pk])
    assert "Forget the second factor" not in owner.get(page).content.decode()
    secret_of(editor)
    assert "Forget the second factor" in owner.get(page).content.decode()
    assert owner.get("/admin/auth/user/nobody/change/", follow=True).redirect_chain[-1][0] == INDEX


@pytest.mark.parametrize("role", [EDITOR, SUPPORT])
def test_only_owners_see_who_works_here(role: str) -> None:
    client = staff_client(role)
    assert client.get(reverse("admin:auth_user_changelist")).status_code == 403
    assert client.get(reverse("admin:auth_group_changelist")).status_code == 403


def test_the_list_of_people_tells_who_has_a_second_factor() -> None:
    owner = staff_client(OWNER)
    make_staff(EDITOR, "ed")
    page: Any = owner.get(reverse("admin:auth_user_changelist"))
    found = {row.username: row.factor for row in page.context["cl"].result_list}
    assert found["ed"] is False
    assert sorted(found.values()) == [False, True]
