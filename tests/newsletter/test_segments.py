"""Segments of the list of readers: each answer finds whom it says, once, whatever else there is of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from newsletter.models import Delivery
from papers.models import Topic
from subscribers.models import Feedback, ImportBatch, Subscriber
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

READERS = "/admin/subscribers/subscriber/"


def found(client: Client, **asked: Any) -> set[Subscriber]:
    page: Any = client.get(READERS, asked)
    rows = list(page.context["cl"].result_list)
    assert len(rows) == len(set(rows)) == page.context["cl"].result_count
    return set(rows)


def say(reader: Subscriber, days_ago: int, **fields: Any) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    for _ in range(2):
        Feedback.objects.create(subscriber=reader, paper=make_paper(), kind="more", at=at, **fields)


def get_digests(reader: Subscriber, *days_ago: int, **fields: Any) -> None:
    for days in days_ago:
        at = timezone.now() - timedelta(days=days)
        day = at.date() - timedelta(weeks=100 * (reader.pk % 9))
        make_delivery(make_edition(day=day), reader, due_at=at, **({"status": Delivery.Status.ACCEPTED} | fields))


def test_by_topic(admin_client: Client) -> None:
    topics, both, one, _ = Topic.objects.all()[:2], make_reader(), make_reader(), make_reader()
    both.topics.set(topics)
    one.topics.set(topics[:1])
    assert found(admin_client, topic=topics[0].pk) == {both, one}
    assert found(admin_client, topic=topics[1].pk) == {both}


def test_by_what_they_said_of_papers(admin_client: Client) -> None:
    lately, before, long_ago, never, program = (make_reader() for _ in range(5))
    for reader, days in ((lately, 3), (lately, 200), (before, 60), (long_ago, 120)):
        say(reader, days)
    say(program, 1, is_automated=True)
    assert found(admin_client, said="30") == {lately}
    assert found(admin_client, said="silent") == {long_ago, never, program}
    assert found(admin_client, said="never") == {never, program}


def test_by_what_became_of_their_digests(admin_client: Client) -> None:
    lately, long_ago, none, refused, back, away = (make_reader() for _ in range(6))
    get_digests(lately, 0, 1, 2, 30)
    get_digests(long_ago, 30, 31)
    get_digests(refused, 1, status=Delivery.Status.FAILED)
    get_digests(back, 20, bounced_at=NOW)
    Subscriber.objects.filter(pk=away.pk).update(paused_until=timezone.localdate() + timedelta(days=9))
    Subscriber.objects.filter(pk=none.pk).update(paused_until=timezone.localdate() - timedelta(days=9))
    assert found(admin_client, digests="7") == {lately}
    assert found(admin_client, digests="never") == {none, refused, away}
    assert found(admin_client, digests="bounced") == {back}
    assert found(admin_client, digests="paused") == {away}


def test_by_status_cadence_and_import_and_all_together(admin_client: Client) -> None:
    batch = ImportBatch.objects.create(provenance="The list of the reading group", started_at=NOW)
    imported = make_reader(import_batch=batch, cadence="weekly")
    make_reader(cadence="weekly")
    make_reader(status="pending", import_batch=batch)
    assert found(admin_client, **{"import": batch.pk, "status__exact": "active"}) == {imported}
    assert found(admin_client, **{"import": batch.pk, "cadence__exact": "weekly", "said": "never"}) == {imported}


@pytest.mark.parametrize("answer", ["nonsense", "9" * 30, "1'; drop table", "-1"])
@pytest.mark.parametrize("segment", ["topic", "said", "digests", "import"])
def test_an_answer_that_is_none_finds_everybody(segment: str, answer: str, admin_client: Client) -> None:
    reader = make_reader()
    assert found(admin_client, **{segment: answer}) == {reader}


def test_a_segment_is_what_is_exported(admin_client: Client) -> None:
    reader, topic = make_reader(email="ada@example.org"), Topic.objects.all()[0]
    make_reader()
    reader.topics.add(topic)
    answer: Any = admin_client.post(f"{READERS}export/?topic={topic.pk}", {"format": "1", "resource": "0"})
    assert [row["email"] for row in answer.json()] == ["ada@example.org"]
