import os
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import models
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from mail.models import HandedOver
from newsletter import retention
from newsletter.models import Alert, Delivery, DeliveryEvent, RetentionRun
from newsletter.retention import RULES, retain, would_remove
from papers.models import Topic
from subscribers.models import (
    AddressChange,
    ConsentEvent,
    Feedback,
    Letter,
    Mailbox,
    SignUp,
    Subscriber,
    UsedChallenge,
    WantedPaper,
)
from subscribers.optin import record
from subscribers.preferences import STORED
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.kept_too_long import (
    ask_long_ago,
    ask_to_come_back,
    change_of_address,
    clear_an_alert,
    consent_from_somewhere,
    count_a_letter,
    deliver,
    deliver_to_nobody,
    hand_over,
    hear_of,
    hear_of_nothing_of_ours,
    leave_with_wishes,
    letter_that_waits,
    log_in_until,
    sign_up_that_waits,
    use_a_challenge,
    wish_for_a_paper,
)

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
REQUESTED = ConsentEvent.Kind.REQUESTED


def everything() -> dict[str, list[Any]]:
    """All rows about readers and deliveries, by table."""
    tables = [Subscriber, ConsentEvent, Feedback, AddressChange, Letter, Mailbox, SignUp, UsedChallenge, Delivery]
    tables += [Subscriber.topics.through, WantedPaper, DeliveryEvent, HandedOver, Alert, Session]
    return {model._meta.label: list(model._default_manager.order_by("pk").values_list()) for model in tables}


# --- One of each, kept for a minute too long, and one that still has a minute -------------------------------------

CASES: list[tuple[Callable[[datetime], object], str, timedelta]] = [
    (ask_long_ago, "readers who never confirmed", timedelta(days=30)),
    (ask_to_come_back, "readers who did not confirm again", timedelta(days=30)),
    (leave_with_wishes, "wishes of readers who left", timedelta(days=90)),
    (wish_for_a_paper, "papers that could not be looked up", timedelta(days=14)),
    (consent_from_somewhere, "truncated IP addresses", timedelta(days=90)),
    (letter_that_waits, "letters too late to be of use", timedelta(days=7)),
    (sign_up_that_waits, "sign-ups never answered", timedelta(days=7)),
    (change_of_address, "changes of address never confirmed", timedelta(days=14)),
    (count_a_letter, "counts of letters", timedelta(days=30)),
    (use_a_challenge, "used challenges", timedelta(0)),
    (deliver, "digests whose papers were long ago", timedelta(days=400)),
    (hear_of_nothing_of_ours, "events long ago", timedelta(days=400)),
    (hand_over, "counts of messages handed over", timedelta(days=2)),
    (clear_an_alert, "alerts cleared long ago", timedelta(days=400)),
    (log_in_until, "log-ins that are over", timedelta(0)),
]


def test_every_rule_has_a_case() -> None:
    # Whatever is left of who is gone is too much, however new.
    of_nobody = {"digests of readers who are gone", "events of readers who are gone"}
    assert {name for _, name, _ in CASES} | of_nobody == {rule.name for rule in RULES}


@pytest.mark.parametrize(("make", "name", "kept_for"), CASES, ids=[name for _, name, _ in CASES])
def test_what_was_kept_long_enough_is_removed_and_nothing_sooner(
    make: Callable[[datetime], object], name: str, kept_for: timedelta
) -> None:
    make(NOW - kept_for + MINUTE)
    untouched = everything()
    assert retain(NOW) == would_remove(NOW) == {}
    assert everything() == untouched

    make(NOW - kept_for - MINUTE)
    before = everything()
    assert would_remove(NOW) == {name: 1}
    assert everything() == before
    assert retain(NOW) == {name: 1}
    after = everything()
    assert after != before
    # What was there first is still there as it was.
    for label, rows in untouched.items():
        assert [row for row in rows if row not in after[label]] == []


@pytest.mark.parametrize(("make", "name", "kept_for"), CASES, ids=[name for _, name, _ in CASES])
def test_removing_twice_is_removing_once(make: Callable[[datetime], object], name: str, kept_for: timedelta) -> None:
    make(NOW - kept_for - MINUTE)
    assert retain(NOW) == {name: 1}
    before = everything()
    assert retain(NOW) == {}
    assert everything() == before
    assert [run.removed for run in RetentionRun.objects.all()] == [{name: 1}]


def test_more_than_a_batch_is_removed_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for make in (ask_long_ago, leave_with_wishes, deliver_to_nobody):
        for _ in range(5):
            make(NOW - timedelta(days=100))
    assert set(retain(NOW).values()) == {5}
    assert retain(NOW) == {}


# --- Readers ------------------------------------------------------------------------------------------------------


def test_somebody_who_asked_again_lately_is_kept() -> None:
    reader = ask_long_ago(NOW - timedelta(days=100))
    record(reader, REQUESTED, "form", NOW - timedelta(days=1))
    assert retain(NOW) == {}


