import re
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from mail import throttle
from mail.models import HandedOver
from newsletter.heartbeats import beat
from newsletter.models import Delivery, Edition
from newsletter.progress import progress_of
from newsletter.reconciling import note_sent
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
            facts = {"claim": uuid4(), "lease_until": NOW + 5 * MINUTE}
        if status == Status.SKIPPED:
            facts = {"skip_reason": Delivery.SkipReason.LATE}
        make_delivery(edition, make_reader(), status=status, **facts)
    return edition


def note_accepted(count: int, at: datetime) -> None:
    """So many that the provider took at `at`, of another edition."""
    edition = make_edition(make_paper(), day=NOW.date() - timedelta(days=Edition.objects.count()))
    for _ in range(count):
        make_delivery(edition, make_reader(), status=Status.ACCEPTED, settled_at=at)


def test_every_state_and_reason_is_counted_and_the_counts_add_up() -> None:
    progress = progress_of(edition_of(*Status, Status.SKIPPED), NOW)
    assert progress.counts == dict.fromkeys(Status, 1) | {Status.SKIPPED: 2}
    assert progress.skipped == {"late": 2}
    assert progress.adds_up
    assert progress.oldest_lease == NOW + 5 * MINUTE
    assert not progress.is_sent


def test_it_takes_as_many_queries_for_twenty_deliveries_as_for_ten() -> None:
    short = edition_of(*[Status.QUEUED] * 10)
    long = edition_of(*[Status.QUEUED] * 20, day=NOW.date() - timedelta(days=1))
    counts = []
    for edition in (short, short, long):
        with CaptureQueriesContext(connection) as queries:
            progress_of(edition, NOW)
        counts.append(len(queries))
    assert counts[1] == counts[2] <= 12


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
    note_accepted(4, NOW - 2 * MINUTE)
    note_accepted(9, NOW - timedelta(hours=1))
    # What was handed over and refused is no pace.
    HandedOver.objects.create(provider=throttle.current(), minute=NOW - MINUTE, count=900)
    progress = progress_of(edition, NOW)
    assert progress.per_minute == 2
    assert progress.finishes_at == NOW + 3 * MINUTE


def test_a_rate_of_a_few_seconds_is_not_told() -> None:
    edition = edition_of(Status.QUEUED)
    note_accepted(4, NOW - timedelta(seconds=5))
    assert progress_of(edition, NOW).per_minute is None


def test_what_was_noted_from_a_log_is_no_rate() -> None:
    edition = edition_of(*[Status.QUEUED] * 100)
    named = list(edition.deliveries.values_list("pk", flat=True)[:90])
    put_off(edition, "ConnectionRefusedError", NOW + 5 * MINUTE)
    note_sent([f"message-id=<{pk}@papers.example>" for pk in named], NOW - MINUTE)
    progress = progress_of(edition, NOW)
    assert (progress.counts[Status.ACCEPTED], progress.per_minute, progress.finishes_at) == (90, None, None)
    assert "has taken nothing lately" in progress.next_steps[0]


def test_what_is_held_back_has_no_predicted_finish() -> None:
    edition = edition_of(Status.QUEUED)
    note_accepted(3, NOW - MINUTE)
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


def test_on_pages_no_step_names_a_command() -> None:
    edition = edition_of(Status.UNKNOWN, Status.FAILED, Status.QUEUED)
    throttle.stop_all(NOW)
    edition.pause(NOW, "Too many failed.")
    edition.refresh_from_db()
    progress = progress_of(edition, NOW)
    said = " ".join(progress.steps_on_pages)
    assert not re.search(r"_|--|resume \d", said)
    assert len(progress.steps_on_pages) == len(progress.next_steps) == 4
    assert "under All mail" in said
    throttle.start_again()
    settled = edition_of(Status.ACCEPTED, day=date(2026, 11, 24))
    assert progress_of(settled, NOW).steps_on_pages == ["All of it is settled."]


def test_an_expired_lease_is_told() -> None:
    edition = edition_of(Status.CLAIMED)
    assert "ended with messages in hand" in progress_of(edition, NOW + 6 * MINUTE).next_steps[0]
    assert progress_of(edition, NOW).next_steps == ["Nothing. It is being sent."]
    (step,) = progress_of(edition, NOW + 2 * MINUTE).next_steps
    assert step.startswith("1 have been in a process's hands for a while.")
    assert "after 18:05:00 UTC" in step


@pytest.mark.parametrize(
    ("fields", "after", "told"),
    [
        ({"status": Edition.Status.DRAFT}, timedelta(hours=-2), "It closes at 2026-11-23 17:00"),
        ({"status": Edition.Status.DRAFT}, timedelta(), "should have closed"),
        ({"status": Edition.Status.CLOSING}, timedelta(), "being made"),
        ({"status": Edition.Status.CANCELLED}, timedelta(), "does not go out"),
        ({}, timedelta(), "closed when it had no reader"),
    ],
)
def test_every_state_says_what_to_do(fields: dict[str, Any], after: timedelta, told: str) -> None:
    (step,) = progress_of(make_edition(make_paper(), **fields), NOW + after).next_steps
    assert told in step


def test_what_waits_for_the_hour_of_its_readers_says_so() -> None:
    edition = make_edition(make_paper(), audience=1)
    make_delivery(edition, make_reader(), due_at=NOW + timedelta(hours=3))
    assert progress_of(edition, NOW).next_steps == ["Nothing. The next ones are due at 2026-11-23 21:00 UTC."]


