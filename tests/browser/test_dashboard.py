"""The dashboard in Chromium: its parts come after the page, it fits everywhere, and it asks only for who is there."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from newsletter.models import Delivery, Edition
from subscribers.models import ConsentEvent
from tests.browser.looking import AT_WORK, misfits
from tests.factories import make_delivery, make_edition, make_paper, make_reader
from tests.staff.people import client_of, make_staff

# Rolled back to what migrations made, since the topics are theirs.
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page of an owner, whose complaints about errors and policies are heard."""
    context = chromium.new_context()
    session = client_of(make_staff("Owner")).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": str(live_server.url)}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert errors == []


def going_out() -> Edition:
    """An edition of which one has left and one waits, and twenty days of readers."""
    at = timezone.now()
    edition = make_edition(make_paper(), day=at.date(), closing_at=at, audience=2)
    for number, status in enumerate(["accepted", "queued"]):
        reader = make_reader()
        joined_at = at - timedelta(days=10 * number)
        ConsentEvent.objects.create(subscriber=reader, kind="confirmed", at=joined_at, wording_version="1")
        make_delivery(edition, reader, status=status, due_at=at)
    return edition


def open_dashboard(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/admin/")
    page.wait_for_function("() => !document.querySelector('.counting')")


@pytest.mark.parametrize("is_new", [True, False])
def test_it_fits_and_axe_finds_nothing_serious(is_new: bool, page: Page, live_server: LiveServer) -> None:
    if not is_new:
        going_out()
    open_dashboard(page, live_server)
    for summary in page.locator("summary").all():
        summary.click()
    assert misfits(page, [(375, "light"), *AT_WORK]) == []


def test_an_edition_goes_on_before_one_s_eyes_until_nobody_looks(page: Page, live_server: LiveServer) -> None:
    going_out()
    page.clock.install()
    open_dashboard(page, live_server)
    submitted = page.locator("#going-out .tally dd").first
    assert submitted.inner_text() == "1"
    Delivery.objects.update(status="accepted")
    # What was counted is kept for some seconds of the server's clock, which does not run ahead.
    page.wait_for_timeout(5_100)
    with page.expect_response(lambda answer: "going-out" in answer.url):
        page.clock.run_for(10_000)
    page.wait_for_function("() => document.querySelector('#going-out .tally dd').textContent === '2'")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(16 * 60 * 1000)
    before = len(asked)
    page.clock.run_for(10 * 60 * 1000)
    assert 0 < before == len(asked)
