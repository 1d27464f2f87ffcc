import email
import email.policy
import uuid
from asyncio import WriteTransport
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

from newsletter.claiming import CLAIM_SIZE, claim, release_expired
from newsletter.delivery import send_due
from newsletter.models import Delivery, Edition
from subscribers.models import Subscriber, Suppression
from tests.conftest import MailServer, serving_mail
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.sending import queue, send

pytestmark = pytest.mark.django_db


def test_a_due_delivery_arrives_and_is_settled_as_accepted(mail_server: MailServer) -> None:
    (delivery,) = queue()
    assert send() == {"accepted": 1}
    delivery.refresh_from_db()
    assert (delivery.status, delivery.settled_at, delivery.claim) == ("accepted", NOW, None)
    (envelope,) = mail_server.received
    message = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
    assert str(delivery.pk) in message["Message-ID"]


def test_sending_twice_sends_once(mail_server: MailServer) -> None:
    queue(readers=25)
    assert send() == {"accepted": 25}
    assert send() == {}
    assert len(mail_server.received) == 25


def test_nothing_leaves_before_its_hour(outbox: Path) -> None:
    paper = make_paper()
    make_delivery(make_edition(paper), make_reader(), paper, due_at=NOW + timedelta(minutes=1))
    assert send() == {}
    assert not outbox.exists()


def leave(delivery: Delivery) -> None:
    assert delivery.subscriber
    delivery.subscriber.unsubscribe(NOW)


def suppress(delivery: Delivery) -> None:
    assert delivery.subscriber
    Suppression.objects.suppress(delivery.subscriber.email, Suppression.Reason.COMPLAINT, NOW)


def erase(delivery: Delivery) -> None:
    Subscriber.objects.all().delete()


def delay(delivery: Delivery) -> None:
    Delivery.objects.update(due_at=NOW - timedelta(hours=13))


def pause(delivery: Delivery) -> None:
    Subscriber.objects.update(paused_until=NOW + timedelta(days=1))


def read_weekly(delivery: Delivery) -> None:
    Subscriber.objects.update(cadence=Subscriber.Cadence.WEEKLY)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (leave, "unsubscribed"),
        (suppress, "suppressed"),
        (erase, "erased"),
        (delay, "late"),
        (pause, "paused"),
        (read_weekly, "cadence"),
    ],
)
def test_what_should_not_go_out_any_more_is_skipped_with_the_reason(
    change: Callable[[Delivery], None], reason: str, outbox: Path
) -> None:
    (delivery,) = queue()
    change(delivery)
    assert send() == {"skipped": 1}
    delivery.refresh_from_db()
    assert (delivery.status, delivery.skip_reason) == ("skipped", reason)
    assert not outbox.exists()


def test_a_pause_that_is_over_keeps_nothing_back(mail_server: MailServer) -> None:
    queue()
    Subscriber.objects.update(paused_until=NOW)
    assert send() == {"accepted": 1}


def test_a_reader_who_leaves_after_the_claim_is_not_mailed(outbox: Path) -> None:
    (delivery,) = queue()

    def clock() -> datetime:
        if Delivery.objects.filter(status="claimed").exists():
            leave(delivery)
        return NOW

    send_due(clock, until=NOW + timedelta(seconds=1))
    delivery.refresh_from_db()
    assert delivery.skip_reason == "unsubscribed"
    assert not outbox.exists()


@pytest.mark.parametrize("stopped", [{"paused_at": NOW}, {"status": Edition.Status.CANCELLED}])
def test_a_paused_or_cancelled_edition_does_not_go_out(stopped: dict[str, object], outbox: Path) -> None:
    (delivery,) = queue()
    Edition.objects.update(**stopped)
    assert send() == {}
    delivery.refresh_from_db()
    assert delivery.status == "queued"


def test_an_edition_paused_after_the_claim_puts_its_deliveries_back(outbox: Path) -> None:
    (delivery,) = queue()

    def clock() -> datetime:
        if Delivery.objects.filter(status="claimed").exists():
            Edition.objects.update(paused_at=NOW)
        return NOW

    send_due(clock, until=NOW + timedelta(seconds=1))
    delivery.refresh_from_db()
    assert (delivery.status, delivery.claim) == ("queued", None)
    assert not outbox.exists()


def test_a_server_that_refuses_for_now_is_tried_again_later_and_then_gets_it(mail_server: MailServer) -> None:
    (delivery,) = queue()
    mail_server.replies = ["451 4.3.0 Try again later"]
    assert send() == {"queued": 1}
    delivery.refresh_from_db()
    assert (delivery.next_attempt_at, delivery.detail) == (NOW + timedelta(minutes=1), "SMTP 451 4.3.0 Try again later")
    assert send() == {}
    assert send(NOW + timedelta(minutes=1)) == {"accepted": 1}
    assert len(mail_server.received) == 1


def test_a_recipient_refused_for_good_fails_and_the_others_still_get_theirs(mail_server: MailServer) -> None:
    queue(readers=3)
    mail_server.replies = ["550 5.1.1 No such user"]
    assert send() == {"failed": 1, "accepted": 2}
    assert Delivery.objects.get(status="failed").detail == "SMTP 550 5.1.1 No such user"