def test_who_confirmed_is_kept_for_as_long_as_they_read() -> None:
    reader = make_reader(interests="looms", preferences_changed_at=NOW - timedelta(days=2000))
    Subscriber.objects.update(created_at=NOW - timedelta(days=2000), confirmed_at=NOW - timedelta(days=2000))
    record(reader, REQUESTED, "form", NOW - timedelta(days=2000))
    before = everything()
    assert retain(NOW) == {}
    assert everything() == before


def test_who_left_and_did_not_come_back_has_left() -> None:
    reader = ask_to_come_back(NOW - timedelta(days=31))
    retain(NOW)
    reader.refresh_from_db()
    assert reader.status == "unsubscribed"


def test_who_left_without_ever_confirming_is_still_known_to_have_left() -> None:
    reader = ask_long_ago(NOW - timedelta(days=31))
    Subscriber.objects.update(unsubscribed_at=NOW - timedelta(days=80))
    assert retain(NOW) == {"readers who did not confirm again": 1}
    reader.refresh_from_db()
    assert reader.status == "unsubscribed"


def test_of_who_left_the_address_the_record_and_the_reason_stay() -> None:
    left_at = NOW - timedelta(days=91)
    wishes: dict[str, Any] = {
        "interests": "engines",
        "followed_authors": "Charles Babbage",
        "muted_words": "looms",
        "size": 20,
        "cadence": "weekly",
        "weekday": 3,
        "hour": 22,
        "time_zone": "Europe/London",
        "paused_until": date(2026, 12, 24),
        "hears_of_quiet_days": True,
    }
    assert wishes.keys() == set(STORED)
    reader = make_reader(
        status="unsubscribed", unsubscribed_at=left_at, leaving_reason="too_many", preferences_changed_at=left_at
    )
    Subscriber.objects.filter(pk=reader.pk).update(**wishes, ignored_words="casino")
    reader.topics.add(Topic.objects.create(name="Engines", slug="engines"))
    Feedback.objects.create(subscriber=reader, paper=make_paper(), kind="more", at=left_at)
    WantedPaper.objects.create(subscriber=reader, arxiv_id="2305.03048", asked_at=NOW)
    record(reader, ConsentEvent.Kind.UNSUBSCRIBED, "link", left_at)
    assert retain(NOW) == {"wishes of readers who left": 1}
    kept = Subscriber.objects.get()
    assert (kept.email, kept.leaving_reason, kept.unsubscribed_at) == (reader.email, "too_many", left_at)
    names = [*STORED, "ignored_words"]
    assert {name: getattr(kept, name) for name in names} == {name: getattr(Subscriber(), name) for name in names}
    assert not kept.topics.exists()
    assert not kept.feedback.exists()
    assert not kept.wanted_papers.exists()
    assert kept.consent_events.count() == 1


@pytest.mark.parametrize("wish", ["topic", "liked paper", "hour"])
def test_any_wish_is_enough_to_be_found(wish: str) -> None:
    reader = make_reader(status="unsubscribed", unsubscribed_at=NOW - timedelta(days=91))
    match wish:
        case "topic":
            reader.topics.add(Topic.objects.create(name="Engines", slug="engines"))
        case "liked paper":
            Feedback.objects.create(subscriber=reader, paper=make_paper(), kind="more", at=NOW)
        case _:
            Subscriber.objects.update(hour=3)
    assert retain(NOW) == {"wishes of readers who left": 1}
    assert retain(NOW) == {}


# --- Digests and files --------------------------------------------------------------------------------------------


def test_an_old_digest_stays_a_line_of_the_ledger() -> None:
    delivery = deliver(NOW - timedelta(days=401))
    retain(NOW)
    delivery.refresh_from_db()
    assert (delivery.picks, delivery.provider_message_id, delivery.status) == ([], "", "accepted")
    assert delivery.subscriber is not None


def test_what_became_known_of_a_digest_after_its_reader_was_erased_is_removed() -> None:
    delivery = deliver_to_nobody(NOW)
    assert retain(NOW) == {"digests of readers who are gone": 1}
    delivery.refresh_from_db()
    assert (delivery.picks, delivery.provider_message_id, delivery.status) == ([], "", "accepted")
    assert retain(NOW) == {}


def test_a_digest_that_still_waits_keeps_its_papers() -> None:
    paper = make_paper()
    make_delivery(make_edition(paper, paused_at=NOW), make_reader(), paper, due_at=NOW - timedelta(days=500))
    assert retain(NOW) == {}


@pytest.fixture
def folders(outbox: Path, settings: Settings, tmp_path: Path) -> tuple[Path, Path]:
    """The outbox and the folder of previews, both empty."""
    settings.VAR_DIR = tmp_path
    (tmp_path / "preview").mkdir()
    outbox.mkdir()
    return outbox, tmp_path / "preview"


