import json
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mail import throttle
from newsletter.alerts import raise_alert
from newsletter.models import Alert, Delivery, Edition
from tests.factories import make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

Status = Delivery.Status


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def run(*arguments: str, output: StringIO | None = None) -> str:
    output = output or StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def edition_of(*statuses: str, **fields: Any) -> Edition:
    """An edition of today with a delivery of each of these statuses, due now."""
    at = timezone.now()
    edition = make_edition(make_paper(), audience=len(statuses), **({"day": at.date()} | fields))
    for status in statuses:
        reason = Delivery.SkipReason.LATE if status == Status.SKIPPED else ""
        make_delivery(edition, make_reader(), status=status, skip_reason=reason, due_at=at)
    return edition


def statuses() -> list[str]:
    return sorted(Delivery.objects.values_list("status", flat=True))


def test_status_tells_of_the_latest_edition_that_is_no_draft() -> None:
    edition = edition_of(Status.ACCEPTED, Status.ACCEPTED, Status.UNKNOWN, Status.SKIPPED)
    make_edition(make_paper(), day=timezone.now().date() + timedelta(days=1), status=Edition.Status.DRAFT)
    raise_alert(Alert.Kind.STORM, "Too many failed.", timezone.now(), edition=edition)
    shown = run("edition_status")
    assert f"Edition daily {edition.period}: sent" in shown
    assert "         2  submitted" in shown
    assert "         1    late" in shown
    assert "         4  in all, 4 readers" in shown
    assert "Alert: Too many failed." in shown
    assert f"resolve_unknown {edition.period}" in shown
    assert "delivered" not in shown


def test_status_as_json_holds_the_same() -> None:
    edition = edition_of(Status.ACCEPTED, Status.QUEUED)
    told = json.loads(run("edition_status", edition.period, "--json"))
    assert (told["period"], told["is_sent"], told["adds_up"]) == (edition.period, False, True)
    assert (told["counts"]["accepted"], told["counts"]["queued"]) == (1, 1)
    assert told["next_steps"] == ["Nothing. It is being sent."]


def test_watching_draws_a_bar_on_a_terminal_and_writes_lines_elsewhere() -> None:
    edition = edition_of(Status.ACCEPTED)
    on_terminal = run("edition_status", edition.period, "--watch", output=Terminal())
    assert "\r" in on_terminal
    assert f"[{'#' * 40}] 1 of 1 settled" in on_terminal
    elsewhere = run("edition_status", edition.period, "--watch")
    assert "\r" not in elsewhere
    assert elsewhere.startswith("1 of 1 settled\n")


def test_watching_asks_the_database_for_a_few_things_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = edition_of(Status.QUEUED)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            Delivery.objects.update(status=Status.ACCEPTED)

    monkeypatch.setattr("time.sleep", sleep)
    with CaptureQueriesContext(connection) as queries:
        run("edition_status", edition.period, "--watch")
    assert len(slept) == 3
    assert len(queries) / sum(slept) <= 4


def test_an_edition_of_a_week_is_found_by_its_week() -> None:
    edition = make_edition(make_paper(), kind=Edition.Kind.WEEKLY, period="2026-W47")
    assert f"Edition {edition}" in run("edition_status", "2026-W47")


@pytest.mark.parametrize("command", ["edition_status", "pause", "resume", "cancel", "resolve_unknown", "retry_failed"])
def test_a_wrong_period_is_told_with_what_there_is(command: str) -> None:
    edition = edition_of()
    with pytest.raises(CommandError, match="yesterday is no day like 2026-11-23, and no week like 2026-W47"):
        run(command, "yesterday")
    with pytest.raises(CommandError, match=f"no edition 2001-01-01. The latest: {edition.period}"):
        run(command, "2001-01-01")


def test_without_any_edition_status_says_so() -> None:
    with pytest.raises(CommandError, match="No edition has closed yet"):
        run("edition_status")


def test_an_edition_is_paused_and_resumed() -> None:
    edition = edition_of(Status.QUEUED)
    assert "is paused" in run("pause", edition.period)
    with pytest.raises(CommandError, match="is not paused"):
        run("pause", edition.period)
    assert "is not paused any more. Still to be sent: 1." in run("resume", edition.period)
    with pytest.raises(CommandError, match="is not resumed"):
        run("resume", edition.period)


def test_cancelling_needs_the_period_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = edition_of(Status.QUEUED)
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    with pytest.raises(CommandError, match="Nothing was cancelled"):
        run("cancel", edition.period)
    assert statuses() == ["queued"]
    monkeypatch.setattr("builtins.input", lambda _: edition.period)
    assert "Deliveries skipped: 1" in run("cancel", edition.period)
    assert statuses() == ["skipped"]
    with pytest.raises(CommandError, match="was cancelled before"):
        run("cancel", edition.period, "--yes")


