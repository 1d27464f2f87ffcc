"""How often a password or a code may be wrong."""

import os
import subprocess
import sys
import time
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from staff.roles import EDITOR
from tests.journey import ROOT
from tests.staff.people import PASSWORD, code_of, make_staff, secret_of

pytestmark = pytest.mark.django_db

LOGIN = "/staff/login/"
CODE = "/staff/second-factor/code/"
LIMIT = 10
HERE, THERE = "192.0.2.1", "198.51.100.7"


def try_password(username: str, password: str, address: str = HERE) -> Any:
    return Client(REMOTE_ADDR=address).post(LOGIN, {"login": username, "password": password})


def is_let_on(answer: Any) -> bool:
    return bool(answer.status_code == 302)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time as limits see it; what is added to the first is waited for."""
    waited = [0.0]
    real = time.time
    monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: real() + waited[0])
    return waited


def test_after_ten_wrong_passwords_the_right_one_does_not_help_until_later(clock: list[float]) -> None:
    editor, other = make_staff(EDITOR), make_staff(EDITOR)
    for _ in range(LIMIT):
        answer = try_password(editor.username, "wrong")
        assert "not correct" in answer.content.decode()

    refused = try_password(editor.username, PASSWORD)
    assert not is_let_on(refused)
    assert "Try again in a quarter of an hour" in refused.content.decode()
    assert is_let_on(try_password(other.username, PASSWORD))
    assert is_let_on(try_password(editor.username, PASSWORD, THERE))

    clock[0] = 15 * 60 + 1
    assert is_let_on(try_password(editor.username, PASSWORD))


def test_who_tries_many_accounts_from_one_place_is_stopped_there() -> None:
    editor = make_staff(EDITOR)
    for number in range(50):
        try_password(f"somebody-{number}", "wrong")
        # Thirty tries a minute are let through to be looked at at all.
        _forget_requests()
    assert not is_let_on(try_password(editor.username, PASSWORD))
    assert is_let_on(try_password(editor.username, PASSWORD, THERE))


def _forget_requests() -> None:
    caches["default"].delete(f"allauth:rl:allauth.account:login:30/60/ip:ip:{HERE}")


def test_who_asks_too_fast_gets_a_page_that_says_so() -> None:
    answers = [try_password(f"somebody-{number}", "wrong") for number in range(31)]
    assert answers[-1].status_code == 429
    assert "That was too often" in answers[-1].content.decode()


def test_a_caller_cannot_get_round_the_limit_by_saying_where_it_comes_from(settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    editor = make_staff(EDITOR)
    for number in range(LIMIT):
        claimed = {"X-Forwarded-For": f"203.0.113.{number}, {HERE}"}
        Client(headers=claimed).post(LOGIN, {"login": editor.username, "password": "wrong"})
    claimed = {"X-Forwarded-For": f"203.0.113.99, {HERE}"}
    assert not is_let_on(Client(headers=claimed).post(LOGIN, {"login": editor.username, "password": PASSWORD}))


def test_wrong_codes_are_limited_for_the_account(client: Client, clock: list[float]) -> None:
    editor = make_staff(EDITOR)
    secret = secret_of(editor)
    client.post(LOGIN, {"login": editor.username, "password": PASSWORD})
    for _ in range(LIMIT):
        assert "Incorrect code" in client.post(CODE, {"code": "000000"}).content.decode()
    refused = client.post(CODE, {"code": code_of(secret)})
    assert "Try again in a quarter of an hour" in refused.content.decode()

    clock[0] = 15 * 60 + 1
    assert is_let_on(client.post(CODE, {"code": code_of(secret)}))


def test_nobody_learns_which_names_there_are() -> None:
    editor = make_staff(EDITOR)
    retired = make_staff(EDITOR)
    retired.is_active = False
    retired.save()
    pages = [
        try_password(name, "wrong").content.decode().replace(name, "")
        for name in (editor.username, retired.username, "nobody")
    ]
    alike = [page.split("<main")[1].split("csrfmiddlewaretoken")[0] + page.split("</form>")[-1] for page in pages]
    assert alike[0] == alike[1] == alike[2]


def test_a_code_works_once(client: Client) -> None:
    editor = make_staff(EDITOR)
    code = code_of(secret_of(editor))
    client.post(LOGIN, {"login": editor.username, "password": PASSWORD})
    assert is_let_on(client.post(CODE, {"code": code}))
    again = Client()
    again.post(LOGIN, {"login": editor.username, "password": PASSWORD})
    assert not is_let_on(again.post(CODE, {"code": code}))


def test_processes_count_together_without_redis_too() -> None:
    """As shipped: files, where nobody but the service may look."""
    shipped = subprocess.run(
        [sys.executable, "-c", COUNTER], cwd=ROOT, capture_output=True, text=True, check=True, env=_plain_environment()
    )
    assert shipped.stdout.split() == ["FileBasedCache", "LocMemCache"]


COUNTER = """
import django; django.setup()
from django.core.cache import caches
print(*(type(caches[name]).__name__ for name in ("default", "process")))
"""


def _plain_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "VAR_DIR") if name in os.environ}
    return kept | {"DJANGO_SETTINGS_MODULE": "config.settings", "REDIS_URL": " "}
