"""A letter about a day without a digest: one a day whatever happens, and none that is overtaken."""

import logging
from collections.abc import Iterator
from datetime import date

import pytest
from django.core.management import call_command
from django.db.models.signals import pre_save
from django.test import Client
from pytest_django import Settings

from newsletter.editions import close_edition
from newsletter.models import Delivery
from newsletter.quiet_days import tell_of_quiet_days
from subscribers.emails import LIST_TAG
from subscribers.models import Letter, Subscriber
from subscribers.preferences import change_preferences
from tests.conftest import MailServer
from tests.factories import make_delivery, make_edition, make_paper
from tests.letters import read_mail, text_of
from tests.newsletter.listeners import (
    FRIDAY,
    HOUR,
    MONDAY_AT_SEVEN,
    SATURDAY,
    SUNDAY_AT_SEVEN,
    draft,
    letters,
    make_listener,
    told_over,
)
from tests.subscribers.asking import DAY, MINUTE, send_due

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_the_listing_is_read")]


# --- Once ---------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def _dies_while_it_writes() -> Iterator[None]:
    def die(**_: object) -> None:
        raise Killed

    pre_save.connect(die, sender=Letter)
    yield
    pre_save.disconnect(die, sender=Letter)


@pytest.mark.usefixtures("_dies_while_it_writes")
def test_a_process_that_dies_has_told_nobody_and_marked_nobody() -> None:
    reader = make_listener()
    with pytest.raises(Killed):
        tell_of_quiet_days(SUNDAY_AT_SEVEN)
    reader.refresh_from_db()
    assert reader.quiet_day_told_on is None
    assert letters() == []


def test_another_hour_on_the_same_day_brings_no_second_letter(mail_server: MailServer) -> None:
    reader = make_listener()
    tell_of_quiet_days(SUNDAY_AT_SEVEN)
    assert send_due(SUNDAY_AT_SEVEN) == 1
    change_preferences(reader, SUNDAY_AT_SEVEN + HOUR, hour=9)
    assert told_over(SUNDAY_AT_SEVEN + HOUR, SUNDAY_AT_SEVEN + 12 * HOUR) == []
    assert told_over(SUNDAY_AT_SEVEN + 20 * HOUR, SUNDAY_AT_SEVEN + 27 * HOUR) == [MONDAY_AT_SEVEN + 2 * HOUR]


def test_mail_that_was_held_back_is_made_up_for_by_one_letter(mail_server: MailServer) -> None:
    make_listener()
    tell_of_quiet_days(SUNDAY_AT_SEVEN)
    tell_of_quiet_days(MONDAY_AT_SEVEN)
    assert send_due(MONDAY_AT_SEVEN) == 1
    assert "about a Sunday" in " ".join(text_of(read_mail(mail_server.received[0].content)).split())
    assert not Letter.objects.exists()


# --- Before it leaves ---------------------------------------------------------------------------------------------


def test_a_digest_that_goes_out_after_all_takes_the_letter_s_place(mail_server: MailServer) -> None:
    reader = make_listener()
    tell_of_quiet_days(SUNDAY_AT_SEVEN)
    late = draft(SATURDAY)
    close_edition(late.pk, SUNDAY_AT_SEVEN + MINUTE)
    assert Delivery.objects.get(subscriber=reader).status == "queued"
    assert send_due(SUNDAY_AT_SEVEN + MINUTE) == 0
    assert not Letter.objects.exists()
    assert mail_server.received == []


@pytest.mark.parametrize(
    "change",
    [
        {"hears_of_quiet_days": False},
        {"paused_until": date(2026, 12, 24)},
        {"status": "unsubscribed"},
        {"email": "elsewhere@example.org"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_who_wants_none_any_more_gets_none(change: dict[str, object], mail_server: MailServer) -> None:
    make_listener()
    tell_of_quiet_days(SUNDAY_AT_SEVEN)
    Subscriber.objects.update(**change)
    assert send_due(SUNDAY_AT_SEVEN) == 0
    assert not Letter.objects.exists()


def test_a_letter_that_is_late_stays_at_home(mail_server: MailServer) -> None:
    make_listener()
    tell_of_quiet_days(SUNDAY_AT_SEVEN)
    assert send_due(SUNDAY_AT_SEVEN + 12 * HOUR + MINUTE) == 0
    assert not Letter.objects.exists()


def test_a_digest_that_came_before_does_not_keep_the_letter(mail_server: MailServer) -> None:
    reader, paper = make_listener(), make_paper(listed_on=FRIDAY)
    make_delivery(make_edition(paper, day=FRIDAY), reader, paper, due_at=SUNDAY_AT_SEVEN - DAY, status="accepted")
    assert tell_of_quiet_days(SUNDAY_AT_SEVEN) == 1
    assert send_due(SUNDAY_AT_SEVEN) == 1


# --- The mail -----------------------------------------------------------------------------------------------------


def test_it_belongs_to_the_list_of_digests_and_is_left_with_one_click(
    mail_server: MailServer, settings: Settings
) -> None:
    settings.NEWSLETTER_FROM = "Digest <digest@papers.example>"
    settings.SUBSCRIBERS_FROM = "Readers <readers@papers.example>"
    reader = make_listener()
    tell_of_quiet_days(SUNDAY_AT_SEVEN)
    send_due(SUNDAY_AT_SEVEN)
    letter = read_mail(mail_server.received[0].content)
    assert str(letter["From"]) == "Digest <digest@papers.example>"
    assert str(letter["List-Id"]).endswith(f"<{LIST_TAG}.papers.example>")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(letter["List-Unsubscribe"]).strip("<>").removeprefix(settings.SITE_URL)
    assert Client().post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    reader.refresh_from_db()
    assert not reader.is_active


def test_neither_address_nor_wishes_stand_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    make_listener(email="ada.lovelace@example.org", interests="engines")
    tell_of_quiet_days(SUNDAY_AT_SEVEN)
    assert "1 readers are told" in caplog.text
    assert "lovelace" not in caplog.text
    assert "engines" not in caplog.text


def test_it_is_rung_for_and_a_part_of_a_tick(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, outbox: object
) -> None:
    assert "newsletter.tasks.tell_of_quiet_days_task" in {
        entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()
    }
    settings.PAPERS_SOURCES = []
    monkeypatch.setattr("django.utils.timezone.now", lambda: SUNDAY_AT_SEVEN)
    reader = make_listener()
    call_command("tick")
    reader.refresh_from_db()
    assert reader.quiet_day_told_on == SATURDAY
    assert not Letter.objects.exists()
