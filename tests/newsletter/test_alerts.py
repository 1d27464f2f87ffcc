import email
import email.policy
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from mail import throttle
from newsletter.alerts import clear, raise_alert, tell_operators
from newsletter.heartbeats import beat
from newsletter.models import Alert, Delivery, Edition
from newsletter.reconciling import note_sent
from newsletter.watching import watch
from tests.conftest import FreePortController, MailServer
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.sending import queue, send

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
LATER = NOW + 31 * MINUTE


@pytest.fixture
def admins(settings: Settings) -> None:
    settings.ADMINS = [("", "operator@example.org")]
    settings.SERVER_EMAIL = "Paper Route <paper-route@example.org>"


@pytest.fixture
def own_server(settings: Settings) -> Iterator[MailServer]:
    """A server for operators alone."""
    handler = MailServer()
    controller = FreePortController(handler, hostname="127.0.0.1", port=0)
    controller.start()
    settings.ADMINS_EMAIL_URL = f"smtp://{controller.hostname}:{controller.port}"
    yield handler
    controller.stop()


def standing() -> list[tuple[str, str]]:
    return [(alert.kind, alert.text) for alert in Alert.objects.standing()]


def mails(server: MailServer) -> list[EmailMessage]:
    contents = [envelope.original_content or b"" for envelope in server.received]
    return [email.message_from_bytes(content, policy=email.policy.default) for content in contents]


def asked_by(action: Callable[[], object]) -> str:
    """What is asked of the database meanwhile."""
    with CaptureQueriesContext(connection) as queries:
        action()
    return "\n".join(query["sql"] for query in queries)


def test_operators_are_told_once_what_happened_and_where_to_look(
    admins: None, mail_server: MailServer, settings: Settings
) -> None:
    raise_alert(Alert.Kind.STORM, "20 of the last 30 messages failed. Look at why.", NOW)
    assert tell_operators(NOW) == 1
    assert tell_operators(NOW) == 0
    (mail,) = mails(mail_server)
    assert mail["To"] == "operator@example.org"
    assert "Too many messages fail" in mail["Subject"]
    text = mail.get_content()
    assert "20 of the last 30 messages failed. Look at why." in text
    assert f"{settings.SITE_URL}/admin/newsletter/alert/" in text
    assert Alert.objects.get().told_at == NOW


def test_operators_are_told_over_their_own_server_when_they_have_one(
    admins: None, mail_server: MailServer, own_server: MailServer
) -> None:
    raise_alert(Alert.Kind.ACCOUNT, "It refuses our account.", NOW)
    assert tell_operators(NOW) == 1
    assert len(own_server.received) == 1
    assert mail_server.received == []


