"""The readers an edition is shown as."""

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter.typical import typical_readers
from papers.models import Topic
from subscribers.models import Subscriber
from tests.factories import make_paper, make_reader
from tests.newsletter.desk import make_draft

pytestmark = pytest.mark.django_db


def make_topics(*names: str) -> list[Topic]:
    Topic.objects.all().delete()
    return [Topic.objects.create(slug=name.lower(), name=name, kind=Topic.Kind.KEYWORDS) for name in names]


def follow(topic: Topic, readers: int, status: str = Subscriber.Status.ACTIVE) -> None:
    topic.followers.add(*(make_reader(status=status) for _ in range(readers)))


def test_they_follow_what_most_readers_follow_and_say_how_many_do() -> None:
    agents, robots, maths, speech = make_topics("Agents", "Robots", "Maths", "Speech")
    for topic, readers in ((agents, 2), (robots, 4), (maths, 1), (speech, 3)):
        follow(topic, readers)
    typical = typical_readers(make_draft(make_paper()))
    assert [reader.name for reader in typical] == [
        "follows Robots, as 4 readers do",
        "follows Speech, as 3 readers do",
        "follows Agents, as 2 readers do",
    ]
    assert typical[0].preferences.topics == {robots.pk}


def test_who_left_or_has_not_confirmed_is_not_counted() -> None:
    agents, robots = make_topics("Agents", "Robots")
    follow(agents, 1)
    follow(agents, 3, Subscriber.Status.UNSUBSCRIBED)
    follow(robots, 2, Subscriber.Status.PENDING)
    assert [reader.name for reader in typical_readers(make_draft(make_paper()))] == [
        "follows Agents, as one reader does"
    ]


def test_without_readers_they_follow_what_the_edition_is_about() -> None:
    agents, robots, maths = make_topics("Agents", "Robots", "Maths")
    papers = [make_paper() for _ in range(4)]
    for paper in papers[:3]:
        paper.topics.add(robots)
    papers[0].topics.add(agents)
    papers[3].topics.add(maths)
    draft = make_draft(*papers)
    draft.entries.filter(paper=papers[3]).update(is_hidden=True)
    make_paper().topics.add(maths)
    assert [reader.name for reader in typical_readers(draft)] == [
        "follows Robots, which 3 papers here are in",
        "follows Agents, which one paper here is in",
    ]


def test_no_topic_is_shown_twice() -> None:
    agents, robots = make_topics("Agents", "Robots")
    follow(agents, 1)
    paper = make_paper()
    paper.topics.add(agents, robots)
    topics = [reader.topic_id for reader in typical_readers(make_draft(paper))]
    assert topics == [agents.pk, robots.pk]


def test_who_switches_a_preview_waits_for_no_count_of_followers() -> None:
    for topic in make_topics("Agents", "Robots", "Maths"):
        follow(topic, 1)
    draft = make_draft(make_paper())
    first = typical_readers(draft)
    with CaptureQueriesContext(connection) as queries:
        assert typical_readers(draft) == first
    assert len(queries) == 0


def test_more_topics_take_no_more_queries() -> None:
    draft = make_draft(make_paper())
    taken = []
    for count in (10, 20):
        for topic in make_topics(*(f"Topic {number}" for number in range(count))):
            follow(topic, 1)
        caches["process"].clear()
        with CaptureQueriesContext(connection) as queries:
            typical_readers(draft)
        taken.append(len(queries))
    assert taken[0] == taken[1]