def test_what_is_settled_leaves_nothing_to_do() -> None:
    assert progress_of(edition_of(Status.ACCEPTED), NOW).next_steps == ["Nothing. All of it is settled."]


# --- What holds mail back -------------------------------------------------------------------------------------------


def put_off(edition: Edition, said: str, until: datetime) -> None:
    edition.deliveries.filter(status=Status.QUEUED).update(detail=said, next_attempt_at=until, attempts=2)


def test_a_server_that_takes_nothing_is_named_with_what_it_says_and_when_it_is_asked_again(settings: Settings) -> None:
    settings.MAIL_PROVIDER, settings.EMAIL_HOST, settings.EMAIL_PORT = "smtp", "mail.example", 587
    edition = edition_of(*[Status.QUEUED] * 3)
    put_off(edition, "ConnectionRefusedError", NOW + 5 * MINUTE)
    make_delivery(edition, make_reader(), due_at=NOW + timedelta(hours=2))
    Edition.objects.update(audience=4)
    edition.refresh_from_db()
    progress = progress_of(edition, NOW + 2 * MINUTE)
    assert progress.finishes_at is None
    (step,) = progress.next_steps
    assert (
        "The mail server mail.example:587 has taken nothing lately. Of those that wait 3 say: ConnectionRefusedError."
        in step
    )
    assert "The next attempt is at 2026-11-23 18:05 UTC." in step
    assert "Skipped as late from 2026-11-24 06:00 UTC on." in step
    # While others are taken it is no trouble.
    note_accepted(3, NOW + MINUTE)
    (step,) = progress_of(edition, NOW + 2 * MINUTE).next_steps
    assert step == "Nothing. It is being sent. 3 say: ConnectionRefusedError; they are tried again."


def test_a_pause_that_was_asked_for_is_told_with_its_end_and_the_words() -> None:
    edition = edition_of(Status.QUEUED, Status.QUEUED)
    until = throttle.slow_down(NOW, timedelta(minutes=2))
    first = edition.deliveries.first()
    assert first
    edition.deliveries.filter(pk=first.pk).update(detail="SMTP 421 4.7.0 Too fast", next_attempt_at=until, attempts=1)
    assert progress_of(edition, NOW).next_steps == [
        "The mail provider asked for a pause until 18:02:00 UTC. 1 say: SMTP 421 4.7.0 Too fast."
    ]
    assert "pause" not in progress_of(edition, until).next_steps[0]


@pytest.mark.parametrize(("limit", "span", "until"), [("HOUR", "hour", "23 19:01"), ("DAY", "day", "24 18:01")])
def test_a_limit_that_is_used_up_is_told_with_the_moment_it_goes_on(
    limit: str, span: str, until: str, settings: Settings
) -> None:
    setattr(settings, f"MAIL_PER_{limit}", 2)
    edition = edition_of(Status.QUEUED)
    throttle.reserve(2, NOW)
    step = progress_of(edition, NOW).next_steps[0]
    assert step == f"The limit of 2 messages a {span} is used up. It goes on at 2026-11-{until} UTC."


def test_that_no_process_is_sending_is_told() -> None:
    edition = edition_of(Status.QUEUED)
    beat("editions", NOW - MINUTE)
    assert progress_of(edition, NOW).next_steps == ["Nothing. It is being sent."]
    progress = progress_of(edition, NOW + 10 * MINUTE)
    assert progress.next_steps == [
        "No process is sending since 2026-11-23 17:59 UTC: see whether a worker and beat run."
    ]
    assert progress.finishes_at is None


def test_what_nobody_sends_is_told_where_no_queue_ever_beat() -> None:
    edition = edition_of(Status.QUEUED)
    assert progress_of(edition, NOW + 5 * MINUTE).next_steps == ["Nothing. It is being sent."]
    (step,) = progress_of(edition, NOW + 6 * MINUTE).next_steps
    assert step.startswith("1 wait, and nobody sends them")


def test_what_will_be_late_at_this_pace_is_told(settings: Settings) -> None:
    edition = edition_of(*[Status.QUEUED] * 6)
    settings.MAIL_PER_HOUR = 1
    # Six hours, of the twelve there are.
    assert progress_of(edition, NOW).in_time == 6
    assert "late" not in progress_of(edition, NOW).next_steps[0]
    settings.MAIL_PER_HOUR, settings.MAIL_PER_DAY = 0, 4
    progress = progress_of(edition, NOW)
    assert progress.in_time == 4
    assert "about 4 of 6 leave before they are late; the others are skipped 12 hours after" in progress.next_steps[0]
    settings.MAIL_PER_DAY = 1
    assert progress_of(edition, NOW + timedelta(hours=11)).in_time == 1


def test_what_was_refused_is_told_with_what_was_said_most_often() -> None:
    edition = edition_of(*[Status.FAILED] * 3)
    edition.deliveries.update(detail="SMTP 554 5.7.1 Blocked")
    odd = edition.deliveries.first()
    assert odd
    edition.deliveries.filter(pk=odd.pk).update(detail="SMTP 550 5.1.1 No such user")
    (step,) = progress_of(edition, NOW).next_steps
    assert step.startswith("3 were refused for good. 2 say: SMTP 554 5.7.1 Blocked. If it was our fault")