def test_a_mail_that_fails_is_tried_again_and_its_reply_is_not_logged(
    admins: None, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    mail_server.replies = ["554 no operator@example.org here"]
    raise_alert(Alert.Kind.STORM, "Too many failed.", NOW)
    with caplog.at_level(logging.ERROR):
        assert tell_operators(NOW) == 0
    assert "could not be mailed" in caplog.text
    assert "operator@example.org" not in caplog.text
    assert Alert.objects.get().told_at is None
    assert tell_operators(NOW + MINUTE) == 1


def test_a_server_that_is_not_there_harms_nothing(admins: None, settings: Settings) -> None:
    settings.ADMINS_EMAIL_URL = "smtp://127.0.0.1:1"
    raise_alert(Alert.Kind.STORM, "Too many failed.", NOW)
    assert tell_operators(NOW) == 0


def test_what_is_late_only_because_the_service_just_started_is_not_mailed(
    admins: None, mail_server: MailServer
) -> None:
    edition = make_edition(make_paper(), status=Edition.Status.DRAFT)
    watch(LATER)
    assert [kind for kind, _ in standing()] == ["overdue"]
    assert tell_operators(LATER) == 0
    assert tell_operators(LATER + MINUTE) == 1
    Edition.objects.filter(pk=edition.pk).update(status=Edition.Status.CANCELLED)
    watch(LATER + MINUTE)
    assert standing() == []


def test_nobody_is_told_where_there_are_no_admins(mail_server: MailServer) -> None:
    raise_alert(Alert.Kind.STORM, "Too many failed.", NOW)
    assert tell_operators(NOW) == 0
    assert mail_server.received == []


def test_what_is_over_is_not_told_and_may_happen_again(admins: None, mail_server: MailServer) -> None:
    raise_alert(Alert.Kind.STORM, "Too many failed.", NOW)
    assert not raise_alert(Alert.Kind.STORM, "Too many failed.", NOW)
    assert clear(Alert.objects.all(), NOW) == 1
    assert clear(Alert.objects.all(), NOW) == 0
    assert tell_operators(NOW) == 0
    assert raise_alert(Alert.Kind.STORM, "Too many failed.", NOW)


def test_a_closed_edition_of_which_nothing_leaves_is_overdue_until_it_does() -> None:
    (delivery,) = queue()
    watch(NOW + 29 * MINUTE)
    assert standing() == []
    watch(LATER)
    watch(LATER)
    assert standing() == [
        ("overdue", f"Nothing of edition {delivery.edition} leaves although it is time. Run edition_status 2026-11-23.")
    ]
    Delivery.objects.update(status=Delivery.Status.ACCEPTED, settled_at=LATER)
    watch(LATER)
    assert standing() == []


def test_an_edition_that_a_dead_process_has_in_hand_is_overdue() -> None:
    queue()
    Delivery.objects.update(status=Delivery.Status.CLAIMED, claim=uuid4(), lease_until=NOW)
    watch(LATER)
    assert [kind for kind, _ in standing()] == ["overdue"]


def test_an_edition_that_is_only_slow_is_not_overdue() -> None:
    first, _ = queue(2)
    throttle.reserve(1, LATER - MINUTE)
    Delivery.objects.filter(pk=first.pk).update(status=Delivery.Status.ACCEPTED, settled_at=LATER - MINUTE)
    watch(LATER)
    assert standing() == []


def test_what_was_noted_from_a_log_does_not_hide_that_nothing_leaves() -> None:
    first, second, _ = queue(3)
    throttle.reserve(1, NOW)
    note_sent([f"message-id=<{first.pk}@papers.example>", f"message-id=<{second.pk}@papers.example>"], LATER - MINUTE)
    watch(LATER)
    assert [kind for kind, _ in standing()] == ["overdue"]


def test_where_nothing_left_nobody_looks_for_what_was_taken_among_all_that_ever_was() -> None:
    queue(3)
    assert "'accepted'" not in asked_by(lambda: watch(LATER))
    throttle.reserve(1, LATER)
    assert "'accepted'" in asked_by(lambda: watch(LATER))


def test_why_an_edition_is_overdue_is_counted_once_and_not_each_minute() -> None:
    queue(3)
    Delivery.objects.update(detail="SMTP 451 4.7.1 Later")
    assert "GROUP BY" in asked_by(lambda: watch(LATER))
    assert "GROUP BY" not in asked_by(lambda: watch(LATER + MINUTE))
    ((_, text),) = standing()
    assert "3 say: SMTP 451 4.7.1 Later" in text


def test_what_an_operator_holds_back_is_not_overdue() -> None:
    (delivery,) = queue()
    throttle.stop_all(NOW)
    watch(LATER)
    throttle.start_again()
    delivery.edition.pause(NOW)
    watch(LATER)
    assert standing() == []


def test_what_waits_for_its_hour_is_not_overdue() -> None:
    paper = make_paper()
    make_delivery(make_edition(paper), make_reader(), paper, due_at=NOW + timedelta(hours=9))
    watch(LATER)
    assert standing() == []


@pytest.mark.parametrize("status", [Edition.Status.DRAFT, Edition.Status.CLOSING])
def test_an_edition_that_does_not_close_is_overdue_even_when_mail_is_stopped(status: str) -> None:
    make_edition(make_paper(), status=status)
    throttle.stop_all(NOW)
    watch(NOW - 31 * MINUTE)
    assert standing() == []
    watch(LATER)
    ((kind, text),) = standing()
    assert kind == "overdue"
    assert "should have closed" in text


def test_a_queue_that_beat_and_does_not_any_more_is_silent_until_it_beats() -> None:
    watch(NOW)
    beat("editions", NOW)
    watch(NOW + 5 * MINUTE)
    assert standing() == []
    watch(NOW + 6 * MINUTE)
    ((kind, text),) = standing()
    assert (kind, "queue editions" in text) == ("silent", True)
    beat("editions", NOW + 7 * MINUTE)
    watch(NOW + 7 * MINUTE)
    assert standing() == []


def test_a_queue_that_nobody_uses_any_more_is_not_missed() -> None:
    beat("of old", NOW)
    watch(LATER)
    assert standing() == []


def test_watching_leaves_alone_what_sending_raised() -> None:
    (delivery,) = queue()
    raise_alert(Alert.Kind.STORM, "Too many failed.", NOW, edition=delivery.edition)
    watch(NOW)
    assert [kind for kind, _ in standing()] == ["storm"]


@pytest.mark.parametrize("reply", ["451 4.7.1 Later", "421 4.7.0 Too fast", None])
def test_a_server_that_takes_nothing_for_hours_is_told_of_however_often_it_is_tried(
    reply: str | None, mail_server: MailServer, settings: Settings
) -> None:
    queue(3)
    mail_server.replies = [reply or ""] * 100
    settings.EMAIL_PORT = settings.EMAIL_PORT if reply else 1
    for minutes in range(0, 35, 5):
        send(NOW + minutes * MINUTE)
        watch(NOW + minutes * MINUTE)
    assert Delivery.objects.filter(next_attempt_at__gt=NOW + 30 * MINUTE).exists()
    assert standing() == []
    watch(LATER)
    ((kind, text),) = standing()
    assert kind == "overdue"
    assert (f"SMTP {reply[:9]}" if reply else "ConnectionRefusedError") in text
    Delivery.objects.update(status=Delivery.Status.ACCEPTED, settled_at=LATER)
    watch(LATER)
    assert standing() == []


def test_the_half_hour_begins_after_the_minutes_within_which_an_hour_leaves(settings: Settings) -> None:
    settings.NEWSLETTER_SPREAD = 10 * MINUTE
    queue()
    watch(NOW + 40 * MINUTE)
    assert standing() == []
    watch(NOW + 41 * MINUTE)
    assert [kind for kind, _ in standing()] == ["overdue"]


@pytest.mark.parametrize("when", ["closed_at", "resumed_at"])
def test_an_edition_that_closed_late_or_was_resumed_has_its_half_hour_from_then(when: str) -> None:
    queue()
    Edition.objects.update(**{when: LATER})
    watch(LATER + MINUTE)
    assert standing() == []
    watch(LATER + 31 * MINUTE)
    assert [kind for kind, _ in standing()] == ["overdue"]


def test_what_a_limit_holds_back_is_not_overdue_while_it_lets_some_leave(settings: Settings) -> None:
    settings.MAIL_PER_HOUR = 1
    first, _ = queue(2)
    assert throttle.reserve(1, NOW).count == 1
    Delivery.objects.filter(pk=first.pk).update(status=Delivery.Status.ACCEPTED, settled_at=NOW)
    watch(NOW + 50 * MINUTE)
    assert standing() == []
    watch(NOW + 100 * MINUTE)
    assert [kind for kind, _ in standing()] == ["overdue"]
