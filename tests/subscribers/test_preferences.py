from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from papers.models import Topic
from subscribers import signals
from subscribers.models import Subscriber
from subscribers.preferences import change_preferences, save_preferences
from tests.conftest import NOW
from tests.factories import make_reader

pytestmark = pytest.mark.django_db


def make_topics(count: int) -> list[Topic]:
    return [
        Topic.objects.create(slug=f"topic-{number}", name=f"Topic {number}", kind="keywords") for number in range(count)
    ]


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """The ids of the readers of whom it was said that they want something else."""
    ids: list[int] = []

    def hear(subscriber_id: int, **_: object) -> None:
        ids.append(subscriber_id)

    signals.preferences_changed.connect(hear)
    yield ids
    signals.preferences_changed.disconnect(hear)


def test_preferences_are_stored_and_topics_replaced() -> None:
    old, kept, new = make_topics(3)
    reader = make_reader()
    reader.topics.set([old, kept])
    reader.interests, reader.muted_words = "graphs", "blockchain"
    reader.size, reader.hour, reader.time_zone = 5, 0, "Asia/Tokyo"
    save_preferences(reader, [kept, new], NOW)
    stored = Subscriber.objects.get(pk=reader.pk)
    assert (stored.interests, stored.muted_words) == ("graphs", "blockchain")
    assert (stored.size, stored.hour, stored.time_zone) == (5, 0, "Asia/Tokyo")
    assert set(stored.topics.all()) == {kept, new}


def test_saving_preferences_twice_changes_nothing_more() -> None:
    topics = make_topics(2)
    reader = make_reader()
    for _ in range(2):
        save_preferences(reader, topics, NOW)
    assert list(reader.topics.all()) == topics


def test_one_change_leaves_the_other_wishes_as_they_are(
    heard: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    (topic,) = make_topics(1)
    reader = make_reader(interests="graphs")
    reader.topics.set([topic])
    with django_capture_on_commit_callbacks(execute=True):
        # As another page has it, that was opened before.
        change_preferences(Subscriber(pk=reader.pk), NOW, cadence="weekly")
    reader.refresh_from_db()
    assert (reader.cadence, reader.interests, list(reader.topics.all())) == ("weekly", "graphs", [topic])
    assert reader.preferences_changed_at == NOW
    assert heard == [reader.pk]


def test_saving_preferences_does_not_bring_back_who_left_meanwhile() -> None:
    reader = make_reader()
    Subscriber.objects.get(pk=reader.pk).unsubscribe(NOW)
    reader.interests = "graphs"
    save_preferences(reader, [], NOW)
    stored = Subscriber.objects.get(pk=reader.pk)
    assert stored.status == Subscriber.Status.UNSUBSCRIBED
    assert stored.interests == "graphs"


def test_the_news_goes_out_after_commit(
    heard: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    reader = make_reader()
    with django_capture_on_commit_callbacks(execute=True):
        save_preferences(reader, [], NOW)
        assert heard == []
    assert heard == [reader.pk]


def test_what_is_rolled_back_is_no_news(
    heard: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    reader = make_reader()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        save_preferences(reader, [], NOW)
        transaction.set_rollback(True)
    assert heard == []
