"""Who asked to hear of days without a digest is told why there is none, once, at their hour; nobody else is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter.due import next_digest_at
from newsletter.editions import close_edition
from newsletter.models import Delivery, Edition
from newsletter.quiet_days import tell_of_quiet_days
from subscribers.models import Letter, Subscriber
from tests.conftest import MailServer
from tests.factories import make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.listeners import (
    FRIDAY,
    HOUR,
    MONDAY,
    MONDAY_AT_SEVEN,
    SATURDAY,
    SUNDAY,
    SUNDAY_AT_SEVEN,
    TUESDAY_AT_SEVEN,
    draft,
    letters,
    make_listener,
    read_list,
    told_over,
)
from tests.subscribers.asking import DAY, MINUTE, send_due, suppress

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_the_listing_is_read")]


# --- When ---------------------------------------------------------------------------------------------------------


def test_a_weekend_is_told_at_the_reader_s_hour_and_not_before() -> None:
    make_listener(time_zone="Europe/Vienna")
    at = SUNDAY_AT_SEVEN - HOUR
    assert tell_of_quiet_days(at - MINUTE) == 0
    assert tell_of_quiet_days(at) == 1
    assert letters() == [(at, "It would have been about a Saturday, and papers are listed from Monday to Friday.")]


@pytest.mark.parametrize(
    ("zone", "hour", "cadence", "count"),
    [
        ("UTC", 17, "daily", 6),
        ("Europe/Vienna", 7, "weekdays", 4),
        ("Pacific/Auckland", 5, "weekdays", 4),
        ("America/Los_Angeles", 23, "daily", 6),
        ("America/Los_Angeles", 23, "weekdays", 4),
        ("Pacific/Kiritimati", 0, "daily", 6),
    ],
)
def test_every_day_that_would_have_had_a_digest_is_told_once(zone: str, hour: int, cadence: str, count: int) -> None:
    reader = make_listener(time_zone=zone, hour=hour, cadence=cadence)
    thursday = datetime(2026, 11, 19, 16, tzinfo=UTC)
    promised = next_digest_at(reader, thursday)
    told = told_over(thursday, thursday + 9 * DAY)
    days = [at.astimezone(ZoneInfo(zone)).date() for at in told]
    assert len(days) == len(set(days))
    assert {at.astimezone(ZoneInfo(zone)).hour for at in told} == {hour}
    assert len([day for day in days if SATURDAY <= day <= SATURDAY + 5 * DAY]) == count
    assert cadence == "daily" or not any(day.weekday() > 4 for day in days)
    # As the page of preferences says it.
    assert promised in told


def test_somebody_who_was_away_for_long_is_told_of_no_hour_long_past() -> None:
    make_listener()
    assert tell_of_quiet_days(SUNDAY_AT_SEVEN + 12 * HOUR + MINUTE) == 0
    assert tell_of_quiet_days(SUNDAY_AT_SEVEN + 12 * HOUR) == 1


# --- Who ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"hears_of_quiet_days": False},
        {"cadence": "weekly"},
        {"status": "pending", "confirmed_at": None},
        {"status": "unsubscribed"},
        {"paused_until": date(2026, 12, 24)},
        {"paused_until": MONDAY},
        {"quiet_day_told_on": SATURDAY},
        # They chose it a moment ago; or have just come.
        {"preferences_changed_at": SUNDAY_AT_SEVEN + MINUTE},
        {"confirmed_at": SUNDAY_AT_SEVEN + MINUTE},
    ],
    ids=lambda fields: "-".join(f"{name}={value}" for name, value in fields.items()),
)
def test_nobody_else_is_told(fields: dict[str, object]) -> None:
    make_listener(**fields)
    assert tell_of_quiet_days(SUNDAY_AT_SEVEN + 2 * MINUTE) == 0
    make_listener()
    assert tell_of_quiet_days(SUNDAY_AT_SEVEN + 2 * MINUTE) == 1


def test_nobody_hears_of_quiet_days_who_did_not_ask() -> None:
    assert make_reader().hears_of_quiet_days is False


def test_a_weekend_is_nothing_to_tell_those_who_read_on_weekdays() -> None:
    make_listener(cadence="weekdays")
    make_listener(cadence="daily")
    assert told_over(SUNDAY_AT_SEVEN - DAY, MONDAY_AT_SEVEN - HOUR).count(SUNDAY_AT_SEVEN) == 1


def test_a_suppressed_address_gets_no_letter(mail_server: MailServer) -> None:
    reader = make_listener()
    suppress(reader.email)
    tell_of_quiet_days(SUNDAY_AT_SEVEN)
    assert send_due(SUNDAY_AT_SEVEN) == 0
    assert mail_server.received == []


# --- Why ----------------------------------------------------------------------------------------------------------


def why_on(at: datetime) -> str:
    make_listener()
    assert tell_of_quiet_days(at) == 1
    ((_, why),) = letters()
    return why


def test_on_monday_morning_it_is_still_the_weekend_that_is_to_blame() -> None:
    # Monday's list has not come yet, but the digest would have been about Sunday.
    read_list(at=MONDAY_AT_SEVEN - MINUTE)
    assert "about a Sunday" in why_on(MONDAY_AT_SEVEN)


def test_a_holiday_is_named() -> None:
    read_list(at=datetime(2026, 11, 27, 22, tzinfo=UTC))
    assert "about Friday, when arXiv had a holiday" in why_on(datetime(2026, 11, 28, 7, tzinfo=UTC))


def test_a_list_that_has_not_come_is_told_from_one_that_could_not_be_read() -> None:
    read_list(at=MONDAY_AT_SEVEN + 16 * HOUR)
    assert "Monday's papers has not come yet" in why_on(TUESDAY_AT_SEVEN)
    Letter.objects.all().delete()
    Subscriber.objects.all().delete()
    read_list(status="failed", at=MONDAY_AT_SEVEN + 16.5 * HOUR)
    # What is read this morning is another day's list.
    read_list(at=TUESDAY_AT_SEVEN - MINUTE)
    assert "Monday's papers could not be read" in why_on(TUESDAY_AT_SEVEN)


def test_an_edition_that_was_called_off_is_nothing_new() -> None:
    make_edition(make_paper(listed_on=MONDAY), day=MONDAY, status="cancelled")
    assert why_on(TUESDAY_AT_SEVEN) == "There was nothing to send that is new."


def test_who_has_nothing_in_an_edition_is_told_that() -> None:
    paper = make_paper(title="Plain Matters", listed_on=MONDAY)
    edition = make_edition(paper, day=MONDAY, status="draft")
    muting, reading = make_listener(muted_words="plain"), make_listener()
    close_edition(edition.pk, edition.closes_at)
    ledger = list(Delivery.objects.order_by("pk").values())
    assert tell_of_quiet_days(TUESDAY_AT_SEVEN - MINUTE) == 0
    assert tell_of_quiet_days(TUESDAY_AT_SEVEN) == 1
    assert tell_of_quiet_days(TUESDAY_AT_SEVEN + MINUTE) == 0
    letter = Letter.objects.get()
    assert letter.subscriber == muting != reading
    assert letter.why.startswith("New papers came, but none for you")
    assert list(Delivery.objects.order_by("pk").values()) == ledger


@pytest.mark.parametrize("reason", ["late", "cancelled", "uncertain", "suppressed", "cadence"])
def test_a_digest_that_was_kept_back_for_another_reason_is_not_called_unfit(reason: str) -> None:
    reader, edition = make_listener(), make_edition(make_paper(listed_on=MONDAY), day=MONDAY)
    make_delivery(edition, reader, due_at=TUESDAY_AT_SEVEN, status="skipped", skip_reason=reason)
    assert tell_of_quiet_days(TUESDAY_AT_SEVEN) == 0
    Delivery.objects.update(skip_reason="nothing_relevant")
    assert tell_of_quiet_days(TUESDAY_AT_SEVEN) == 1


# --- When there is a digest ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["draft", "closing", "closed"])
def test_while_there_is_an_edition_nothing_is_missing(status: str) -> None:
    make_listener()
    make_edition(make_paper(listed_on=SATURDAY), day=SATURDAY, status=status)
    assert tell_of_quiet_days(SUNDAY_AT_SEVEN) == 0


def test_papers_that_are_about_to_become_an_edition_are_waited_for() -> None:
    make_listener()
    make_paper(listed_on=SATURDAY)
    assert tell_of_quiet_days(SUNDAY_AT_SEVEN) == 0


def test_a_digest_of_another_day_that_comes_at_the_same_hour_is_a_digest() -> None:
    """Friday's list came a day late, and Saturday has none."""
    reader = make_listener()
    late = draft(FRIDAY)
    close_edition(late.pk, datetime(2026, 11, 21, 18, tzinfo=UTC))
    assert Delivery.objects.get(subscriber=reader).due_at == SUNDAY_AT_SEVEN
    assert tell_of_quiet_days(SUNDAY_AT_SEVEN) == 0


