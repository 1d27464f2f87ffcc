"""What becomes of digests when the other side does not just take them."""

import logging
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import OperationalError
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from mail import throttle
from mail.models import Provider
from newsletter.claiming import release_expired
from newsletter.delivery import send_due
from newsletter.events import process_events
from newsletter.models import Alert, Delivery, Edition
from newsletter.operating import retry_failed
from newsletter.reconciling import note_sent
from newsletter.settling import persist
from newsletter.storms import STORM
from subscribers.models import Subscriber, Suppression
from tests.conftest import MailServer, serving_mail
from tests.factories import NOW
from tests.newsletter.sending import queue, send

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@contextmanager
def greeting_with(line: bytes) -> Iterator[tuple[str, int]]:
    """A server that says one line to whoever connects first; its host and port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(line)

        greeter = Thread(target=greet)
        greeter.start()
        yield listening.getsockname()
        greeter.join(timeout=10)


def answers(esp: HTTPServer, status: int, body: dict[str, Any], **headers: str) -> None:
    esp.expect_request("/email").respond_with_json(body, status=status, headers=headers)


def statuses() -> Counter[str]:
    return Counter(Delivery.objects.values_list("status", flat=True))


def test_a_provider_that_asks_for_a_pause_gets_it_from_every_process(esp: HTTPServer) -> None:
    queue(readers=5)
    answers(esp, 429, {"ErrorCode": 429, "Message": "Too many"}, **{"Retry-After": "120"})
    assert send() == {"queued": 1}
    assert len(esp.log) == 1
    assert statuses() == {"queued": 5}
    assert Provider.objects.get().slowed_until == NOW + 2 * MINUTE
    assert send(NOW + MINUTE) == {}
    assert len(esp.log) == 1
    assert Delivery.objects.filter(attempts=0).count() == 4


def test_after_the_pause_everybody_gets_theirs_and_the_next_pause_is_short(mail_server: MailServer) -> None:
    queue(readers=3)
    mail_server.replies = ["421 4.7.0 Too fast"]
    assert send() == {"queued": 1}
    later = Provider.objects.get().slowed_until
    assert later is not None
    assert send(later) == {"accepted": 3}
    assert len(mail_server.received) == 3
    assert Provider.objects.get().slowdowns == 0


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"ErrorCode": 10, "Message": "Bad or missing Server API token."}),
        (402, {}),
        (403, {}),
        (
            422,
            {"ErrorCode": 400, "Message": "The 'From' address you supplied is not a Sender Signature on your account."},
        ),
    ],
)
def test_a_refused_account_pauses_the_edition_and_costs_no_recipient(
    status: int, body: dict[str, Any], esp: HTTPServer
) -> None:
    queue(readers=5)
    answers(esp, status, body)
    assert send() == {}
    assert len(esp.log) == 1
    assert statuses() == {"queued": 5}
    edition = Edition.objects.get()
    assert edition.paused_at == NOW
    assert f"HTTP {status}" in edition.pause_reason
    assert Alert.objects.get().kind == Alert.Kind.ACCOUNT
    assert send(NOW + MINUTE) == {}


def test_a_recipient_that_is_refused_by_a_provider_fails_alone(esp: HTTPServer) -> None:
    queue()
    Subscriber.objects.update(email="reader@example.org")
    told = "Found inactive addresses: reader@example.org. Inactive recipients have generated a hard bounce."
    answers(esp, 422, {"ErrorCode": 406, "Message": told})
    assert send() == {"failed": 1}
    assert Edition.objects.get().paused_at is None


def test_a_storm_of_failures_pauses_the_edition_and_tells_of_it_once(mail_server: MailServer) -> None:
    queue(readers=3 * 100)
    mail_server.replies = ["550 no"] * 300
    assert send() == {"failed": 100}
    edition = Edition.objects.get()
    assert "100 of the last 100 messages failed. 100 say: SMTP 550 no. Mend that" in edition.pause_reason
    alert = Alert.objects.get()
    assert (alert.kind, alert.text) == (Alert.Kind.STORM, edition.pause_reason)
    assert statuses() == {"failed": 100, "queued": 200}
    # Whoever resumes it has looked at these.
    edition.resume(NOW + MINUTE)
    mail_server.replies = ["550 no"] * (STORM - 1)
    assert send(NOW + MINUTE)["accepted"] == 200 - (STORM - 1)
    assert Edition.objects.get().paused_at is None


def test_what_a_log_told_just_now_hides_no_storm(mail_server: MailServer) -> None:
    queue(readers=3 * 100)
    told = Delivery.objects.values_list("pk", flat=True)[:200]
    assert note_sent((f"{delivery_id}\n" for delivery_id in told), NOW).changed == 200
    mail_server.replies = ["550 no"] * 100
    assert send() == {"failed": 100}
    assert Edition.objects.get().paused_at


def test_a_few_failures_among_many_are_no_storm(mail_server: MailServer) -> None:
    queue(readers=200)
    mail_server.replies = ["550 no", "250 OK", "250 OK"] * 60
    assert send() == {"failed": 60, "accepted": 140}
    assert Edition.objects.get().paused_at is None


def test_an_answer_that_says_nothing_of_the_recipient_leaves_it_unknown(esp: HTTPServer) -> None:
    queue()
    answers(esp, 422, {"ErrorCode": 406, "Message": "Somebody is inactive."})
    assert send() == {"unknown": 1}


def test_stopped_mail_does_not_leave_and_does_after(mail_server: MailServer) -> None:
    queue(readers=2)
    throttle.stop_all(NOW)
    assert send() == {}
    assert not mail_server.received
    assert Delivery.objects.filter(attempts=0).count() == 2
    throttle.start_again()
    assert send() == {"accepted": 2}


def test_a_process_that_is_told_to_stop_finishes_the_message_in_hand(mail_server: MailServer) -> None:
    queue(readers=30)
    send_due(lambda: NOW, until=NOW + MINUTE, is_stopping=lambda: len(mail_server.received) >= 3)
    assert len(mail_server.received) == 3
    assert statuses() == {"accepted": 3, "queued": 27}


def test_a_reader_who_changed_a_wish_after_the_claim_is_looked_at_again(mail_server: MailServer) -> None:
    (delivery,) = queue()

    def clock() -> Any:
        if Delivery.objects.filter(status="claimed").exists():
            Subscriber.objects.update(cadence="weekly", preferences_changed_at=NOW + MINUTE)
        return NOW

    send_due(clock, until=NOW + MINUTE)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.skip_reason) == ("skipped", "cadence")
    assert not mail_server.received


def test_hourly_limits_hold_back_what_is_too_much(mail_server: MailServer, settings: Settings) -> None:
    settings.MAIL_PER_HOUR = 7
    queue(readers=10)
    assert send() == {"accepted": 7}
    assert send(NOW + 30 * MINUTE) == {}
    assert send(NOW + 62 * MINUTE) == {"accepted": 3}


def test_a_database_that_is_away_for_a_moment_is_tried_again() -> None:
    failures = iter([OperationalError("gone"), OperationalError("gone")])
    done: list[int] = []

    def write() -> None:
        if failure := next(failures, None):
            raise failure
        done.append(1)

    persist(write)
    assert done == [1]


def test_what_never_left_does_not_use_up_the_limits(settings: Settings, mail_server: MailServer) -> None:
    settings.MAIL_PER_HOUR = 5
    queue(readers=5)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert send() == {"queued": 5}
    settings.EMAIL_PORT = port
    assert send(NOW + MINUTE) == {"accepted": 5}


def test_one_that_cannot_be_made_fails_before_it_counts_as_leaving(mail_server: MailServer) -> None:
    _, broken = queue(readers=2)
    picks = [*broken.picks, {"paper_id": 0, "score": 1.0, "reason": "gone"}]
    Delivery.objects.filter(pk=broken.pk).update(picks=picks)
    assert send() == {"accepted": 1, "failed": 1}
    broken.refresh_from_db()
    assert (broken.status, broken.handed_over_at) == ("failed", None)


def test_when_half_a_lease_is_over_the_rest_of_a_window_is_put_back(
    settings: Settings, mail_server: MailServer
) -> None:
    settings.NEWSLETTER_WINDOW = 5
    queue(readers=5)
    send_due(lambda: NOW + 4 * MINUTE if mail_server.received else NOW, until=NOW + timedelta(hours=1))
    assert len(mail_server.received) == 1
    assert statuses() == {"accepted": 1, "queued": 4}


class LateBackend(BaseEmailBackend):
    """Takes a message when everybody believes its process dead."""

    def send_messages(self, email_messages: object) -> int:
        release_expired(NOW + timedelta(hours=1))
        assert statuses() == {"unknown": 1}
        return 1


def test_an_answer_that_comes_after_the_lease_is_not_lost(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.LateBackend"
    queue()
    send()
    assert statuses() == {"accepted": 1}


@pytest.mark.parametrize(
    ("said", "status", "is_covered"),
    [
        ("550 5.1.1 No such user", "unsubscribed", True),
        ("552 5.2.2 Mailbox full", "active", False),
        ("554 5.7.1 Not wanted", "active", False),
        ("550 no", "active", False),
    ],
)
def test_a_mailbox_that_is_not_there_is_never_mailed_again(
    said: str, status: str, is_covered: bool, mail_server: MailServer
) -> None:
    queue(readers=3)
    mail_server.replies = [said]
    assert send() == {"failed": 1, "accepted": 2}
    process_events(NOW)
    refused = Delivery.objects.get(status="failed")
    assert refused.subscriber
    assert refused.detail.startswith(f"SMTP {said[:3]}")
    assert refused.subscriber.status == status
    assert Suppression.objects.covers(refused.subscriber.email) == is_covered


def test_who_says_of_everybody_that_there_is_no_such_mailbox_takes_nobody_off_the_list(mail_server: MailServer) -> None:
    queue(readers=STORM)
    mail_server.replies = ["550 5.1.1 No such user"] * STORM
    assert send() == {"failed": STORM}
    process_events(NOW)
    assert Subscriber.objects.filter(status="active").count() == STORM
    assert not Suppression.objects.exists()
    # When it says so again of some, after an operator has looked, it is believed.
    edition = Edition.objects.get()
    edition.resume(NOW + MINUTE)
    retry_failed(edition, NOW + MINUTE, "a test")
    mail_server.replies = ["550 5.1.1 No such user"] * 2
    assert send(NOW + MINUTE) == {"failed": 2, "accepted": STORM - 2}
    process_events(NOW + MINUTE)
    assert Subscriber.objects.filter(status="active").count() == STORM - 2
    assert Suppression.objects.count() == 2


def test_one_in_ten_that_has_no_mailbox_at_rcpt_is_never_mailed_again(settings: Settings) -> None:
    class NoMailbox:
        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802  aiosmtpd's
            if address.startswith("gone"):
                return "550 5.1.1 User unknown"
            envelope.rcpt_tos.append(address)
            return "250 OK"

    queue(readers=40)
    for number, reader in enumerate(Subscriber.objects.all()[:4]):
        Subscriber.objects.filter(pk=reader.pk).update(email=f"gone{number}@example.org")
    with serving_mail(settings, NoMailbox()):
        assert send() == {"failed": 4, "accepted": 36}
    process_events(NOW)
    assert Suppression.objects.count() == 4
    assert not Subscriber.objects.filter(email__startswith="gone", status="active").exists()


def test_the_log_counts_what_was_said_and_names_edition_and_deliveries(
    mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    deliveries = queue(readers=8)
    mail_server.replies = ["550 Not wanted"] * 6 + ["451 Later"]
    with caplog.at_level(logging.INFO, logger="newsletter.settling"):
        send()
    lines = [(record.levelname, record.message) for record in caplog.records if record.name == "newsletter.settling"]
    named = ", ".join(
        str(one.pk) for one in Delivery.objects.filter(status="failed").order_by("next_attempt_at", "pk")[:5]
    )
    (put_off,) = Delivery.objects.filter(status="queued")
    assert lines == [
        ("WARNING", f"Edition {deliveries[0].edition}: 6 failed: SMTP 550 Not wanted ({named} …)"),
        ("INFO", f"Edition {deliveries[0].edition}: 1 queued: SMTP 451 Later ({put_off.pk})"),
    ]


def test_a_server_that_greets_with_a_refusal_is_told_on_what_waits(settings: Settings) -> None:
    queue(readers=2)
    with greeting_with(b"421 4.3.2 Closed for the night\r\n") as server:
        settings.EMAIL_BACKEND = "mail.backends.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server
        assert send() == {"queued": 2}
    until = Provider.objects.get().slowed_until
    assert set(Delivery.objects.values_list("detail", "next_attempt_at")) == {
        ("SMTP 421 4.3.2 Closed for the night", until)
    }