def test_cancelling_with_nobody_to_ask_needs_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = edition_of(Status.QUEUED)
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(CommandError, match="say --yes"):
        run("cancel", edition.period)
    assert "is cancelled" in run("cancel", edition.period, "--yes")


def test_unknown_ones_are_let_be_unless_told_otherwise() -> None:
    edition = edition_of(Status.UNKNOWN)
    assert "Let be: 1." in run("resolve_unknown", edition.period)
    assert statuses() == ["skipped"]
    assert "Let be: 0." in run("resolve_unknown", edition.period, "--skip")


def test_unknown_ones_are_sent_again_when_told_to() -> None:
    edition = edition_of(Status.UNKNOWN, Status.UNKNOWN)
    late = Delivery.objects.first()
    assert late
    Delivery.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=13))
    shown = run("resolve_unknown", edition.period, "--send-again")
    assert "Queued again: 1. Too late to be of use, and let be: 1." in shown
    assert statuses() == ["queued", "skipped"]
    with pytest.raises(CommandError, match="not allowed with"):
        run("resolve_unknown", edition.period, "--send-again", "--skip")


def test_failed_ones_are_queued_again() -> None:
    edition = edition_of(Status.FAILED)
    assert "Queued again: 1." in run("retry_failed", edition.period)
    assert "Queued again: 0." in run("retry_failed", edition.period)
    assert statuses() == ["queued"]


def test_all_mail_is_stopped_and_started_again() -> None:
    assert "is stopped" in run("stop_mail")
    assert "was stopped before" in run("stop_mail")
    assert not throttle.is_open(timezone.now())
    assert "leaves again" in run("start_mail")
    assert "was not stopped" in run("start_mail")
    assert throttle.is_open(timezone.now())


def hand_over(edition: Edition) -> None:
    reader, lease = make_reader(), timezone.now() + timedelta(minutes=4)
    make_delivery(edition, reader, status=Status.HANDED_OVER, claim=uuid4(), lease_until=lease)


@pytest.mark.parametrize("command", ["resolve_unknown", "retry_failed"])
def test_what_is_still_leaving_is_told_to_who_decides(command: str) -> None:
    edition = edition_of(Status.UNKNOWN, Status.FAILED)
    assert "handed over" not in run(command, edition.period)
    hand_over(edition)
    assert "1 still handed over: what nobody answers for becomes unknown by " in run(command, edition.period)


@pytest.mark.parametrize("command", [["retry_failed"], ["resolve_unknown", "--send-again"]])
def test_what_is_queued_again_of_a_paused_edition_is_said_to_wait(command: list[str]) -> None:
    edition = edition_of(Status.FAILED, Status.UNKNOWN)
    run("pause", edition.period)
    assert f"It is paused. To send them: resume {edition.period}." in run(*command, edition.period)
    run("resume", edition.period)
    assert "It is paused" not in run(*command, edition.period)


def test_what_may_have_left_is_named_by_message_id() -> None:
    edition = edition_of(*[Status.UNKNOWN] * 22)
    ids = {str(pk) for pk in Delivery.objects.values_list("pk", flat=True)}
    shown = run("edition_status")
    assert len([pk for pk in ids if f"May have left: Message-ID <{pk}@…>" in shown]) == 20
    assert "May have left: and 2 more; --all names them" in shown
    shown = run("edition_status", "--all")
    assert all(f"<{pk}@…>" in shown for pk in ids)
    assert "more; --all" not in shown
    assert set(json.loads(run("edition_status", edition.period, "--json", "--all"))["unknown"]) == ids


def test_status_without_a_period_names_the_other_editions_on_their_way() -> None:
    today = timezone.now().date()
    edition_of(Status.ACCEPTED)
    older = edition_of(Status.QUEUED, day=today - timedelta(days=1))
    edition_of(Status.ACCEPTED, day=today - timedelta(days=2))
    shown = run("edition_status")
    assert shown.count("Also still to be sent") == 1
    assert f"Also still to be sent: {older}. See edition_status {older.period}." in shown
    assert "Also" not in run("edition_status", older.period)


def test_status_without_a_period_names_drafts_that_should_have_closed() -> None:
    edition_of(Status.ACCEPTED, day=timezone.now().date() - timedelta(days=2))
    late = make_edition(make_paper(), day=timezone.now().date() - timedelta(days=1), status=Edition.Status.DRAFT)
    assert f"Also should have closed: {late}. See edition_status {late.period}." in run("edition_status")


def test_status_says_how_many_are_queued_for_which_hour() -> None:
    edition = edition_of()
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    for due_at in (hour, hour, hour + timedelta(hours=3)):
        make_delivery(edition, make_reader(), due_at=due_at)
    shown = run("edition_status")
    assert f"         2  due from {hour:%Y-%m-%d %H:%M} UTC on" in shown
    assert f"         1  due from {hour + timedelta(hours=3):%Y-%m-%d %H:%M} UTC on" in shown
