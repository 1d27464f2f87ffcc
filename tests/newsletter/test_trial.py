"""A digest sent to oneself, by a real mail server."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from mail import throttle
from mail.models import HandedOver
from newsletter.models import Delivery
from newsletter.preview import preview_of
from newsletter.trial import NoTrial, send_trial
from subscribers.models import Suppression
from subscribers.preferences import Preferences
from tests.conftest import MailServer
from tests.factories import make_paper
from tests.letters import read_mail, text_of
from tests.newsletter.desk import make_draft

pytestmark = pytest.mark.django_db

ME = "editor@example.org"


def send(address: str = ME) -> None:
    draft = make_draft(make_paper(title="Marmots of the Alps"), opening_line="Good morning.")
    send_trial(preview_of(draft, Preferences()), address, 7, timezone.now)


def received(server: MailServer) -> EmailMessage:
    (envelope,) = server.received
    assert envelope.rcpt_tos == [ME]
    assert isinstance(envelope.content, bytes)
    return read_mail(envelope.content)


def why_not(address: str = ME) -> str:
    with pytest.raises(NoTrial) as refused:
        send(address)
    assert "@" not in str(refused.value)
    return str(refused.value)


def test_a_test_arrives_as_the_digest_would_and_says_that_it_is_one(mail_server: MailServer) -> None:
    send()
    mail = received(mail_server)
    assert mail["Subject"] == "[Test] Marmots of the Alps"
    assert mail["To"] == ME
    assert "Good morning." in text_of(mail)
    assert "Good morning." in text_of(mail, "html")


def test_nothing_in_a_test_acts_for_a_reader(mail_server: MailServer, settings: Settings) -> None:
    send()
    mail = received(mail_server)
    assert not [name for name in mail.keys() if name.startswith("List-")]  # noqa: SIM118  a mail has a name twice
    bodies = text_of(mail) + text_of(mail, "html")
    assert not any(f"{settings.SITE_URL}/{path}/" in bodies for path in ("u", "preferences", "say", "digest"))


def test_a_test_is_in_no_ledger_and_counts_for_the_limits(mail_server: MailServer) -> None:
    send()
    assert not Delivery.objects.exists()
    assert [minute.count for minute in HandedOver.objects.all()] == [1]


def test_each_test_is_a_message_of_its_own(mail_server: MailServer) -> None:
    draft = make_draft(make_paper())
    for _ in range(2):
        send_trial(preview_of(draft, Preferences()), ME, 7, timezone.now)
    ids = [read_mail(envelope.content)["Message-ID"] for envelope in mail_server.received]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "Your account has no e-mail address"),
        ("nonsense@", "none that mail can be sent to"),
        ("a@example.org, b@example.org", "none that mail can be sent to"),
    ],
)
def test_without_an_address_of_ones_own_there_is_no_test(mail_server: MailServer, address: str, why: str) -> None:
    assert why in why_not(address)
    assert mail_server.received == []


def test_a_suppressed_address_gets_no_test_either(mail_server: MailServer) -> None:
    Suppression.objects.suppress(ME, Suppression.Reason.COMPLAINT, timezone.now())
    assert "must never mail" in why_not()
    assert mail_server.received == []


def test_while_all_mail_is_stopped_so_are_tests(mail_server: MailServer) -> None:
    throttle.stop_all(timezone.now())
    assert "stopped by an operator" in why_not()
    assert mail_server.received == []


def test_when_a_limit_is_used_up_there_is_no_test(mail_server: MailServer, settings: Settings) -> None:
    settings.MAIL_PER_HOUR = 1
    throttle.reserve(1, timezone.now())
    assert "The limit of 1 messages is used up until" in why_not()
    assert mail_server.received == []


def test_in_a_pause_that_the_provider_asked_for_there_is_no_test(mail_server: MailServer) -> None:
    throttle.slow_down(timezone.now(), timedelta(minutes=1))
    assert "asked for a pause" in why_not()


def test_a_refusal_is_told_without_the_address_and_does_not_count(mail_server: MailServer) -> None:
    mail_server.replies = [f"550 5.1.1 no mailbox {ME}"]
    assert "did not take it: SMTP 550 5.1.1" in why_not()
    assert [minute.count for minute in HandedOver.objects.all()] == [0]


def test_no_server_is_told(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "mail.backends.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert why_not() == "The mail server could not be reached, and nothing was sent. Tell an owner."


def test_somebody_sends_a_few_tests_a_minute_and_leaves_the_limits_to_readers(mail_server: MailServer) -> None:
    digest = preview_of(make_draft(make_paper()), Preferences())
    for _ in range(5):
        send_trial(digest, ME, 7, timezone.now)
    with pytest.raises(NoTrial, match="Wait a minute"):
        send_trial(digest, ME, 7, timezone.now)
    send_trial(digest, ME, 8, timezone.now)
    assert len(mail_server.received) == 6


def test_an_answer_that_is_lost_is_told_as_such(esp: HTTPServer) -> None:
    esp.expect_request("/email").respond_with_data("", status=502)
    assert "Nobody knows whether it left" in why_not()
