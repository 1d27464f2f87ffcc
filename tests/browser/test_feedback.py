"""What a reader says of a paper by a delivered mail, and what becomes of it in the next ones."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from newsletter.audience import deliver_to_readers
from newsletter.choosing import make_offer
from newsletter.delivery import send_due
from newsletter.models import Delivery
from papers.modelling import refresh_text_model
from papers.models import Paper
from subscribers.models import Subscriber
from tests.conftest import MailServer
from tests.factories import make_edition, make_paper, make_reader
from tests.journey import link_in
from tests.letters import read_mail, text_of
from tests.newsletter.catalogue import titles

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.fixture
def papers(live_server: LiveServer, settings: Settings) -> dict[int, Paper]:
    """Papers of four fields by their numbers: 1 and on are about robots, 101 and on about video."""
    settings.SITE_URL = str(live_server.url)
    papers = {number: make_paper(title=title, summary="", upvotes=None) for number, title in titles().items()}
    refresh_text_model(timezone.now())
    return papers


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=request.param)
    yield context.new_page()
    context.close()


def get_digest(mail_server: MailServer, day: int, papers: list[Paper]) -> str:
    """Deliver an edition of a day from today with these papers, and return the mail's text."""
    at = timezone.now() + timedelta(days=day)
    edition = make_edition(*papers, day=at.date())
    deliver_to_readers(edition, make_offer(edition), at)
    due_at = Delivery.objects.get(edition=edition).due_at
    assert send_due(lambda: due_at, until=due_at + timedelta(minutes=1))["accepted"] == 1
    return text_of(read_mail(mail_server.received[-1].content))


def say(page: Page, mail: str, paper: Paper, kind: str, button: str) -> None:
    """Follow the link of a mail and press the button there."""
    (link,) = [word for word in mail.split() if word.endswith(f"/{paper.pk}/{kind}")]
    before = Subscriber.objects.get().feedback.count()
    page.goto(link)
    assert Subscriber.objects.get().feedback.count() == before
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def place(mail: str, paper: Paper) -> int:
    """Return where a paper stands in a mail; behind all others where it does not."""
    return mail.find(paper.title) if paper.title in mail else len(mail)


def test_more_and_less_change_the_next_digest_and_the_interests_page_says_why(
    page: Page, papers: dict[int, Paper], mail_server: MailServer
) -> None:
    make_reader(size=8)
    fields = [papers[number] for number in (301, 201, 101, 1)]
    first = get_digest(mail_server, 1, fields)
    assert place(first, papers[1]) > place(first, papers[301])
    assert "because you liked" not in first

    say(page, first, papers[1], "more", "More like this")
    second = get_digest(mail_server, 2, [papers[number] for number in (302, 202, 102, 2)])
    assert place(second, papers[2]) < min(place(second, papers[number]) for number in (302, 202, 102))
    assert f"because you liked “{papers[1].title}”" in " ".join(second.split())

    say(page, second, papers[302], "less", "Less like this")
    third = get_digest(mail_server, 3, [papers[number] for number in (303, 203, 103, 3)])
    assert place(third, papers[303]) > max(place(third, papers[number]) for number in (203, 103, 3))

    page.goto(link_in(third, "preferences"))
    page.get_by_role("link", name="What we think you like").click()
    expect(page.get_by_role("main")).to_contain_text(papers[1].title)
    expect(page.get_by_role("main")).to_contain_text(papers[302].title)
    expect(page.get_by_role("main")).to_contain_text(papers[1].title.split()[0].lower())