def statements_of_a_look(readers: int, at: datetime) -> int:
    """How many statements it takes to find that nobody is to be told, of so many readers in two time zones."""
    Subscriber.objects.all().delete()
    late = Edition.objects.filter(period=FRIDAY.isoformat()).first() or make_edition(day=FRIDAY)
    for number in range(readers):
        reader = make_listener(time_zone=["UTC", "Europe/Vienna"][number % 2])
        make_delivery(late, reader, due_at=SUNDAY_AT_SEVEN)
    with CaptureQueriesContext(connection) as captured:
        assert tell_of_quiet_days(at) == 0
    return len(captured)


def test_a_look_at_more_readers_of_an_edition_that_has_nothing_for_them_takes_no_more_statements() -> None:
    edition = make_edition(day=SATURDAY)

    def look(readers: int) -> int:
        Subscriber.objects.all().delete()
        for _ in range(readers):
            reader = make_listener(paused_until=MONDAY)
            make_delivery(edition, reader, due_at=SUNDAY_AT_SEVEN, status="skipped", skip_reason="nothing_relevant")
        with CaptureQueriesContext(connection) as captured:
            assert tell_of_quiet_days(SUNDAY_AT_SEVEN) == 0
        return len(captured)

    assert look(10) == look(20)


@pytest.mark.parametrize("at", [SUNDAY_AT_SEVEN - 2 * HOUR, SUNDAY_AT_SEVEN], ids=["before the hour", "with a digest"])
def test_a_look_at_more_readers_takes_no_more_statements(at: datetime) -> None:
    assert statements_of_a_look(10, at) == statements_of_a_look(20, at)


