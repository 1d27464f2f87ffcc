"""A digest goes out once more when its reader asks for it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from newsletter.models import Delivery, Edition
from newsletter.progress import progress_of
from newsletter.resending import NotAgain, latest_digest, send_again, why_not_again
from subscribers.models import Subscriber, Suppression
from tests.conftest import MailServer
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.sending import queue, send

pytestmark = pytest.mark.django_db

Status = Delivery.Status


def settled(status: str = Status.ACCEPTED, **fields: Any) -> Delivery:
    (delivery,) = queue(1)
    Delivery.objects.update(status=status, settled_at=NOW, detail="as it was", attempts=3, **fields)
    delivery.refresh_from_db()
    return delivery


def test_a_digest_that_was_sent_goes_out_again_under_the_same_message_id(mail_server: MailServer) -> None:
    (delivery,) = queue(1)
    for _ in range(2):
        assert send() == {"accepted": 1}
        delivery.refresh_from_db()
        send_again(delivery, NOW, "a test")
    assert send() == {"accepted": 1}
    contents = [str(envelope.original_content) for envelope in mail_server.received]
    assert len(contents) == 3
    assert all(f"Message-ID: <{delivery.pk}@" in content for content in contents)
    edition = Edition.objects.get()
    assert progress_of(edition, NOW).adds_up
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.FAILED, Status.UNKNOWN])
def test_what_ended_is_queued_anew_and_due_now(status: str) -> None:
    delivery = settled(status, handed_over_at=NOW, due_at=NOW - timedelta(hours=20))
    send_again(delivery, NOW, "a test")
    again = Delivery.objects.get()
    assert (again.status, again.due_at, again.next_attempt_at) == ("queued", NOW, NOW)
    assert (again.attempts, again.handed_over_at, again.settled_at, again.detail) == (0, None, None, "")
    assert again.picks == delivery.picks


def test_sending_again_twice_is_once() -> None:
    delivery = settled()
    send_again(delivery, NOW, "a test")
    with pytest.raises(NotAgain, match="on its way"):
        send_again(delivery, NOW, "a test")
    delivery.refresh_from_db()
    assert why_not_again(delivery, NOW) == "It is on its way already."


def test_the_embedded_outbox_holds_the_one_that_was_sent_last(
    outbox: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    (delivery,) = queue(1)
    send()
    delivery.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        send_again(delivery, NOW, "a test")
    assert list(outbox.iterdir()) == []
    assert send() == {"accepted": 1}
    assert (outbox / f"{delivery.pk}.eml").exists()


def refused(delivery: Delivery) -> str:
    delivery = Delivery.objects.select_related("edition", "subscriber").get(pk=delivery.pk)
    with pytest.raises(NotAgain) as err:
        send_again(delivery, NOW, "a test")
    assert Delivery.objects.get(pk=delivery.pk).status == delivery.status
    return str(err.value)


@pytest.mark.parametrize(
    ("reader", "why"),
    [
        ({"status": Subscriber.Status.UNSUBSCRIBED}, "The reader left."),
        ({"paused_until": TODAY + timedelta(days=9)}, "The reader takes a break."),
        ({"cadence": Subscriber.Cadence.WEEKLY}, "The reader chose another cadence."),
    ],
)
def test_who_wants_no_digest_gets_none_again(reader: dict[str, Any], why: str) -> None:
    delivery = settled()
    Subscriber.objects.update(**reader)
    assert refused(delivery) == why


def test_who_must_not_be_mailed_gets_none_again() -> None:
    delivery = settled()
    Suppression.objects.suppress(Subscriber.objects.get().email, Suppression.Reason.COMPLAINT, NOW)
    assert refused(delivery) == "The address must not be mailed."


def test_of_an_erased_reader_nothing_is_sent_again() -> None:
    delivery = settled(subscriber=None)
    assert refused(delivery) == "The reader was erased."


def test_a_cancelled_edition_or_an_earlier_one_is_not_sent_again() -> None:
    delivery = settled()
    Edition.objects.update(status=Edition.Status.CANCELLED)
    assert refused(delivery) == "Its edition was cancelled."
    Edition.objects.update(status=Edition.Status.CLOSED)
    make_edition(day=TODAY + timedelta(days=1), closing_at=NOW)
    assert "too old" in refused(delivery)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SKIPPED])
def test_what_did_not_end_by_leaving_is_not_sent_again(status: str) -> None:
    (delivery,) = queue(1)
    reason = Delivery.SkipReason.NOTHING_RELEVANT if status == Status.SKIPPED else ""
    Delivery.objects.update(status=status, skip_reason=reason)
    assert refused(delivery)


def test_the_latest_digest_is_the_one_that_is_wanted_even_while_it_is_on_its_way() -> None:
    reader, paper = make_reader(), make_paper()
    assert latest_digest(reader) is None
    days = [TODAY - timedelta(days=2), TODAY - timedelta(days=1), TODAY]
    earlier, latest, skipped = (
        make_delivery(make_edition(paper, day=day), reader, paper, due_at=NOW - (TODAY - day)) for day in days
    )
    Delivery.objects.filter(pk=earlier.pk).update(status=Status.ACCEPTED)
    Delivery.objects.filter(pk=skipped.pk).update(
        status=Status.SKIPPED, skip_reason=Delivery.SkipReason.NOTHING_RELEVANT
    )
    assert latest_digest(reader) == latest
