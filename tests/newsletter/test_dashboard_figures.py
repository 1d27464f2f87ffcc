"""What readers said, how the sources are, and whether the service is alive."""

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from pytest_django import Settings

from mail import throttle
from mail.models import Provider
from newsletter.alerts import raise_alert
from newsletter.dashboard.going_out import going_out
from newsletter.dashboard.opinions import opinions
from newsletter.dashboard.pulse import pulse
from newsletter.dashboard.reading import sources_health
from newsletter.heartbeats import beat
from newsletter.models import Alert, Edition
from papers.models import SourceRun, Topic
from subscribers.models import Feedback
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
Status = SourceRun.Status


# --- What readers said ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_opinions_are_what_all_feedback_adds_up_to(seed: int) -> None:
    random = Random(seed)  # noqa: S311  the same each time
    topics = list(Topic.objects.all()[:5])
    papers = [make_paper() for _ in range(6)]
    for paper in papers:
        paper.topics.set(random.sample(topics, random.randrange(4)))
    for reader in [make_reader() for _ in range(6)]:
        for paper in random.sample(papers, 4):
            at = NOW - random.choice([timedelta(), 29 * DAY, 30 * DAY - MINUTE, 30 * DAY, 31 * DAY])
            kind, is_automated = random.choice(Feedback.Kind.values), random.random() < 0.3
            Feedback.objects.create(subscriber=reader, paper=paper, kind=kind, at=at, is_automated=is_automated)
    said = [one for one in Feedback.objects.all() if one.at > NOW - 30 * DAY and not one.is_automated]
    by_topic = Counter((topic.name, one.kind) for one in said for topic in one.paper.topics.all())
    counted = opinions(NOW)
    assert {(one.topic, kind): getattr(one, kind) for one in counted.topics for kind in Feedback.Kind.values} == {
        (name, kind): by_topic[name, kind] for name, _ in by_topic for kind in Feedback.Kind.values
    }
    assert counted.all.total == len(said)
    assert [one.total for one in counted.topics] == sorted((one.total for one in counted.topics), reverse=True)


# --- Sources --------------------------------------------------------------------------------------------------------


def run(status: str, ago: timedelta, **fields: Any) -> SourceRun:
    return SourceRun.objects.create(source="huggingface", started_at=NOW - ago, status=status, **fields)


@pytest.fixture
def _huggingface(settings: Settings) -> None:
    settings.PAPERS_SOURCES = ["huggingface"]


@pytest.mark.usefixtures("_huggingface")
@pytest.mark.parametrize(
    ("status", "ago", "word", "is_well"),
    [
        (Status.READ, HOUR, "read", True),
        (Status.EMPTY, HOUR, "empty", True),
        (Status.UNFINISHED, MINUTE, "unfinished", True),
        (Status.UNFINISHED, 11 * MINUTE, "process died", False),
        (Status.FAILED, MINUTE, "failed", False),
        (Status.RESTING, MINUTE, "resting", False),
        (Status.STALE, MINUTE, "stale", False),
        (Status.READ, 2 * HOUR + 10 * MINUTE, "read", True),
        (Status.READ, 2 * HOUR + 11 * MINUTE, "late", False),
    ],
)
def test_a_source_is_well_when_its_last_reading_was_good_and_not_long_ago(
    status: str, ago: timedelta, word: str, is_well: bool
) -> None:
    run(Status.FAILED, DAY)
    run(status, ago)
    (source,) = sources_health(NOW)
    assert (source.in_a_word, source.is_well) == (word, is_well)


@pytest.mark.usefixtures("_huggingface")
def test_a_source_tells_when_it_was_last_good() -> None:
    (source,) = sources_health(NOW)
    assert (source.in_a_word, source.is_well, source.last_good_at) == ("never read", False, None)
    run(Status.READ, DAY)
    run(Status.FAILED, HOUR)
    (source,) = sources_health(NOW)
    assert source.last_good_at == NOW - DAY


# --- The pulse ------------------------------------------------------------------------------------------------------


