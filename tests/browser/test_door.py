"""The door of the admin in Chromium: setting up a second factor and logging in by keyboard."""

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


def test_somebody_new_comes_in_by_keyboard_and_every_page_on_the_way_is_accessible(
    chromium: Browser, live_server: LiveServer
) -> None:
    site = str(live_server.url)
    editor = make_staff(EDITOR)
    page = chromium.new_page()
    wrong: dict[str, list[str]] = {}

    def look(name: str) -> None:
        wrong[name] = misfits(page)

    page.goto(f"{site}/admin/")
    look("log-in")
    page.get_by_label("Username").fill(editor.username)
    type_in(page, "Password", "wrong")
    page.wait_for_selector("[role=alert]")
    look("wrong-password")
    page.get_by_label("Username").fill(editor.username)
    type_in(page, "Password", PASSWORD)
    page.wait_for_url("**/second-factor/set-up/**")
    look("set-up")
    secret = page.locator("code.key").inner_text()
    type_in(page, "Authenticator code", code_of(secret))
    page.wait_for_url("**/recovery-codes/**")
    look("recovery-codes")
    page.get_by_role("link", name="I have kept them").press("Enter")
    page.wait_for_url(f"{site}/admin/")

    for name, path in (("index", "second-factor/"), ("password", "password/"), ("new-codes", "recovery-codes/new/")):
        page.goto(f"{site}/staff/{path}")
        look(name)
    page.goto(f"{site}/staff/logout/")
    look("log-out")
    page.get_by_role("button", name="Log out").press("Enter")
    page.wait_for_url("**/staff/login/")
    page.get_by_label("Username").fill(editor.username)
    type_in(page, "Password", PASSWORD)
    page.wait_for_url("**/second-factor/code/")
    look("code")
    page.context.close()
    assert {name: found for name, found in wrong.items() if found} == {}
