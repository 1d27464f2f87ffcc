"""A reader who has no mouse: everything there is to do, with Tab, Space and Enter, and always seeing where one is."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django import Settings

from subscribers.links import confirm_url, preferences_url, unsubscribe_url
from subscribers.models import Subscriber
from subscribers.tasks import answer_sign_ups_task
from tests.conftest import MailServer
from tests.factories import make_reader

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

ADDRESS = "reader@example.org"
# An outline around what has the focus, or around the label that stands for it; and something of it in sight.
IS_FOCUS_SEEN = """() => {
  const element = document.activeElement;
  const outlined = [element, element.closest("label")].some((part) => {
    const style = part && getComputedStyle(part);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const box = element.getBoundingClientRect();
  const isInSight = box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight
    && box.right > 0 && box.left < innerWidth;
  return outlined && isInSight;
}"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until `target` has the focus, and see each stop on the way."""
    for _ in range(90):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        # The parts of a date are stops that the browser draws, and the page does not know.
        assert 'type="date"' in here or page.evaluate(IS_FOCUS_SEEN), f"nobody sees that this has the focus: {here}"
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the keyboard does not get there")


def press(page: Page, name: str) -> None:
    tab_to(page, page.get_by_role("button", name=name, exact=True))
    page.keyboard.press("Enter")


def says(page: Page, headline: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(headline)


def test_signs_up_and_confirms(page: Page, site: str, settings: Settings, mail_server: MailServer) -> None:
    settings.SUBSCRIBERS_FORM_TAKES = timedelta()
    page.goto(site)
    tab_to(page, page.locator("#sign-up").get_by_label("Email address"))
    page.keyboard.type(ADDRESS)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    says(page, "Check your inbox")
    answer_sign_ups_task()
    page.goto(confirm_url(Subscriber.objects.get(), timezone.now()))
    press(page, "Confirm my subscription")
    says(page, "You are subscribed")
    assert Subscriber.objects.active().get().email == ADDRESS


def test_chooses_and_saves(page: Page, site: str) -> None:
    reader = make_reader()
    page.goto(preferences_url(reader, timezone.now()))
    group = page.locator(".topic-group").first
    tab_to(page, group.locator("summary"))
    if group.get_attribute("open") is None:
        page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("Interests"))
    page.keyboard.type("robot")
    tab_to(page, page.locator(".save"))
    page.keyboard.press("Space")
    expect(page.get_by_text("Saved.")).to_be_visible()
    reader.refresh_from_db()
    assert (reader.interests, reader.topics.count()) == ("robot", 1)


def test_moves_to_another_address(page: Page, site: str) -> None:
    reader = make_reader()
    page.goto(preferences_url(reader, timezone.now()))
    tab_to(page, page.get_by_role("link", name="Get it at another address"))
    page.keyboard.press("Enter")
    says(page, "Get your digest at another address")
    tab_to(page, page.locator("main input[type=email]"))
    page.keyboard.type(ADDRESS)
    press(page, "Send the link to it")
    says(page, "Look into the other inbox")
    assert reader.address_change.address == ADDRESS


def test_leaves_and_says_why(page: Page, site: str) -> None:
    reader = make_reader()
    page.goto(unsubscribe_url(reader, timezone.now()))
    press(page, "Unsubscribe")
    says(page, "You are unsubscribed")
    tab_to(page, page.get_by_label("Too many emails"))
    page.keyboard.press("Space")
    press(page, "Send")
    expect(page.get_by_text("Thank you.")).to_be_visible()
    reader.refresh_from_db()
    assert (reader.status, reader.leaving_reason) == ("unsubscribed", "too_many")


def test_is_erased(page: Page, site: str) -> None:
    page.goto(preferences_url(make_reader(), timezone.now()))
    tab_to(page, page.get_by_role("link", name="What we keep about you"))
    page.keyboard.press("Enter")
    says(page, "What we keep about you")
    tab_to(page, page.get_by_role("link", name="Erase me"))
    page.keyboard.press("Enter")
    says(page, "Erase everything about you?")
    tab_to(page, page.get_by_role("checkbox"))
    page.keyboard.press("Space")
    press(page, "Erase me")
    says(page, "Goodbye")
    assert not Subscriber.objects.exists()