def test_a_new_installation_is_told_from_one_that_is_broken() -> None:
    found = pulse(NOW)
    assert found.is_new
    assert found.has_never_beaten
    assert not found.has_readers
    assert not found.needs_a_hand


def test_looking_stores_nothing() -> None:
    pulse(NOW)
    assert not Provider.objects.exists()


def test_a_queue_that_fell_silent_is_told_once() -> None:
    beat("editions", NOW - 6 * MINUTE)
    found = pulse(NOW)
    assert [one.queue for one in found.silent] == ["editions"]
    assert found.needs_a_hand
    raise_alert(Alert.Kind.SILENT, "Nobody works off the queue editions.", NOW, about="editions")
    found = pulse(NOW)
    assert (found.silent, len(found.alerts)) == ([], 1)
    beat("editions", NOW)
    assert not pulse(NOW).beats[0].is_silent


def test_an_edition_that_should_have_closed_is_told_without_a_worker_and_once() -> None:
    edition = make_edition(make_paper(), status=Edition.Status.DRAFT)
    assert pulse(NOW).overdue == [edition]
    raise_alert(Alert.Kind.OVERDUE, "It should have closed.", NOW, edition=edition)
    assert pulse(NOW).overdue == []
    assert pulse(NOW).needs_a_hand


def test_a_last_edition_of_long_ago_is_told() -> None:
    make_edition(make_paper(), day=NOW.date() - 3 * DAY)
    assert not pulse(NOW).is_edition_old
    assert pulse(NOW + 2 * DAY).is_edition_old


def test_that_all_mail_is_stopped_is_told() -> None:
    throttle.stop_all(NOW)
    assert pulse(NOW).stopped_at == NOW
    throttle.start_again()
    assert pulse(NOW).stopped_at is None


# --- What goes out --------------------------------------------------------------------------------------------------


def test_of_each_kind_the_next_draft_and_the_last_edition_are_shown() -> None:
    make_edition(make_paper(), day=NOW.date() - DAY, audience=0)
    last = make_edition(make_paper(), audience=1)
    make_delivery(last, make_reader())
    draft = make_edition(make_paper(), day=NOW.date() + DAY, status=Edition.Status.DRAFT)
    make_edition(make_paper(), day=NOW.date() + 2 * DAY, status=Edition.Status.DRAFT)
    found = going_out(NOW)
    (daily,) = found.kinds
    assert daily.draft == draft
    assert daily.progress
    assert daily.progress.edition == last
    assert daily.closes_in == 23 * HOUR
    assert found.is_moving


def test_a_week_is_shown_once_there_is_one() -> None:
    assert [one.title for one in going_out(NOW).kinds] == ["Daily edition"]
    make_edition(make_paper(), kind="weekly", period="2026-W47")
    found = going_out(NOW)
    assert [one.title for one in found.kinds] == ["Daily edition", "Weekly edition"]
    assert not found.is_moving


@pytest.mark.usefixtures("_huggingface")
def test_what_was_read_last_is_what_a_source_gave_and_not_a_paper_looked_up_alone() -> None:
    assert pulse(NOW).last_ingest is None
    run(Status.READ, HOUR)
    run(Status.FAILED, MINUTE)
    SourceRun.objects.create(source="arxiv by id", started_at=NOW, status=Status.READ)
    found = pulse(NOW)
    assert found.last_ingest is not None
    assert (found.last_ingest.name, found.last_ingest.last_good_at) == ("huggingface", NOW - HOUR)
    assert not found.needs_a_hand


@pytest.mark.usefixtures("_huggingface")
@pytest.mark.parametrize("status", [Status.FAILED, Status.READ])
def test_a_source_that_gives_nothing_for_long_needs_a_hand_be_it_late_or_failing(status: str) -> None:
    run(Status.READ, 3 * HOUR)
    if status == Status.FAILED:
        run(status, MINUTE)
    found = pulse(NOW)
    assert [source.name for source in found.dry] == ["huggingface"]
    assert found.needs_a_hand
    run(Status.READ, MINUTE)
    assert not pulse(NOW).needs_a_hand
