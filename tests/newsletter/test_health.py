from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu import Queue
from pytest_django import Settings

from mail import throttle
from newsletter.alerts import raise_alert
from newsletter.heartbeats import beat
from newsletter.models import Alert, Delivery, Edition
from papers.models import SourceRun
from tests.factories import make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db


def ask(client: Client, status: int) -> dict[str, Any]:
    answer = client.get("/healthz")
    assert answer.status_code == status
    assert "no-store" in answer["Cache-Control"]
    told: dict[str, Any] = answer.json()
    return told


def test_a_service_that_is_well_says_what_it_did_last(client: Client) -> None:
    at = timezone.now()
    edition = make_edition(make_paper(), day=at.date(), audience=2)
    for status in (Delivery.Status.ACCEPTED, Delivery.Status.FAILED):
        make_delivery(edition, make_reader(email=f"{status}@private.example"), status=status)
    make_edition(make_paper(), day=at.date() + timedelta(days=1), status=Edition.Status.DRAFT)
    SourceRun.objects.create(source="sample", started_at=at, status=SourceRun.Status.READ)
    beat("editions", at - timedelta(minutes=1))
    told = ask(client, 200)
    assert (told["ok"], told["database"]) == (True, "ok")
    assert told["last_ingest"]["source"] == "sample"
    assert told["last_edition"] == {
        "kind": "daily",
        "period": edition.period,
        "status": "closed",
        "audience": 2,
        "deliveries": {"accepted": 1, "failed": 1},
    }
    assert 60 <= told["heartbeats"]["editions"]["seconds_ago"] < 120
    assert "@" not in str(told)


def test_a_service_that_has_done_nothing_yet_is_well(client: Client) -> None:
    told = ask(client, 200)
    assert (told["last_ingest"], told["last_edition"], told["heartbeats"]) == (None, None, {})


def test_an_alert_that_stands_is_not_well_and_is_told(client: Client) -> None:
    raise_alert(Alert.Kind.STORM, "Too many failed.", timezone.now())
    told = ask(client, 503)
    assert [(alert["kind"], alert["text"]) for alert in told["alerts"]] == [("storm", "Too many failed.")]
    Alert.objects.update(cleared_at=timezone.now())
    assert ask(client, 200)["alerts"] == []


def test_a_queue_that_fell_silent_is_told_though_nobody_is_there_to_raise_an_alert(client: Client) -> None:
    beat("editions", timezone.now() - timedelta(minutes=6))
    assert ask(client, 503)["silent_queues"] == ["editions"]


def test_a_queue_that_was_never_worked_off_is_told_when_others_are(client: Client, settings: Settings) -> None:
    settings.CELERY_TASK_QUEUES = [Queue("editions"), Queue("send")]
    at = timezone.now()
    beat("editions", at - timedelta(minutes=6))
    beat("editions", at)
    assert ask(client, 503)["silent_queues"] == ["send"]
    beat("send", at)
    assert ask(client, 200)["silent_queues"] == []


def test_an_overdue_edition_is_told_though_nobody_is_there_to_raise_an_alert(client: Client) -> None:
    edition = make_edition(make_paper(), day=timezone.now().date() - timedelta(days=2), status=Edition.Status.DRAFT)
    assert ask(client, 503)["overdue_editions"] == [str(edition)]


def test_what_an_operator_holds_back_is_told_and_is_well(client: Client) -> None:
    at = timezone.now()
    edition = make_edition(make_paper(), day=at.date())
    edition.pause(at)
    throttle.stop_all(at)
    told = ask(client, 200)
    assert (told["paused_editions"], told["mail_stopped"]) == ([edition.period], True)


def test_every_edition_of_which_something_is_still_to_be_sent_is_told(client: Client) -> None:
    at = timezone.now()
    edition = make_edition(make_paper(), day=at.date() - timedelta(days=1))
    make_delivery(edition, make_reader(), due_at=at + timedelta(hours=1))
    make_delivery(make_edition(make_paper(), day=at.date()), make_reader(), status=Delivery.Status.ACCEPTED)
    assert ask(client, 200)["open_editions"] == [str(edition)]


def test_a_database_that_is_away_is_told(client: Client) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError

    with connection.execute_wrapper(refuse):
        assert ask(client, 503) == {"ok": False, "database": "unreachable"}


def test_it_takes_a_few_queries_however_much_there_is(client: Client) -> None:
    counts = []
    for _ in range(2):
        edition = make_edition(make_paper(), day=timezone.now().date() - timedelta(days=Edition.objects.count()))
        for _ in range(5):
            make_delivery(edition, make_reader(), status=Delivery.Status.ACCEPTED)
        with CaptureQueriesContext(connection) as queries:
            ask(client, 200)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


def test_asking_changes_nothing_and_only_reading_is_allowed(client: Client) -> None:
    ask(client, 200)
    assert client.post("/healthz").status_code == 405
