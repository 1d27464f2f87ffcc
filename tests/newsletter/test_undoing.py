from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from newsletter import undoing
from newsletter.models import Delivery
from newsletter.undoing import Undone, undo_import
from papers.models import Topic
from subscribers import optin
from subscribers.models import ConsentEvent, Feedback, ImportBatch, Letter, Subscriber
from subscribers.preferences import save_preferences
from tests.conftest import NOW
from tests.factories import make_delivery, make_edition, make_paper, make_reader
from tests.subscribers.files import take_in

pytestmark = pytest.mark.django_db

ADA, GRACE = "ada@example.org", "grace@example.org"


def imported(*emails: str) -> ImportBatch:
    take_in("email\n" + "\n".join(emails))
    return ImportBatch.objects.latest("pk")


def test_who_came_with_an_import_goes_with_it() -> None:
    other = make_reader()
    batch = imported(ADA, GRACE)
    assert undo_import(batch, NOW) == Undone(deleted=2, kept=0)
    assert list(Subscriber.objects.all()) == [other]
    assert not ConsentEvent.objects.exists()
    batch.refresh_from_db()
    assert (batch.undone_at, batch.created) == (NOW, 2)


def change_preferences(reader: Subscriber) -> None:
    save_preferences(reader, Topic.objects.all()[:1], NOW)


def leave(reader: Subscriber) -> None:
    optin.unsubscribe(reader, source="link", at=NOW)


def like(reader: Subscriber) -> None:
    Feedback.objects.create(subscriber=reader, paper=make_paper(), kind="more", at=NOW)


def ask_again(reader: Subscriber) -> None:
    optin.ask(reader.email, source="form", at=NOW)
    optin.answer_sign_ups(NOW)
    Letter.objects.all().delete()


def await_letter(reader: Subscriber) -> None:
    Letter.objects.create(subscriber=reader, kind="new_address", address=GRACE, asked_at=NOW, due_at=NOW)


@pytest.mark.parametrize("act", [change_preferences, leave, like, ask_again, await_letter])
def test_who_has_acted_since_stays(act: Callable[[Subscriber], None]) -> None:
    batch = imported(ADA, GRACE)
    act(Subscriber.objects.get(email=ADA))
    assert undo_import(batch, NOW) == Undone(deleted=1, kept=1)
    assert Subscriber.objects.get().email == ADA


def test_digests_stay_in_the_ledger_without_what_was_in_them() -> None:
    batch = imported(ADA)
    reader, paper = Subscriber.objects.get(), make_paper()
    delivery = make_delivery(make_edition(paper), reader, paper, status="accepted", settled_at=NOW)
    Delivery.objects.update(detail="said hello", provider_message_id="provider-77")
    assert undo_import(batch, NOW).deleted == 1
    delivery.refresh_from_db()
    assert (delivery.subscriber, delivery.picks, delivery.status) == (None, [], "accepted")
    assert (delivery.detail, delivery.provider_message_id) == ("", "")


def test_digests_that_wait_do_not_leave() -> None:
    batch = imported(ADA)
    paper = make_paper()
    delivery = make_delivery(make_edition(paper), Subscriber.objects.get(), paper)
    undo_import(batch, NOW)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.skip_reason, delivery.settled_at) == ("skipped", "erased", NOW)


def test_digests_of_who_stays_are_left_alone() -> None:
    batch = imported(ADA, GRACE)
    paper, ada = make_paper(), Subscriber.objects.get(email=ADA)
    delivery = make_delivery(make_edition(paper), ada, paper)
    like(ada)
    undo_import(batch, NOW)
    kept = Delivery.objects.get()
    assert (kept.status, kept.picks, kept.subscriber) == ("queued", delivery.picks, ada)


def test_files_of_who_went_go_too(
    outbox: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    batch = imported(ADA)
    outbox.mkdir()
    (outbox / f"already-subscribed-{Subscriber.objects.get().pk}-17.eml").touch()
    with django_capture_on_commit_callbacks(execute=True):
        undo_import(batch, NOW)
    assert list(outbox.iterdir()) == []


def test_undoing_twice_is_undoing_once() -> None:
    batch = imported(ADA)
    undo_import(batch, NOW)
    again = imported(ADA)
    assert undo_import(batch, NOW.replace(hour=20)) == Undone(deleted=0, kept=0)
    batch.refresh_from_db()
    assert batch.undone_at == NOW
    assert Subscriber.objects.get().import_batch == again


def test_many_go_a_chunk_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "CHUNK", 2)
    assert undo_import(imported(*(f"reader{number}@example.org" for number in range(5))), NOW).deleted == 5
