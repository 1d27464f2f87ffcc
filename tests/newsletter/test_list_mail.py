"""What a digest says of itself to mail programs, and what other letters do not."""

from datetime import date
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from newsletter.joining import CompiledDigest
from newsletter.rendering import digest_message
from subscribers.models import Subscriber
from tests.conftest import MailServer
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.letters import read_mail
from tests.newsletter.sending import queue, send

pytestmark = pytest.mark.django_db


def test_every_digest_that_leaves_can_be_left_with_one_click(mail_server: MailServer, client: Client) -> None:
    queue()
    assert send() == {"accepted": 1}
    (envelope,) = mail_server.received
    letter = read_mail(envelope.content)
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (link,) = letter.get_all("List-Unsubscribe") or []
    path = urlsplit(link.strip().strip("<>")).path
    left = client.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert (left.status_code, left.cookies.output()) == (200, "")
    assert Subscriber.objects.get().status == Subscriber.Status.UNSUBSCRIBED


def test_the_archive_of_the_list_is_a_page_for_everybody(mail_server: MailServer, client: Client) -> None:
    queue(readers=2)
    send()
    (link,) = {read_mail(envelope.content)["List-Archive"].strip("<>") for envelope in mail_server.received}
    assert client.get(urlsplit(link).path).status_code == 200


@pytest.mark.parametrize(
    ("period", "fields"), [("2026-11-23", {}), ("2026-W47", {"kind": "weekly", "day": date(2026, 11, 22)})]
)
def test_complaints_are_counted_by_edition(period: str, fields: dict[str, object], settings: Settings) -> None:
    settings.NEWSLETTER_FROM = "Paper Route <digest@papers.example>"
    paper, reader = make_paper(), make_reader()
    edition = make_edition(paper, period=period, **fields)  # type: ignore[arg-type]  # a kind or a day
    compiled = CompiledDigest(edition.fragments, is_own=True)
    message = digest_message(make_delivery(edition, reader, paper), reader, compiled, NOW)
    assert message.extra_headers["Feedback-ID"] == f"{period}:daily:digest:papersexample"
    assert message.extra_headers["List-Id"] == "Paper Route digest <daily.papers.example>"
