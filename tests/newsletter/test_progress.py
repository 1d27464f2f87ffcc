from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from mail import throttle
from mail.models import HandedOver
from newsletter.models import Delivery, Edition
from newsletter.progress import progress_of
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

Status = Delivery.Status
MINUTE = timedelta(minutes=1)


def edition_of(*statuses: str, **fields: Any) -> Edition:
    """A closed edition with a delivery of each of these statuses."""
    edition = make_edition(make_paper(), audience=len(statuses), **fields)
    for status in statuses:
        facts: dict[str, Any] = {}
        if status in {Status.CLAIMED, Status.HANDED_OVER}:
            facts = {"claim": uuid4(), "lease_until": NOW + MINUTE}
        if status == Status.SKIPPED:
            facts = {"skip_reason": Delivery.SkipReason.LATE}
        make_delivery(edition, make_reader(), status=status, **facts)
    return edition


def note_handed_over(count: int, minute: datetime) -> None:
    HandedOver.objects.create(provider=throttle.current(), minute=minute, count=count)


def test_every_state_and_reason_is_counted_and_the_counts_add_up() -> None:
    progress = progress_of(edition_of(*Status, Status.SKIPPED), NOW)
    assert progress.counts == dict.fromkeys(Status, 1) | {Status.SKIPPED: 2}
    assert progress.skipped == {"late": 2}
    assert progress.adds_up
    assert progress.oldest_lease == NOW + MINUTE
    assert not progress.is_sent


def test_it_takes_as_many_queries_for_twenty_deliveries_as_for_ten() -> None:
    short = edition_of(*[Status.QUEUED] * 10)
    long = edition_of(*[Status.QUEUED] * 20, day=NOW.date() - timedelta(days=1))
    counts = []
    for edition in (short, short, long):
        with CaptureQueriesContext(connection) as queries:
            progress_of(edition, NOW)
        counts.append(len(queries))
    assert counts[1] == counts[2] <= 8


def test_a_row_that_is_missing_is_told() -> None:
    edition = edition_of(Status.ACCEPTED)
    Edition.objects.update(audience=2)
    edition.refresh_from_db()
    progress = progress_of(edition, NOW)
    assert not progress.adds_up
    assert not progress.is_sent
    assert "1 rows for 2 readers" in progress.next_steps[0]


@pytest.mark.parametrize("status", [Status.QUEUED, Status.CLAIMED, Status.HANDED_OVER])
def test_an_edition_is_sent_when_nothing_is_on_its_way(status: str) -> None:
    assert progress_of(edition_of(Status.ACCEPTED, Status.FAILED, Status.UNKNOWN, Status.SKIPPED), NOW).is_sent
    yesterday = edition_of(Status.ACCEPTED, status, day=NOW.date() - timedelta(days=1))
    assert not progress_of(yesterday, NOW).is_sent


def test_before_sending_the_finish_follows_the_hours_of_the_readers_and_the_limits(settings: Settings) -> None:
    edition = make_edition(make_paper(), audience=4)
    for hours in (1, 1, 5, 5):
        make_delivery(edition, make_reader(), due_at=NOW + timedelta(hours=hours))
    assert progress_of(edition, NOW).finishes_at == NOW + timedelta(hours=5)
    settings.MAIL_PER_HOUR = 1
    # Two from the fifth hour on, one an hour: what was due before was done by then.
    assert progress_of(edition, NOW).finishes_at == NOW + timedelta(hours=7)
    settings.MAIL_PER_HOUR, settings.MAIL_PER_DAY = 0, 4
    # Two take half a day, so that the next two have to wait.
    assert progress_of(edition, NOW).finishes_at == NOW + timedelta(hours=25)


def test_while_it_is_sent_the_finish_follows_the_rate_of_the_last_minutes() -> None:
    edition = edition_of(*[Status.QUEUED] * 6)
    assert progress_of(edition, NOW).finishes_at is None  # nothing to say yet
    note_handed_over(4, NOW - 2 * MINUTE)
    note_handed_over(900, NOW - timedelta(hours=1))
    progress = progress_of(edition, NOW)
    assert progress.per_minute == 2
    assert progress.finishes_at == NOW + 3 * MINUTE


def test_a_rate_of_a_few_seconds_is_not_told() -> None:
    note_handed_over(4, NOW - timedelta(seconds=5))
    assert progress_of(edition_of(Status.QUEUED), NOW).per_minute is None


def test_what_is_held_back_has_no_predicted_finish() -> None:
    edition = edition_of(Status.QUEUED)
    note_handed_over(10, NOW - MINUTE)
    assert progress_of(edition, NOW).finishes_at
    throttle.stop_all(NOW)
    progress = progress_of(edition, NOW)
    assert progress.finishes_at is None
    assert "start_mail" in progress.next_steps[0]
    throttle.start_again()
    edition.pause(NOW, "Too many failed.")
    edition.refresh_from_db()
    progress = progress_of(edition, NOW)
    assert progress.finishes_at is None
    assert progress.next_steps == [f"Paused (Too many failed). To go on: resume {edition.period}."]


def test_what_needs_a_decision_is_named_with_its_command() -> None:
    steps = " ".join(progress_of(edition_of(Status.UNKNOWN, Status.FAILED), NOW).next_steps)
    assert "resolve_unknown 2026-11-23" in steps
    assert "retry_failed 2026-11-23" in steps


def test_an_expired_lease_is_told() -> None:
    edition = edition_of(Status.CLAIMED)
    assert "ended with messages in hand" in progress_of(edition, NOW + 2 * MINUTE).next_steps[0]
    assert progress_of(edition, NOW).next_steps == ["Nothing. It is being sent."]


@pytest.mark.parametrize(
    ("fields", "after", "told"),
    [
        ({"status": Edition.Status.DRAFT}, timedelta(hours=-2), "It closes at 2026-11-23 17:00"),
        ({"status": Edition.Status.DRAFT}, timedelta(), "should have closed"),
        ({"status": Edition.Status.CLOSING}, timedelta(), "being made"),
        ({"status": Edition.Status.CANCELLED}, timedelta(), "does not go out"),
        ({}, timedelta(), "All of it is settled"),
    ],
)
def test_every_state_says_what_to_do(fields: dict[str, Any], after: timedelta, told: str) -> None:
    (step,) = progress_of(make_edition(make_paper(), **fields), NOW + after).next_steps
    assert told in step


def test_what_waits_for_the_hour_of_its_readers_says_so() -> None:
    edition = make_edition(make_paper(), audience=1)
    make_delivery(edition, make_reader(), due_at=NOW + timedelta(hours=3))
    assert progress_of(edition, NOW).next_steps == ["Nothing. The next ones are due at 2026-11-23 21:00 UTC."]