@pytest.mark.parametrize("is_skipped", [True, False])
def test_each_reader_of_an_hour_is_judged_by_what_they_chose_and_have(is_skipped: bool) -> None:
    """All alike but for one thing, when there is no edition and when there is one that has nothing for them."""
    paper, old = make_paper(listed_on=MONDAY), make_edition(day=FRIDAY)
    told = [make_listener(), make_listener(paused_until=TUESDAY_AT_SEVEN.date(), quiet_day_told_on=SUNDAY)]
    others = [make_listener(paused_until=TUESDAY_AT_SEVEN.date() + DAY), make_listener(cadence="weekly")]
    others += [make_listener(preferences_changed_at=TUESDAY_AT_SEVEN + MINUTE), make_listener(), make_reader()]
    make_delivery(old, others[3], due_at=TUESDAY_AT_SEVEN.replace(hour=0), status="accepted")
    make_delivery(old, told[0], due_at=TUESDAY_AT_SEVEN.replace(hour=0) - MINUTE, status="accepted")
    make_delivery(old, told[1], due_at=TUESDAY_AT_SEVEN, status="failed")
    if is_skipped:
        edition, nothing = make_edition(paper, day=MONDAY), {"status": "skipped", "skip_reason": "nothing_relevant"}
        for reader in told + others:
            make_delivery(edition, reader, due_at=TUESDAY_AT_SEVEN, **nothing)
    else:
        paper.delete()
    assert tell_of_quiet_days(TUESDAY_AT_SEVEN + 2 * MINUTE) == len(told)
    assert set(Letter.objects.values_list("subscriber", flat=True)) == {reader.pk for reader in told}
