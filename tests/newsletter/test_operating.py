import email
import logging
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from newsletter.alerts import raise_alert
from newsletter.claiming import claim, put_back
from newsletter.models import Alert, Delivery, Edition
from newsletter.operating import (
    Requeued,
    cancel,
    let_unknown_be,
    pause,
    resume,
    retry_failed,
    send_unknown_again,
    skip_cancelled,
    start_again,
    stop_all,
)
from newsletter.progress import progress_of
from subscribers.models import Suppression
from tests.conftest import MailServer
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.sending import queue, send

pytestmark = pytest.mark.django_db

Status = Delivery.Status


def settled(status: str, readers: int = 1, **fields: Any) -> list[Delivery]:
    deliveries = queue(readers)
    Delivery.objects.update(status=status, settled_at=NOW, detail="as it was", attempts=3, **fields)
    return deliveries


def states() -> list[tuple[str, str]]:
    return sorted(Delivery.objects.values_list("status", "skip_reason"))


def test_a_cancelled_edition_skips_what_is_queued_and_leaves_the_rest(mail_server: MailServer) -> None:
    first, *_ = queue(3)
    Delivery.objects.filter(pk=first.pk).update(status=Status.ACCEPTED)
    assert cancel(first.edition, NOW, "a test") == 2
    assert states() == [("accepted", ""), ("skipped", "cancelled"), ("skipped", "cancelled")]
    assert send() == {}
    assert mail_server.received == []
    edition = Edition.objects.get()
    assert progress_of(edition, NOW).adds_up
    assert cancel(edition, NOW, "a test") is None


def test_what_a_process_has_in_hand_is_skipped_once_it_is_put_back() -> None:
    (delivery,) = queue()
    claimed = claim(NOW)
    assert cancel(delivery.edition, NOW, "a test") == 0
    assert skip_cancelled(NOW) == 0
    put_back(claimed)
    assert skip_cancelled(NOW) == 1
    assert states() == [("skipped", "cancelled")]
    assert skip_cancelled(NOW) == 0


@pytest.mark.parametrize("status", [Edition.Status.DRAFT, Edition.Status.CLOSING])
def test_a_draft_and_a_closing_edition_can_be_cancelled(status: str) -> None:
    edition = make_edition(make_paper(), status=status)
    make_delivery(edition, make_reader())
    assert cancel(edition, NOW, "a test") == 1
    edition.refresh_from_db()
    assert (edition.status, edition.audience) == ("cancelled", 1)


def test_only_its_own_edition_is_cancelled() -> None:
    (delivery,) = queue()
    other = make_edition(make_paper(), day=NOW.date() - timedelta(days=1))
    make_delivery(other, make_reader())
    cancel(other, NOW, "a test")
    delivery.refresh_from_db()
    assert delivery.status == Status.QUEUED


def test_unknown_ones_are_let_be_as_if_they_had_arrived() -> None:
    (delivery,) = settled(Status.UNKNOWN)
    assert let_unknown_be(delivery.edition, NOW, "a test") == 1
    assert states() == [("skipped", "uncertain")]
    assert Delivery.objects.not_to_repeat().exists()
    assert let_unknown_be(delivery.edition, NOW, "a test") == 0


def test_an_unknown_one_is_sent_again_under_the_same_message_id(mail_server: MailServer) -> None:
    (delivery,) = queue()
    assert send() == {"accepted": 1}
    Delivery.objects.update(status=Status.UNKNOWN)
    assert send_unknown_again(delivery.edition, NOW, "a test") == Requeued(queued=1)
    assert send() == {"accepted": 1}
    ids = {
        email.message_from_bytes(envelope.original_content or b"")["Message-ID"] for envelope in mail_server.received
    }
    assert len(mail_server.received) == 2
    assert len(ids) == 1
    assert send_unknown_again(delivery.edition, NOW, "a test") == Requeued()


def test_an_unknown_one_that_is_too_late_is_let_be_and_its_papers_do_not_come_twice() -> None:
    (delivery,) = settled(Status.UNKNOWN, due_at=NOW - timedelta(hours=13))
    assert send_unknown_again(delivery.edition, NOW, "a test") == Requeued(late=1)
    assert states() == [("skipped", "uncertain")]


def test_nothing_unknown_of_a_cancelled_edition_is_sent_again() -> None:
    (delivery,) = settled(Status.UNKNOWN)
    cancel(delivery.edition, NOW, "a test")
    assert send_unknown_again(delivery.edition, NOW, "a test") == Requeued()
    assert let_unknown_be(delivery.edition, NOW, "a test") == 1


def test_failed_ones_are_retried_but_not_late_ones_nor_suppressed_readers(mail_server: MailServer) -> None:
    sent, late, suppressed, erased = settled(Status.FAILED, readers=4)
    Delivery.objects.filter(pk=late.pk).update(due_at=NOW - timedelta(hours=13))
    assert suppressed.subscriber
    assert erased.subscriber
    Suppression.objects.suppress(suppressed.subscriber.email, Suppression.Reason.HARD_BOUNCE, NOW)
    erased.subscriber.delete()
    assert retry_failed(sent.edition, NOW, "a test") == Requeued(queued=1, late=1, suppressed=2)
    assert send() == {"accepted": 1}
    sent.refresh_from_db()
    assert (sent.status, sent.attempts) == ("accepted", 1)
    assert [state for state, _ in states()] == ["accepted", "failed", "failed", "failed"]
    assert retry_failed(sent.edition, NOW, "a test").queued == 0


def test_deliveries_in_hand_are_not_touched_by_a_decision() -> None:
    (delivery,) = queue()
    Delivery.objects.update(status=Status.HANDED_OVER, claim=uuid4(), lease_until=NOW)
    assert let_unknown_be(delivery.edition, NOW, "a test") == 0
    assert retry_failed(delivery.edition, NOW, "a test") == Requeued()
    assert states() == [("handed_over", "")]


def test_resuming_clears_what_stood_about_the_edition_and_nothing_else() -> None:
    (delivery,) = queue()
    edition = delivery.edition
    raise_alert(Alert.Kind.STORM, "Too many failed.", NOW, edition=edition)
    raise_alert(Alert.Kind.SILENT, "Nobody there.", NOW, about="send")
    assert pause(edition, NOW, "a test")
    assert not pause(edition, NOW, "a test")
    assert send() == {}
    assert resume(edition, NOW, "a test")
    assert not resume(edition, NOW, "a test")
    assert [alert.kind for alert in Alert.objects.standing()] == [Alert.Kind.SILENT]


def test_stopped_mail_does_not_leave_until_it_is_started_again(mail_server: MailServer) -> None:
    queue()
    assert stop_all(NOW, "a test")
    assert not stop_all(NOW, "a test")
    assert send() == {}
    assert start_again("a test")
    assert not start_again("a test")
    assert send() == {"accepted": 1}


def test_the_log_says_who_did_it_and_to_how_many(caplog: pytest.LogCaptureFixture) -> None:
    (delivery,) = queue()
    with caplog.at_level(logging.WARNING):
        cancel(delivery.edition, NOW, "user 7")
    assert "cancelled by user 7: 1 deliveries skipped" in caplog.text
