"""The pages about readers in Chromium, at the widths and lights of a desk: story, questions, files, topics."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer

from papers.models import Topic
from subscribers.models import Subscriber
from tests.browser.looking import AT_WORK, misfits
from tests.factories import make_paper
from tests.newsletter.known import make_known_reader
from tests.staff.people import client_of

# Rolled back to what migrations made, since the topics are theirs.
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

READERS = "/admin/subscribers/subscriber/"
FILE = "Kontakt;Hour\nada@example.org;9\ngrace@example.org;25\n"


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, admin_user: User) -> Iterator[Page]:
    """A page of an owner's, with a script that fails being a failure."""
    context = chromium.new_context(base_url=str(live_server.url))
    session = client_of(admin_user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": str(live_server.url)}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def test_the_list_the_story_and_what_is_asked_first_fit_and_are_clear(page: Page) -> None:
    reader = make_known_reader()
    for url in (READERS, f"{READERS}{reader.pk}/change/", f"{READERS}{reader.pk}/do/erase/"):
        page.goto(url, wait_until="networkidle")
        assert misfits(page, AT_WORK) == [], url


def test_a_reader_is_erased_by_typing_so(page: Page) -> None:
    reader = make_known_reader()
    page.goto(f"{READERS}{reader.pk}/change/")
    page.get_by_role("link", name="Erase").click()
    page.get_by_label("To do it, type").fill("erase")
    page.get_by_role("button", name="Erase").click()
    expect(page.get_by_text("Nothing was done.")).to_be_visible()
    page.get_by_label("To do it, type").fill(f"erase {reader.pk}")
    page.get_by_role("button", name="Erase").click()
    expect(page.get_by_text(f"Reader {reader.pk}: Erased.")).to_be_visible()
    assert not Subscriber.objects.filter(pk=reader.pk).exists()


def choose(page: Page) -> None:
    file: FilePayload = {"name": "readers.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    page.locator("input[type=file]:visible").set_input_files(files=[file])


def test_a_file_is_read_as_chosen_and_its_refused_rows_are_downloaded(page: Page) -> None:
    page.goto(f"{READERS}import/")
    page.get_by_label("Provenance").fill("The list of our old newsletter, double opt-in")
    choose(page)
    page.get_by_role("button", name="Try it").click()
    page.get_by_label("email").select_option("Kontakt")
    assert misfits(page, AT_WORK) == []
    choose(page)
    page.get_by_role("button", name="Try it").click()
    assert misfits(page, AT_WORK) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all refused rows").click()
    assert "grace@example.org,25" in download.value.path().read_text("utf-8-sig")
    choose(page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("1 new, 0 skipped, 1 refused.")).to_be_visible()
    assert Subscriber.objects.get().email == "ada@example.org"


def test_what_terms_would_catch_is_said_while_they_are_typed(page: Page) -> None:
    make_paper(title="Looms That Weave by Themselves")
    topic = Topic.objects.create(name="Looms", slug="looms", kind="keywords", terms=["jacquard"])
    page.goto(f"/admin/papers/topic/{topic.pk}/change/", wait_until="networkidle")
    told = page.locator("#topic-caught")
    expect(told).to_contain_text("would catch 0 of the 1 papers")
    page.get_by_label("Terms").fill("loom")
    expect(told).to_contain_text("would catch 1 of the 1 papers")
    expect(told).to_contain_text("Looms That Weave by Themselves")
    assert misfits(page, AT_WORK) == []
    assert Topic.objects.get(pk=topic.pk).terms == ["jacquard"]
