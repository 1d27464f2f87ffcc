"""Erasing on PostgreSQL, while other processes send and answer."""

from datetime import timedelta

import pytest
from django.db.models import Count

from newsletter.delivery import send_due
from newsletter.erasure import erase
from newsletter.models import Delivery
from newsletter.retention import retain
from newsletter.undoing import undo_import
from subscribers.models import ImportBatch, Letter, Subscriber, Suppression
from subscribers.optin import answer_sign_ups, ask
from tests.conftest import MailServer
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.services.test_races import _postgresql, both, in_a_thread

__all__ = ["_postgresql"]

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def test_erasing_the_same_reader_twice_at_once_is_erasing_once() -> None:
    paper, reader = make_paper(), make_reader()
    make_delivery(make_edition(paper), reader, paper)
    both(lambda: erase(reader, NOW))
    assert not Subscriber.objects.exists()
    assert Suppression.objects.count() == 1
    assert Delivery.objects.get().skip_reason == "erased"


def test_readers_erased_while_digests_leave_get_theirs_or_none_and_all_are_counted(mail_server: MailServer) -> None:
    paper = make_paper()
    edition = make_edition(paper, audience=60)
    readers = [make_reader() for _ in range(60)]
    for reader in readers:
        make_delivery(edition, reader, paper)
    sending = in_a_thread(lambda: send_due(lambda: NOW, until=NOW + timedelta(seconds=1)))
    for reader in reversed(readers):
        erase(reader, NOW)
    sending.join(60)
    counts = {row["status"]: row["count"] for row in Delivery.objects.values("status").annotate(count=Count("pk"))}
    assert counts.keys() <= {"accepted", "skipped"}
    assert sum(counts.values()) == 60
    assert counts.get("accepted", 0) == len(mail_server.received)
    assert not Subscriber.objects.exists()
    assert not Delivery.objects.exclude(picks=[]).exists()


def test_sign_ups_answered_while_their_reader_is_erased_bring_nobody_back() -> None:
    for number in range(20):
        reader = make_reader(email=f"ada{number}@example.org")
        ask(reader.email.upper(), source="form", at=NOW)
        answering = in_a_thread(lambda: answer_sign_ups(NOW))
        erase(reader, NOW)
        answering.join(30)
    answer_sign_ups(NOW)
    assert not Subscriber.objects.exists()
    assert not Letter.objects.exists()


def test_two_processes_that_remove_at_once_remove_everything_once() -> None:
    for _ in range(40):
        reader = make_reader(status=Subscriber.Status.PENDING)
        Subscriber.objects.filter(pk=reader.pk).update(created_at=NOW - timedelta(days=40))
    both(lambda: retain(NOW))
    assert not Subscriber.objects.exists()


def test_an_import_undone_while_its_digests_leave_stands_in_nobodys_way(mail_server: MailServer) -> None:
    batch = ImportBatch.objects.create(provenance="The list of the reading group", started_at=NOW)
    paper = make_paper()
    edition = make_edition(paper, audience=60)
    # Those who are due last were taken in first: in the order of readers it is not the order of the hand-over.
    for minutes in range(60):
        reader = make_reader(import_batch=batch)
        make_delivery(edition, reader, paper, due_at=NOW - timedelta(minutes=minutes))
    sending = in_a_thread(lambda: send_due(lambda: NOW, until=NOW + timedelta(seconds=1)))
    undo_import(batch, NOW)
    sending.join(60)
    statuses = list(Delivery.objects.values_list("status", flat=True))
    assert set(statuses) <= {"accepted", "skipped"}
    assert statuses.count("accepted") == len(mail_server.received)
    assert not Subscriber.objects.exists()
    assert not Delivery.objects.exclude(picks=[]).exists()
