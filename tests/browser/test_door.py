"""The door of the admin in Chromium: setting up a second factor and logging in by keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from staff.roles import EDITOR
from tests.browser.looking import misfits
from tests.staff.people import PASSWORD, code_of, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def type_in(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).focus()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def log_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("Username").fill(username)
    type_in(page, "Password", password)


def test_somebody_new_comes_in_by_keyboard_and_every_page_on_the_way_is_accessible(
    chromium: Browser, live_server: LiveServer
) -> None:
    editor = make_staff(EDITOR)
    page = chromium.new_page(base_url=str(live_server.url))
    wrong: dict[str, list[str]] = {}

    def look(name: str) -> None:
        wrong[name] = misfits(page)

    come_in(page, editor.username, look)
    for name, path in (("index", "second-factor/"), ("password", "password/"), ("new-codes", "recovery-codes/new/")):
        page.goto(f"/staff/{path}")
        look(name)
    page.goto("/admin/papers/nonsense/")
    look("not-there")
    leave_and_come_again(page, editor.username, look)
    page.context.close()
    assert {name: found for name, found in wrong.items() if found} == {}


def come_in(page: Page, username: str, look: Callable[[str], None]) -> None:
    page.goto("/admin/")
    look("log-in")
    log_in(page, username, "wrong")
    page.wait_for_selector("[role=alert]")
    look("wrong-password")
    log_in(page, username, PASSWORD)
    page.wait_for_url("**/second-factor/set-up/**")
    look("set-up")
    secret = page.locator("code.key").inner_text()
    type_in(page, "Authenticator code", code_of(secret))
    page.wait_for_url("**/recovery-codes/**")
    look("recovery-codes")
    page.get_by_role("link", name="I have kept them").press("Enter")
    page.wait_for_url("/admin/")


def leave_and_come_again(page: Page, username: str, look: Callable[[str], None]) -> None:
    page.goto("/staff/logout/")
    look("log-out")
    page.get_by_role("button", name="Log out").press("Enter")
    page.wait_for_url("**/staff/login/")
    log_in(page, username, PASSWORD)
    page.wait_for_url("**/second-factor/code/")
    look("code")
