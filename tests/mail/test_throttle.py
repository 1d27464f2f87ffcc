from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from mail.models import HandedOver, Provider
from mail.throttle import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    UsedUp,
    at_once,
    give_back,
    is_open,
    note_accepted,
    reserve,
    slow_down,
    start_again,
    stop_all,
    takes,
    used_up,
)

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def test_without_limits_everything_may_leave_at_once() -> None:
    slots = reserve(1000, AT)
    assert (slots.count, slots.at(0), slots.at(999)) == (1000, AT, AT)
    assert takes(1000, AT) is None


def test_so_many_a_second_leave_evenly_one_reservation_after_the_other(settings: Settings) -> None:
    settings.MAIL_PER_SECOND = 10
    first, second = reserve(5, AT), reserve(5, AT)
    moments = [slots.at(number) for slots in (first, second) for number in range(5)]
    assert moments == [AT + SECOND * number / 10 for number in range(10)]


def test_what_was_not_used_in_the_past_is_not_made_up_for(settings: Settings) -> None:
    settings.MAIL_PER_SECOND = 10
    reserve(5, AT)
    assert reserve(5, AT + HOUR).at(0) == AT + HOUR


def test_one_process_takes_no_more_than_two_seconds_of_the_line(settings: Settings) -> None:
    settings.MAIL_PER_SECOND = 3
    assert (at_once(20), at_once(4)) == (6, 4)


@pytest.mark.parametrize(("limit", "span"), [("MAIL_PER_HOUR", HOUR), ("MAIL_PER_DAY", 24 * HOUR)])
def test_a_limit_holds_for_any_such_time_and_then_there_is_room_again(
    settings: Settings, limit: str, span: timedelta
) -> None:
    setattr(settings, limit, 7)
    assert [reserve(5, AT).count, reserve(5, AT + MINUTE).count, reserve(5, AT + 2 * MINUTE).count] == [5, 2, 0]
    assert not is_open(AT + span - MINUTE)
    assert reserve(9, AT + span - MINUTE).count == 0
    assert reserve(9, AT + span + MINUTE).count == 5
    assert reserve(9, AT + span + 2 * MINUTE).count == 2


def test_what_did_not_leave_may_leave_later(settings: Settings) -> None:
    settings.MAIL_PER_HOUR = 7
    reserve(7, AT)
    give_back(3, AT)
    assert reserve(9, AT).count == 3
    give_back(0, AT)
    assert reserve(9, AT).count == 0


def test_a_restart_forgets_neither_the_line_nor_the_counts(settings: Settings) -> None:
    settings.MAIL_PER_SECOND, settings.MAIL_PER_HOUR = 10, 30
    reserve(20, AT)
    provider = Provider.objects.get()
    assert provider.next_slot_at == AT + 2 * SECOND
    assert [counted.count for counted in HandedOver.objects.all()] == [20]
    assert (reserve(20, AT).count, reserve(20, AT).count) == (10, 0)


def test_another_provider_has_a_line_of_its_own(settings: Settings) -> None:
    settings.MAIL_PER_HOUR = 5
    reserve(5, AT)
    settings.MAIL_PROVIDER = "postmark"
    assert reserve(5, AT).count == 5


def test_nothing_leaves_while_all_mail_is_stopped() -> None:
    assert (stop_all(AT), stop_all(AT)) == (True, False)
    assert (is_open(AT), reserve(5, AT).count) == (False, 0)
    assert (start_again(), start_again()) == (True, False)
    assert (is_open(AT), reserve(5, AT).count) == (True, 5)


def test_each_refusal_in_a_row_doubles_the_pause_up_to_the_longest() -> None:
    at, pauses = AT, []
    for _ in range(7):
        until = slow_down(at)
        pauses.append(until - at)
        assert (is_open(at), reserve(5, at).count) == (False, 0)
        assert is_open(until)
        at = until
    assert pauses == [min(FIRST_PAUSE * 2**number, LONGEST_PAUSE) for number in range(7)]
    assert reserve(1, at).was_slowed


def test_a_message_that_is_taken_ends_the_row() -> None:
    until = slow_down(slow_down(AT))
    note_accepted()
    assert not reserve(1, until).was_slowed
    assert slow_down(until) == until + FIRST_PAUSE


def test_a_refusal_during_a_pause_is_the_same_one() -> None:
    until = slow_down(AT)
    assert slow_down(AT + SECOND) == until
    assert Provider.objects.get().slowdowns == 1


def test_the_provider_s_own_wish_counts_when_it_is_longer() -> None:
    assert slow_down(AT, wait=SECOND) == AT + FIRST_PAUSE
    assert slow_down(AT + SECOND, wait=MINUTE) == AT + SECOND + MINUTE
    assert slow_down(AT + HOUR, wait=HOUR) == AT + 2 * HOUR


def test_the_tightest_limit_says_how_long_messages_take(settings: Settings) -> None:
    settings.MAIL_PER_SECOND, settings.MAIL_PER_HOUR = 10, 1800
    assert takes(3600, AT) == 2 * HOUR


def test_a_limit_that_is_used_up_says_until_when(settings: Settings) -> None:
    assert used_up(AT) is None
    settings.MAIL_PER_HOUR, settings.MAIL_PER_DAY = 5, 8
    reserve(3, AT)
    assert used_up(AT) is None
    reserve(2, AT + 10 * MINUTE)
    used = used_up(AT + 10 * MINUTE)
    # When the first three are an hour old.
    assert used == UsedUp(limit=5, span=HOUR, until=AT + HOUR + MINUTE)
    assert not is_open(used.until - MINUTE)
    assert is_open(used.until)
    reserve(3, used.until)
    used = used_up(used.until)
    assert used == UsedUp(limit=8, span=24 * HOUR, until=AT + 24 * HOUR + MINUTE)