def test_with_no_mail_server_everything_stays_queued(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "mail.backends.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    queue(readers=3)
    assert send() == {"queued": 3}
    assert Delivery.objects.queued().count() == 3


def test_an_answer_that_never_came_is_unknown_and_never_sent_again(mail_server: MailServer) -> None:
    (delivery,) = queue()
    mail_server.replies = ["999 nonsense"]
    assert send() == {"unknown": 1}
    assert send(NOW + timedelta(hours=2)) == {}
    delivery.refresh_from_db()
    assert delivery.status == "unknown"


def test_a_process_that_died_before_the_hand_over_loses_nothing(outbox: Path) -> None:
    (delivery,) = queue()
    assert claim(NOW) == [delivery]
    assert send() == {}
    later = NOW + timedelta(minutes=6)
    assert release_expired(NOW) == {"queued": 0, "unknown": 0}
    assert release_expired(later) == {"queued": 1, "unknown": 0}
    assert send(later) == {"accepted": 1}
    assert (outbox / f"{delivery.pk}.eml").exists()


def test_a_process_that_died_after_the_hand_over_leaves_an_unknown_that_is_never_sent_again(outbox: Path) -> None:
    queue()
    Delivery.objects.update(status="handed_over", claim=uuid.uuid4(), lease_until=NOW - timedelta(seconds=1))
    assert release_expired(NOW) == {"queued": 0, "unknown": 1}
    assert release_expired(NOW) == {"queued": 0, "unknown": 0}
    assert send(NOW) == {}
    assert not outbox.exists()


def test_two_processes_never_claim_the_same_delivery() -> None:
    queue(readers=30)
    first, second = claim(NOW, 20), claim(NOW, 20)
    assert (len(first), len(second)) == (20, 10)
    assert not {one.pk for one in first} & {one.pk for one in second}


@pytest.mark.parametrize("window", [1, 7, 20])
def test_the_counts_add_up_to_the_audience_at_any_window(
    window: int, settings: Settings, mail_server: MailServer
) -> None:
    settings.NEWSLETTER_WINDOW = window
    deliveries = queue(readers=30)
    leave(deliveries[3])
    mail_server.replies = ["250 OK", "550 No", "451 Later", "250 OK"]
    send()
    statuses = list(Delivery.objects.values_list("status", flat=True))
    assert len(statuses) == Edition.objects.get().audience == 30
    assert sorted(set(statuses)) == ["accepted", "failed", "queued", "skipped"]
    assert statuses.count("accepted") == len(mail_server.received) == 27


def test_no_address_appears_in_the_log(mail_server: MailServer, caplog: pytest.LogCaptureFixture) -> None:
    queue(readers=4)
    mail_server.replies = ["550 no <reader@example.org>", "451 later", "999 what"]
    with caplog.at_level("DEBUG"):
        send()
    # The other side of the wire, the test's own mail server, may log what it was told.
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]
    assert ours
    assert not any("@example.org" in line for line in ours)


def test_a_row_that_cannot_be_rendered_fails_alone_and_nothing_of_it_leaves(mail_server: MailServer) -> None:
    broken, *_ = queue(readers=3)
    Delivery.objects.filter(pk=broken.pk).update(picks=[{"paper_id": 0, "score": 1.0, "reason": "gone"}])
    assert send() == {"failed": 1, "accepted": 2}
    broken.refresh_from_db()
    assert (broken.status, broken.detail) == ("failed", "cannot be rendered")
    assert len(mail_server.received) == 2


def test_sending_stops_at_its_time_and_what_is_left_goes_back(mail_server: MailServer, settings: Settings) -> None:
    settings.NEWSLETTER_WINDOW = 5
    queue(readers=30)
    seconds = count()
    send_due(lambda: NOW + timedelta(seconds=next(seconds)), until=NOW + timedelta(seconds=20))
    statuses = Counter(Delivery.objects.values_list("status", flat=True))
    assert statuses["accepted"] == len(mail_server.received) > 0
    assert statuses == {"accepted": statuses["accepted"], "queued": 30 - statuses["accepted"]}


def test_a_server_that_is_away_is_asked_once_and_not_once_a_delivery(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "mail.backends.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    queue(readers=CLAIM_SIZE + 30)
    assert send() == {"queued": CLAIM_SIZE}
    assert Delivery.objects.queued().count() == CLAIM_SIZE + 30


class Forgetful(MailServer):
    """Drops the connection without a word at the third sender it is told, and begins to count anew."""

    def __init__(self) -> None:
        super().__init__()
        self.senders = 0

    async def handle_MAIL(  # noqa: N802  aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.senders += 1
        if self.senders % 3 == 0:
            assert isinstance(server.transport, WriteTransport)
            server.transport.abort()
        envelope.mail_from = address
        return "250 OK"


def test_a_connection_lost_before_the_content_left_costs_nobody_the_digest(settings: Settings) -> None:
    server = Forgetful()
    with serving_mail(settings, server):
        queue(readers=9)
        assert "unknown" not in send()
        assert "unknown" not in send(NOW + timedelta(minutes=1))
        send(NOW + timedelta(minutes=3))
    assert Counter(Delivery.objects.values_list("status", flat=True)) == {"accepted": 9}
    assert len(server.received) == 9
