"""An editor's morning: logs in with both factors, curates the draft, looks, mends, tries, closes; what readers get."""

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from newsletter.delivery import send_due
from newsletter.editions import days_to_publish, ensure_edition, keep_editions, refresh_draft
from newsletter.models import Delivery, Edition
from papers.ingest import run_source
from papers.models import Topic
from papers.scoring import score_due
from subscribers.preferences import save_preferences
from tests.conftest import MailServer
from tests.factories import make_arxiv_paper, make_reader
from tests.letters import read_mail, text_of
from tests.staff.people import PASSWORD, make_staff, secret_of

# Rolled back to what migrations made, since the topics are theirs.
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

ADDED = "How Newspapers Were Delivered Before Breakfast"
OPENING = "Good morning; the kettle is on."
NOTE = "Read this one slowly."
GONE = "papers/999999999/"


@pytest.fixture
def site(live_server: LiveServer, settings: Settings) -> str:
    settings.SITE_URL = str(live_server.url)
    return str(live_server.url)


@pytest.fixture
def draft(site: str) -> Edition:
    """Today's draft of the sample catalogue, two readers who follow nothing or Agents, and a paper out of it."""
    at = timezone.now()
    run_source("sample", at)
    while score_due(at):
        pass
    edition = ensure_edition(days_to_publish(at)[-1])
    assert edition
    refresh_draft(edition.pk)
    make_arxiv_paper("2611.98765", title=ADDED)
    make_reader(email="plain@example.org", confirmed_at=at - timedelta(days=2))
    follower = make_reader(email="follower@example.org", confirmed_at=at - timedelta(days=2), size=8)
    save_preferences(follower, Topic.objects.filter(slug="agents"), at)
    return edition


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def editor() -> User:
    user = make_staff("Editor", "edith")
    user.email = "edith@newsroom.example"
    user.save()
    return user


