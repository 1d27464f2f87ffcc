"""No page asks for anything that its own policy forbids."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page
from pytest_django import Settings

from newsletter.models import Edition
from papers.models import Paper
from staff.roles import OWNER
from subscribers.models import Subscriber
from tests.browser.test_pages import PAGES
from tests.factories import make_reader
from tests.staff.people import client_of, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def edition_page() -> str:
    return f"/admin/newsletter/edition/{Edition.objects.values_list('pk', flat=True)[0]}/change/"


def paper_page() -> str:
    return f"/admin/papers/paper/{Paper.objects.values_list('pk', flat=True)[0]}/change/"


def reader_page() -> str:
    return f"/admin/subscribers/subscriber/{Subscriber.objects.values_list('pk', flat=True)[0]}/change/"


ADMIN: list[str | Callable[[], str]] = [
    "/admin/",
    "/admin/newsletter/edition/",
    edition_page,
    "/admin/papers/paper/",
    paper_page,
    "/admin/papers/topic/",
    "/admin/subscribers/subscriber/",
    reader_page,
    "/admin/subscribers/subscriber/import/",
    "/admin/auth/user/",
    "/admin/auth/user/add/",
    "/staff/second-factor/",
    "/staff/password/",
]
DOOR = ["/staff/login/", "/nowhere/"]


def refusals(page: Page, site: str, paths: list[str]) -> list[str]:
    """Open each of `paths`; return what the browser refused to load or run there."""
    refused: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            refused.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    for path in paths:
        page.goto(site + path)
        page.wait_for_load_state("networkidle")
    return refused


def filled(paths: list[str | Callable[[], str]]) -> list[str]:
    return [path() if callable(path) else path for path in paths]


def test_no_public_page_asks_for_what_is_forbidden(chromium: Browser, site: str) -> None:
    page = chromium.new_page()
    assert refusals(page, site, [*filled(list(PAGES.values())), *DOOR]) == []
    page.context.close()


def test_no_admin_page_asks_for_what_is_forbidden(chromium: Browser, site: str) -> None:
    make_reader()
    client = client_of(make_staff(OWNER))
    context = chromium.new_context()
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
    page = context.new_page()
    assert refusals(page, site, filled(ADMIN)) == []
    assert page.url.endswith("/staff/password/")
    context.close()


def test_what_a_page_does_not_allow_is_refused(chromium: Browser, site: str, settings: Settings) -> None:
    """The ear hears: a script that stands in the page itself does not run."""
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"default-src": ["'none'"]}}
    page = chromium.new_page()
    assert refusals(page, site, ["/"]) != []
    page.context.close()
