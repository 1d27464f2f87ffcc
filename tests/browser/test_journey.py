"""A reader's whole life, in a browser and a mailbox: chooses, signs up, confirms, tunes, reads, leaves."""

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from newsletter.audience import deliver_to_readers, welcome_late_readers
from newsletter.choosing import make_offer
from newsletter.delivery import send_due
from newsletter.editions import close_edition, days_to_publish, ensure_edition
from newsletter.models import Delivery
from papers.ingest import run_source
from papers.scoring import score_due
from subscribers.models import Subscriber
from subscribers.tasks import answer_sign_ups_task
from tests.conftest import MailServer
from tests.factories import make_edition, make_paper
from tests.journey import link_in
from tests.letters import read_mail, text_of

# Rolled back to what migrations made, since the topics are theirs.
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

ADDRESS = "ada@example.org"


@pytest.fixture
def site(live_server: LiveServer, settings: Settings) -> str:
    """The address of a server with today's edition of the sample catalogue, closed."""
    settings.SITE_URL = str(live_server.url)
    at = timezone.now()
    run_source("sample", at)
    while score_due(at):
        pass
    edition = ensure_edition(days_to_publish(at)[-1])
    assert edition
    close_edition(edition.pk, at)
    return str(live_server.url)


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=request.param, timezone_id="Asia/Tokyo")
    yield context.new_page()
    context.close()


def has_script(page: Page) -> bool:
    return page.locator("button#show-digest").is_hidden()


def last_mail(mail_server: MailServer) -> EmailMessage:
    envelope = mail_server.received[-1]
    assert envelope.rcpt_tos == [ADDRESS]
    return read_mail(envelope.content)


def choose_and_sign_up(page: Page, site: str) -> None:
    page.goto(f"{site}/subscribe/")
    page.get_by_label("Agents", exact=True).check()
    page.get_by_label("Interests").fill("robot")
    if not has_script(page):
        page.get_by_role("button", name="Show my digest").click()
        expect(page.get_by_label("Interests")).to_have_value("robot")
    expect(page.locator("#preview")).to_contain_text("in Agents, which you follow")
    # Nobody fills in a form in no time.
    page.wait_for_timeout(2_100)
    page.get_by_label("Email address").fill(ADDRESS)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")


def confirm(page: Page, mail_server: MailServer) -> None:
    answer_sign_ups_task()
    page.goto(link_in(text_of(last_mail(mail_server)), "confirm"))
    assert not Subscriber.objects.active().exists()
    page.get_by_role("button", name="Confirm my subscription").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are subscribed")


def get_first_digest(mail_server: MailServer) -> EmailMessage:
    at = timezone.now()
    welcome_late_readers(at)
    assert send_due(lambda: at, until=at + timedelta(minutes=1))["accepted"] == 1
    return last_mail(mail_server)


def tune(page: Page, digest: EmailMessage) -> None:
    page.goto(link_in(text_of(digest), "preferences"))
    page.get_by_label("Agents").first.uncheck()
    page.get_by_label("Interests").fill("diffusion")
    page.get_by_label("Muted words").fill("casino")
    page.get_by_label("Papers a digest").fill("5")
    page.locator("#id_hour").select_option(label="09:00")
    page.locator("#id_time_zone").select_option("Europe/Vienna")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def get_next_digest(mail_server: MailServer) -> EmailMessage:
    """Deliver an edition of tomorrow, at the hour that the reader chose."""
    tomorrow = timezone.now().date() + timedelta(days=1)
    titles = [f"Diffusion {n}" for n in range(4)] + [f"Casino diffusion {n}" for n in range(4)] + ["Graphs", "Trees"]
    edition = make_edition(*[make_paper(title=title) for title in titles], day=tomorrow)
    deliver_to_readers(edition, make_offer(edition), timezone.now())
    due_at = Delivery.objects.get(edition=edition).due_at
    assert due_at.astimezone(ZoneInfo("Europe/Vienna")).hour == 9
    assert send_due(lambda: due_at, until=due_at + timedelta(minutes=1))["accepted"] == 1
    return last_mail(mail_server)


def leave_by_header(digest: EmailMessage) -> None:
    answer = httpx.post(link_in(str(digest["List-Unsubscribe"]), "u"), data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, dict(answer.cookies)) == (200, {})


def leave_by_page(page: Page, digest: EmailMessage) -> None:
    page.goto(link_in(text_of(digest), "u"))
    assert Subscriber.objects.active().exists()
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")


@pytest.mark.parametrize("way", ["header", "page"])
def test_a_reader_chooses_signs_up_confirms_tunes_reads_and_leaves(
    page: Page, site: str, mail_server: MailServer, way: str
) -> None:
    choose_and_sign_up(page, site)
    confirm(page, mail_server)
    first = get_first_digest(mail_server)
    assert "in Agents, which you follow" in text_of(first)

    tune(page, first)
    reader = Subscriber.objects.get()
    assert (reader.interests, reader.size, reader.topics.count()) == ("diffusion", 5, 0)
    second = text_of(get_next_digest(mail_server))
    assert second.count("matches “diffusion”") == 4
    assert "5 papers for you" in second
    assert "Casino" not in second

    if way == "header":
        leave_by_header(first)
    else:
        leave_by_page(page, first)
    assert [event.kind for event in reader.consent_events.all()] == ["requested", "confirmed", "unsubscribed"]
    assert not Subscriber.objects.active().exists()


def test_the_browser_s_time_zone_is_the_reader_s_from_the_start(chromium: Browser, site: str) -> None:
    context = chromium.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto(site)
    page.locator("#sign-up").get_by_label("Email address").fill(ADDRESS)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    answer_sign_ups_task()
    assert Subscriber.objects.get().time_zone == "Asia/Tokyo"
    context.close()