def log_in(page: Page, site: str, editor: User) -> None:
    secret = secret_of(editor)
    page.goto(f"{site}/admin/")
    page.get_by_label("Username").fill(editor.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    # A password alone opens nothing.
    expect(page.get_by_role("heading", level=1)).to_have_text("The code from your phone")
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(f"{site}/admin/")


def entry_titled(page: Page, title: str) -> Locator:
    return page.locator(".desk-entry").filter(has=page.get_by_role("heading", name=title, exact=True))


def titles_of(page: Page) -> list[str]:
    return page.locator("ol.desk-entries > li h3").all_inner_texts()


def step(page: Page, title: str, button: str, done: str) -> None:
    """Press a button of an entry, and wait until the desk says what was done."""
    entry_titled(page, title).get_by_role("button", name=button, exact=True).click()
    expect(page.locator("#desk-said")).to_contain_text(done)


def arrange(page: Page) -> dict[str, str]:
    """Reorder by arrow and by number, pin, leave out, note; return what was done to which paper."""
    first, second, third, _, fifth, sixth, *_ = titles_of(page)
    step(page, second, "Move up", "Moved")
    assert titles_of(page)[:2] == [second, first]
    step(page, fifth, "Pin", "Pinned")
    assert titles_of(page)[:3] == [fifth, second, first]
    step(page, third, "Leave out", "Left")
    assert third not in titles_of(page)
    page_entry = entry_titled(page, sixth)
    page_entry.get_by_label("Place", exact=True).fill("2")
    page_entry.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#desk-said")).to_contain_text("to place 2")
    assert titles_of(page)[:4] == [fifth, sixth, second, first]
    entry_titled(page, second).get_by_text("Note to readers").first.click()
    entry_titled(page, second).get_by_label("Note to readers").fill(NOTE)
    step(page, second, "Save the note", "Noted on")
    return {"pinned": fifth, "moved": sixth, "noted": second, "hidden": third}


def add(page: Page) -> None:
    """Add a paper by its address at arXiv, and pin it, so that everybody gets it."""
    page.get_by_label("Words of its title").fill("https://arxiv.org/pdf/2611.98765v2")
    page.get_by_role("button", name=f"Add {ADDED}").click()
    expect(page.locator("#desk-said")).to_contain_text("Added")
    page.reload()
    if page.get_by_role("link", name=re.compile("Show all")).count():
        page.get_by_role("link", name=re.compile("Show all")).click()
    step(page, ADDED, "Pin", "Pinned")


def say(page: Page, opening: str, header_note: str) -> None:
    page.get_by_label("Opening line").fill(opening)
    page.get_by_label("Header note").fill(header_note)
    page.get_by_role("button", name="Save these words").click()
    expect(page.locator("#desk-said")).to_contain_text("Set the")


def look_as_new_reader(page: Page, expected: list[str]) -> None:
    """Preview the mail as somebody who asked for nothing, on a phone in the dark, and send it to oneself."""
    page.get_by_role("link", name="As a new reader").click()
    mail = page.frame_locator("iframe.desk-mail")
    expect(mail.get_by_text(OPENING)).to_be_visible()
    for title in expected:
        expect(mail.get_by_role("heading", name=title, exact=True)).to_be_visible()
    page.get_by_role("link", name="Dark").click()
    body = page.frame_locator("iframe.desk-mail").locator("body")
    background = body.evaluate("body => getComputedStyle(body).backgroundColor")
    assert sum(int(part) for part in re.findall(r"\d+", background)[:3]) < 200
    page.get_by_role("button", name="Send this to me").click()
    expect(page.get_by_text("The test is on its way").first).to_be_visible()


def close(page: Page, draft: Edition) -> None:
    page.get_by_label("To do it, type").fill(draft.period)
    page.get_by_role("button", name="Close now").click()
    page.wait_for_url("**/change/**")


def _same(moment: datetime) -> datetime:
    return moment


def deliver(mail_server: MailServer) -> dict[str, EmailMessage]:
    """Send what is due hour by hour; return the digests by address."""
    keep_editions(timezone.now())
    received = len(mail_server.received)
    for due_at in list(Delivery.objects.queued().order_by("due_at").values_list("due_at", flat=True).distinct()):
        send_due(partial(_same, due_at), until=due_at + timedelta(minutes=1))
    return {envelope.rcpt_tos[0]: read_mail(envelope.content) for envelope in mail_server.received[received:]}


def test_an_editors_morning(page: Page, site: str, draft: Edition, editor: User, mail_server: MailServer) -> None:
    log_in(page, site, editor)
    page.goto(f"{site}/admin/newsletter/edition/today/")
    done = arrange(page)
    add(page)
    # A link that leads nowhere: the edition does not close before it is mended.
    say(page, OPENING, f"We moved: {site}/{GONE}")
    page.get_by_role("link", name="Close now").click()
    expect(page.get_by_role("alert")).to_contain_text("Mend what blocks it")
    expect(page.locator("#main")).to_contain_text(GONE)
    page.get_by_role("link", name="Back to the desk").first.click()
    say(page, OPENING, f"We moved: {site}/about/")
    first = [done["pinned"], ADDED, done["moved"], done["noted"]]
    look_as_new_reader(page, first)
    assert [envelope.rcpt_tos for envelope in mail_server.received] == [[editor.email]]
    test = read_mail(mail_server.received[0].content)
    assert str(test["Subject"]).startswith("[Test] ")
    assert "List-Unsubscribe" not in test
    page.get_by_role("link", name="Back to the desk").first.click()
    page.get_by_role("link", name="Close now").click()
    close(page, draft)
    expect(page.locator("#desk-history")).to_contain_text("Moved")

    mails = deliver(mail_server)
    assert mails.keys() == {"plain@example.org", "follower@example.org"}
    for mail in mails.values():
        text = " ".join(text_of(mail).split())
        assert OPENING in text
        assert f"{site}/about/" in text
        assert done["hidden"] not in text
        assert text.index(done["pinned"]) < text.index(ADDED)
        assert f'{site}/about/"' in text_of(mail, "html")
    plain = " ".join(text_of(mails["plain@example.org"]).split())
    assert sorted(first, key=plain.index) == first
    assert f"Editor’s note: {NOTE}" in plain
    assert str(test["Subject"]).removeprefix("[Test] ") == str(mails["plain@example.org"]["Subject"])