def test_files_go_with_their_readers(folders: tuple[Path, Path]) -> None:
    outbox, previews = folders
    gone, reader = ask_long_ago(NOW - timedelta(days=31)), make_reader()
    paper = make_paper()
    mine = make_delivery(make_edition(paper), reader, paper)
    nobody_s = deliver_to_nobody(NOW)
    going = [
        outbox / f"confirmation-{gone.pk}-17.eml",
        outbox / f"{nobody_s.pk}.html",
        previews / f"reader-{gone.pk}.txt",
    ]
    staying = [
        outbox / f"confirmation-{reader.pk}-17.eml",
        outbox / f"{mine.pk}.eml",
        previews / f"reader-{reader.pk}.txt",
    ]
    staying.append(outbox / "0123456789abcdef0123456789abcdef.eml")
    for path in going + staying:
        path.touch()
    told = would_remove(NOW)
    assert all(path.exists() for path in going)
    assert told["files of mails and previews"] == 3
    assert retain(NOW) == told
    assert [path.name for path in going if path.exists()] == []
    assert [path.name for path in staying if not path.exists()] == []


def test_files_are_kept_for_as_long_as_picks(folders: tuple[Path, Path]) -> None:
    outbox, _ = folders
    for name, days in (("old", 401), ("young", 399)):
        (outbox / f"{name}.eml").touch()
        written = (NOW - timedelta(days=days)).timestamp()
        os.utime(outbox / f"{name}.eml", (written, written))
    assert retain(NOW) == {"files of mails and previews": 1}
    assert [path.name for path in outbox.iterdir()] == ["young.eml"]


# --- The report ---------------------------------------------------------------------------------------------------


def test_a_run_that_is_cut_short_tells_what_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    ask_long_ago(NOW - timedelta(days=31))
    leave_with_wishes(NOW - timedelta(days=91))

    def fail(readers: models.QuerySet[Subscriber]) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(retention, "RULES", [RULES[0], retention.Rule(RULES[2].name, RULES[2].find, fail)])
    with pytest.raises(RuntimeError):
        retain(NOW)
    assert RetentionRun.objects.get().removed == {"readers who never confirmed": 1}


def test_a_run_is_logged_by_counts_alone(caplog: pytest.LogCaptureFixture) -> None:
    reader = ask_long_ago(NOW - timedelta(days=31))
    with caplog.at_level("INFO"):
        retain(NOW)
    assert "1 readers who never confirmed" in caplog.text
    assert reader.email not in caplog.text


def test_the_command_says_what_it_removes_or_would(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("retain")
    assert capsys.readouterr().out == "Nothing has been kept for too long.\n"
    ask_long_ago(timezone.now() - timedelta(days=31))
    call_command("retain", "--dry-run")
    assert capsys.readouterr().out == "       1 readers who never confirmed\nNothing was removed.\n"
    assert Subscriber.objects.exists()
    assert not RetentionRun.objects.exists()
    call_command("retain")
    assert capsys.readouterr().out == "       1 readers who never confirmed\n"
    assert not Subscriber.objects.exists()


def test_an_operator_sees_the_runs_and_changes_none(admin_client: Client) -> None:
    run = RetentionRun.objects.create(ran_at=NOW, removed={"used challenges": 3, "letters too late to be of use": 1})
    url = "/admin/newsletter/retentionrun/"
    assert "3 used challenges, 1 letters too late to be of use" in admin_client.get(url).text
    page = f"{url}{run.pk}/change/"
    assert "3 used challenges" in admin_client.get(page).text
    assert admin_client.post(page, {"ran_at_0": "2020-01-01"}).status_code == 403
    assert admin_client.get(f"{url}add/").status_code == 403
    assert admin_client.get(f"{url}{run.pk}/delete/").status_code == 403


# --- Events and alerts --------------------------------------------------------------------------------------------


def test_of_an_event_about_who_is_gone_kind_and_time_stay() -> None:
    delivery = deliver_to_nobody(NOW)
    Delivery.objects.update(picks=[], detail="", provider_message_id="")
    event = hear_of(delivery, NOW)
    assert retain(NOW) == {"events of readers who are gone": 1}
    assert retain(NOW) == {}
    event.refresh_from_db()
    assert (event.kind, event.received_at, event.delivery_id) == ("bounced", NOW, delivery.pk)
    assert (event.reference, event.provider_message_id, event.detail, event.raw) == ("", "", "", {})


def test_an_event_that_was_not_looked_at_yet_is_left_as_it_came() -> None:
    delivery = deliver_to_nobody(NOW)
    Delivery.objects.update(picks=[], detail="", provider_message_id="")
    hear_of(delivery, NOW, processed_at=None, raw={"event": "bounce"})
    assert retain(NOW) == {}


def test_an_event_about_a_reader_who_is_there_says_what_it_said() -> None:
    hear_of(deliver(NOW), NOW)
    assert retain(NOW) == {}


def test_an_alert_that_stands_is_kept_however_old() -> None:
    Alert.objects.create(kind=Alert.Kind.STORM, text="Many fail.", raised_at=NOW - timedelta(days=2000))
    assert retain(NOW) == {}
