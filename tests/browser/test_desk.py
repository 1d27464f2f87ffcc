"""The desk in Chromium: its buttons exchange the list in place, keep the focus and lose nothing that was begun."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route
from pytest_django.live_server_helper import LiveServer

from newsletter.editions import set_places
from newsletter.models import Edition
from papers.models import Signal
from tests.browser.looking import AT_WORK, misfits
from tests.factories import make_paper
from tests.newsletter.desk import desk, entry_of, make_draft, titles
from tests.staff.people import client_of, make_staff

# Rolled back to what migrations made, since the topics are theirs.
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def draft(live_server: LiveServer) -> Edition:
    """A draft of 30 papers that closes in some hours, the first ones with a history of upvotes."""
    at = timezone.now()
    papers = [make_paper(title=f"Paper {number}", listed_on=at.date()) for number in range(1, 31)]
    for paper in papers[:5]:
        for hours in range(6):
            observed_at = at - timedelta(hours=hours)
            Signal.objects.create(paper=paper, source="s", kind="upvotes", value=90 - hours, observed_at=observed_at)
    return make_draft(*papers, day=at.date(), closes_at=at + timedelta(hours=3))


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, draft: Edition) -> Iterator[Page]:
    """The desk of the draft, as an editor has it."""
    context = chromium.new_context()
    session = client_of(make_staff("Editor")).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": str(live_server.url)}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{live_server.url}{desk(draft)}")
    yield page
    context.close()
    assert errors == []


def order(page: Page) -> list[str]:
    return page.locator(".desk-entry h3").all_inner_texts()


def press(page: Page, button: str) -> None:
    """Press a button by its id, and wait for what it brings."""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator(f"#{button}").click()
    page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")


def focused(page: Page) -> object:
    return page.evaluate("document.activeElement.id")


def test_an_arrow_moves_an_entry_in_place_says_so_and_keeps_the_focus(page: Page, draft: Edition) -> None:
    page.evaluate("window.isSamePage = true")
    entry = entry_of(draft, "Paper 3")
    press(page, f"up-{entry.pk}")
    assert order(page)[:3] == ["Paper 1", "Paper 3", "Paper 2"]
    assert page.locator("#desk-said").inner_text() == "Moved “Paper 3” to place 2."
    assert "Moved “Paper 3” to place 2" in page.locator("#desk-history").inner_text()
    assert focused(page) == f"up-{entry.pk}"
    page.keyboard.press("Enter")
    page.get_by_text("to place 1.").wait_for()
    assert titles(draft)[:3] == ["Paper 3", "Paper 1", "Paper 2"]
    assert page.evaluate("window.isSamePage")
    page.locator(f"#place-{entry.pk}").fill("4")
    page.keyboard.press("Enter")
    page.get_by_text("to place 4.").wait_for()
    assert titles(draft)[:4] == ["Paper 1", "Paper 2", "Paper 4", "Paper 3"]
    press(page, f"follow-{entry.pk}")
    assert titles(draft)[:4] == ["Paper 1", "Paper 2", "Paper 3", "Paper 4"]
    # The button is gone, and who uses a keyboard is still at the entry.
    assert focused(page) == f"entry-{entry.pk}"


def test_a_note_that_was_begun_outlasts_what_is_done_to_other_entries(page: Page, draft: Edition) -> None:
    first, second = entry_of(draft, "Paper 1"), entry_of(draft, "Paper 2")
    page.locator(f"#note-{first.pk}").click()
    page.locator(f"#words-{first.pk}").fill("Half a note")
    press(page, f"pin-{second.pk}")
    assert page.locator(f"#words-{first.pk}").input_value() == "Half a note"
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator(f"#entry-{first.pk}").get_by_role("button", name="Save the note").click()
    page.get_by_text("Editor’s note: Half a note").wait_for()
    assert entry_of(draft, "Paper 1").note == "Half a note"


def test_papers_are_found_while_typing_and_added_at_once(page: Page, draft: Edition) -> None:
    make_paper(title="A Newcomer of Note")
    page.get_by_label("Words of its title").press_sequentially("newcom")
    page.get_by_role("button", name="Add A Newcomer of Note").click()
    page.get_by_text("Added “A Newcomer of Note”").first.wait_for()
    assert titles(draft)[-1] == "A Newcomer of Note"
    assert order(page)[-1] == "A Newcomer of Note"


def test_what_the_server_did_not_do_is_said(page: Page, draft: Edition) -> None:
    entry = entry_of(draft, "Paper 3")

    def break_down(route: Route) -> None:
        route.fulfill(status=500, body="no")

    page.route("**/up/", break_down)
    press(page, f"up-{entry.pk}")
    assert "Nothing was changed: the server answered 500" in page.locator("#desk-said").inner_text()
    assert titles(draft)[2] == "Paper 3"


def test_who_was_logged_out_meanwhile_is_led_to_the_log_in(page: Page, draft: Edition) -> None:
    page.context.clear_cookies(name="sessionid")
    page.locator(f"#pin-{entry_of(draft, 'Paper 3').pk}").click()
    page.wait_for_url("**/login/**")
    assert titles(draft)[0] == "Paper 1"


def test_what_was_written_is_there_again_after_the_log_in(page: Page, draft: Edition, live_server: LiveServer) -> None:
    page.get_by_label("Opening line").fill("Good morning.")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save these words").click()
    page.wait_for_url("**/login/**")
    session = client_of(make_staff("Editor")).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": str(live_server.url)}])
    page.goto(f"{live_server.url}{desk(draft)}")
    assert page.get_by_label("Opening line").input_value() == "Good morning."
    assert "save it once more" in page.locator("#desk-said").inner_text()
    page.get_by_role("button", name="Save these words").click()
    page.get_by_text("Set the opening line: Good morning.").first.wait_for()
    assert "once more" not in page.locator("#desk-said").inner_text()
    assert Edition.objects.get().opening_line == "Good morning."


def test_the_desk_is_used_without_script(chromium: Browser, live_server: LiveServer, draft: Edition) -> None:
    context = chromium.new_context(java_script_enabled=False)
    session = client_of(make_staff("Editor")).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": str(live_server.url)}])
    page = context.new_page()
    page.goto(f"{live_server.url}{desk(draft)}")
    entry = entry_of(draft, "Paper 3")
    page.locator(f"#up-{entry.pk}").click()
    assert page.url.endswith(f"#entry-{entry.pk}")
    page.get_by_label("Words of its title").fill("paper 29")
    page.get_by_role("button", name="Find").click()
    assert page.locator("#desk-found").inner_text().startswith("Paper 29")
    page.get_by_label("Opening line").fill("Good morning.")
    page.get_by_role("button", name="Save these words").click()
    assert Edition.objects.get().opening_line == "Good morning."
    assert titles(draft)[:3] == ["Paper 1", "Paper 3", "Paper 2"]
    context.close()


def test_the_desk_fits_and_is_accessible(page: Page, draft: Edition) -> None:
    draft.entries.filter(rank=1).update(is_pinned=True, note="Read this one.")
    draft.entries.filter(rank=2).update(is_hidden=True)
    draft.entries.filter(rank=3).update(position=2)
    set_places(draft)
    page.goto(f"{page.url}?q=paper")
    for note in page.locator(".desk-note summary").all()[:2]:
        note.click()
    assert misfits(page, [(375, "light"), *AT_WORK]) == []
