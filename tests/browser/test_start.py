"""Choosing before signing up, and doing the sum of a challenge, in a real browser."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from newsletter.models import Edition
from subscribers.models import SignUp, UsedChallenge
from tests.browser.looking import misfits

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

ADDRESS = "reader@example.org"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_context(timezone_id="Asia/Tokyo").new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.context.close()
    assert errors == []


@pytest.fixture(autouse=True)
def edition_of_today(site: str, settings: Settings) -> None:
    """The edition of the sample catalogue is news, whatever the date is."""
    settings.NEWSLETTER_EDITION_MAX_AGE = timedelta(days=36_500)
    settings.SUBSCRIBERS_FORM_TAKES = timedelta()


def first_title(page: Page) -> str:
    return page.locator(".digest h3").first.inner_text()


def test_the_digest_follows_what_is_chosen_and_the_address_stays_here(page: Page, site: str) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.goto(f"{site}/subscribe/")
    page.get_by_label("Email address").fill(ADDRESS)
    before = first_title(page)
    page.get_by_label("Robotics", exact=True).check()
    expect(page.locator(".digest li").first).to_contain_text("in Robotics, which you follow")
    page.get_by_label("Interests").fill("terminal")
    expect(page.locator(".digest .why", has_text="matches “terminal”").first).to_be_visible()
    page.get_by_label("Interests").fill("")
    page.get_by_label("Robotics", exact=True).uncheck()
    expect(page.locator(".digest h3").first).to_have_text(before)
    assert page.locator("#preview-said").inner_text() == "The digest was chosen anew."
    assert page.get_by_label("Email address").input_value() == ADDRESS
    assert any("interests=terminal" in data for data in sent)
    assert not any("reader" in data or "website" in data for data in sent)
    assert not SignUp.objects.exists()


def test_what_makes_no_sense_is_said_where_the_digest_stands(page: Page, site: str) -> None:
    page.goto(f"{site}/subscribe/")
    page.get_by_label("Interests").fill("a" * 2000)
    page.get_by_label("Interests").evaluate("field => field.removeAttribute('maxlength')")
    page.get_by_label("Interests").fill("a" * 2001)
    expect(page.locator("#preview [role=alert]")).to_contain_text("at most 2000 characters")
    page.get_by_label("Interests").fill("robots")
    expect(page.locator("#preview [role=alert]")).to_have_count(0)


def test_without_script_a_button_shows_the_digest_and_keeps_everything(chromium: Browser, site: str) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{site}/subscribe/")
    page.get_by_label("Email address").fill("half an address")
    page.get_by_label("Robotics", exact=True).check()
    page.locator(".card input").nth(1).check()
    page.get_by_label("Interests").fill("speech")
    page.get_by_role("button", name="Show my digest").click()
    assert page.url == f"{site}/subscribe/preview#preview"
    assert "in Robotics, which you follow" in page.locator(".digest").inner_text()
    assert page.get_by_label("Email address").input_value() == "half an address"
    assert page.get_by_label("Robotics", exact=True).is_checked()
    assert page.locator(".card input").nth(1).is_checked()
    assert page.get_by_label("Interests").input_value() == "speech"
    page.get_by_label("Email address").fill(ADDRESS)
    page.get_by_label("Email address").press("Enter")
    assert page.url == f"{site}/subscribe/check-your-inbox/"
    assert SignUp.objects.get().address == ADDRESS
    page.context.close()


def test_the_page_is_used_by_keyboard_alone(page: Page, site: str) -> None:
    page.goto(f"{site}/subscribe/")
    expect(page.locator("#show-digest")).to_be_hidden()
    page.locator(".card input").first.focus()
    page.keyboard.press("Space")
    expect(page.locator(".card input").first).to_be_checked()
    visited = []
    for _ in range(60):
        page.keyboard.press("Tab")
        visited.append(page.evaluate("document.activeElement.name || document.activeElement.id || ''"))
        if visited[-1] == "preview":
            break
    names = [name for name in dict.fromkeys(visited) if name]
    assert names == ["papers", "arxiv_ids", "topics", "interests", "email", "preview"]
    page.get_by_label("Email address").fill(ADDRESS)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/subscribe/check-your-inbox/")
    assert SignUp.objects.get().choices["time_zone"] == "Asia/Tokyo"


def test_the_page_is_accessible_with_choices_made(page: Page, site: str) -> None:
    page.goto(f"{site}/subscribe/")
    page.locator(".card input").first.check()
    page.get_by_label("Robotics", exact=True).check()
    expect(page.locator(".digest li").first).to_contain_text(re.compile("which you follow|because you liked"))
    assert misfits(page) == []


# --- The challenge --------------------------------------------------------------------------------------------------


@pytest.fixture
def flooded(settings: Settings) -> None:
    """Nobody signs up without a sum: one was too many already."""
    settings.SUBSCRIBERS_LIMITS = dict.fromkeys(["address", "network", "everywhere"], "0/hour")


@pytest.mark.usefixtures("flooded")
def test_a_browser_does_the_sum_and_gets_through_by_itself(page: Page, site: str) -> None:
    page.goto(site)
    page.locator("#sign-up input[type=email]").fill(ADDRESS)
    page.get_by_role("button", name="Subscribe").click()
    page.wait_for_url(f"{site}/subscribe/check-your-inbox/", timeout=60_000)
    sign_up = SignUp.objects.get()
    assert (sign_up.address, sign_up.page) == (ADDRESS, "/")
    assert sign_up.choices["time_zone"] == "Asia/Tokyo"
    assert UsedChallenge.objects.count() == 1


@pytest.mark.usefixtures("flooded")
def test_the_challenge_is_accessible_and_fits(page: Page, site: str) -> None:
    # A sum that never ends.
    page.add_init_script("crypto.subtle.deriveBits = () => new Promise(() => {})")
    page.goto(f"{site}/subscribe/")
    page.get_by_label("Email address").fill(ADDRESS)
    page.get_by_label("Email address").press("Enter")
    expect(page.locator("#challenge [role=status]")).to_have_text("Your browser is working on it.")
    assert misfits(page) == []


@pytest.mark.usefixtures("flooded")
def test_after_an_answer_that_did_not_do_another_sum_waits_for_a_click(page: Page, site: str) -> None:
    page.goto(f"{site}/subscribe/")
    page.get_by_label("Email address").fill(ADDRESS)
    page.locator("#start").evaluate(
        "form => { const spoilt = document.createElement('input');"
        " Object.assign(spoilt, {type: 'hidden', name: 'solution', value: 'spoilt'}); form.append(spoilt); }"
    )
    page.get_by_label("Email address").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Here is a new sum.")
    page.wait_for_timeout(1_000)
    assert not SignUp.objects.exists()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(f"{site}/subscribe/check-your-inbox/", timeout=60_000)
    assert SignUp.objects.get().address == ADDRESS


@pytest.mark.usefixtures("flooded")
def test_where_browsers_cannot_do_the_sum_the_page_says_so(page: Page, site: str) -> None:
    page.add_init_script("Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined })")
    page.goto(f"{site}/subscribe/")
    page.get_by_label("Email address").fill(ADDRESS)
    page.get_by_label("Email address").press("Enter")
    expect(page.locator("#challenge [role=status]")).to_contain_text("Open this site with https://")
    expect(page.locator("#challenge button")).to_be_hidden()


def test_the_edition_of_the_sample_is_what_the_page_shows(page: Page, site: str) -> None:
    page.goto(f"{site}/subscribe/")
    assert Edition.objects.get().about.dateline in page.locator(".digest-head").inner_text()
    assert re.search(r"10 papers for you", page.locator(".digest-head").inner_text())
