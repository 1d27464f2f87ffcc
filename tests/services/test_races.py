"""What two processes do to each other on PostgreSQL: each from a thread with a connection of its own."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from django.db import connection

from newsletter.claiming import release_expired
from newsletter.delivery import send_due
from newsletter.models import Delivery
from papers.ingest import ingest, ingest_due
from papers.models import Paper, Signal, SourceRun, TrendingScore
from papers.scoring import score_papers
from papers.sources.base import PaperRecord
from subscribers.feedback import say
from subscribers.models import Feedback, Subscriber
from subscribers.optin import unsubscribe
from tests.conftest import MailServer
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _postgresql() -> None:
    assert connection.vendor == "postgresql", "run these with DATABASE_URL=postgres://…"


def in_a_thread(action: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            action()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def both(action: Callable[[], object]) -> None:
    """Do the same in two threads at the same time; fail when either fails."""
    failures: list[BaseException] = []
    start = threading.Barrier(2)

    def attempt() -> None:
        start.wait()
        try:
            action()
        except BaseException as err:  # noqa: BLE001  told to the test below
            failures.append(err)

    threads = [in_a_thread(attempt), in_a_thread(attempt)]
    for thread in threads:
        thread.join(30)
    assert failures == []


def send() -> None:
    send_due(lambda: NOW, until=NOW + timedelta(seconds=1))


def test_two_sending_processes_send_everything_once(mail_server: MailServer) -> None:
    paper = make_paper()
    edition = make_edition(paper)
    for _ in range(100):
        make_delivery(edition, make_reader(), paper)
    both(send)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"accepted"}
    recipients = [envelope.rcpt_tos[0] for envelope in mail_server.received]
    assert len(recipients) == len(set(recipients)) == 100


def test_a_lease_that_runs_out_during_the_hand_over_is_not_taken_by_another(mail_server: MailServer) -> None:
    paper = make_paper()
    make_delivery(make_edition(paper), make_reader(), paper)
    others: list[threading.Thread] = []

    def sweep_and_send() -> None:
        release_expired(NOW + timedelta(minutes=6))
        send_due(lambda: NOW + timedelta(minutes=6), until=NOW + timedelta(minutes=7))

    def clock() -> datetime:
        if Delivery.objects.filter(status="handed_over").exists() and not others:
            others.append(in_a_thread(sweep_and_send))
            others[0].join(5)
        return NOW

    send_due(clock, until=NOW + timedelta(seconds=1))
    for other in others:
        other.join(30)
    assert len(mail_server.received) <= 1


def test_who_leaves_while_the_mail_is_being_handed_over_waits_and_is_recorded(mail_server: MailServer) -> None:
    paper, reader = make_paper(), make_reader()
    make_delivery(make_edition(paper), reader, paper)
    leaving = in_a_thread(lambda: unsubscribe(reader, source="page", at=NOW))
    send()
    leaving.join(30)
    assert Subscriber.objects.get().status == "unsubscribed"
    outcome = Delivery.objects.get().status
    assert (outcome, len(mail_server.received)) in {("accepted", 1), ("skipped", 0)}


def test_of_two_buttons_pressed_at_once_both_are_taken_for_a_program_s() -> None:
    paper, reader = make_paper(), make_reader()
    for _ in range(10):
        kinds = iter(Feedback.Kind)
        both(partial(press_next, kinds, reader, paper, uuid4()))
        assert reader.feedback.filter(is_automated=True).count() == 2
        reader.feedback.all().delete()


def press_next(kinds: Iterator[str], reader: Subscriber, paper: Paper, mail_id: UUID) -> None:
    say(reader, paper, next(kinds), NOW, mail_id)


def test_a_button_pressed_twice_at_once_is_pressed_once() -> None:
    paper, reader = make_paper(), make_reader()
    both(lambda: say(reader, paper, Feedback.Kind.MORE, NOW, uuid4()))
    assert reader.feedback.get().is_automated is False


def test_two_workers_may_read_a_source_and_score_at_once() -> None:
    both(lambda: ingest_due(NOW))
    assert SourceRun.objects.count() == 1
    assert SourceRun.objects.get().created == 259
    both(lambda: score_papers(NOW))
    assert TrendingScore.objects.filter(window="day").count() > 0


def test_two_scorings_that_rank_differently_leave_the_list_of_the_later_one() -> None:
    # At the earlier moment one half of the papers leads, at the later one the other.
    for number in range(40):
        paper = make_paper(upvotes=number)
        later = NOW - timedelta(minutes=30)
        Signal.objects.create(paper=paper, source="huggingface", kind="upvotes", value=100 - number, observed_at=later)
    for _ in range(5):
        TrendingScore.objects.all().delete()
        moments = iter([NOW, NOW - timedelta(hours=1)])
        both(lambda moments=moments: score_papers(next(moments)))  # type: ignore[misc]
        assert set(TrendingScore.objects.values_list("scored_at", flat=True)) == {NOW}


def test_two_sources_that_tell_of_the_same_new_papers_at_once_make_each_once() -> None:
    def records(prefix: str) -> list[PaperRecord]:
        numbers = sorted(range(300), key=lambda number: (number * 7919) % 300, reverse=prefix == "b")
        return [
            PaperRecord(title=f"Paper {number}", arxiv_id=f"2611.{number:05}", categories=(f"cs.{prefix}",))
            for number in numbers
        ]

    for _ in range(5):
        Paper.objects.all().delete()
        names = iter("ab")
        both(lambda names=names: ingest("somewhere", records(next(names))))  # type: ignore[misc]
        assert Paper.objects.count() == 300
        assert {paper.topics.count() for paper in Paper.objects.all()} == {2}
