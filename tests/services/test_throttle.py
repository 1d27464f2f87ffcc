"""Two processes that ask for moments to send at, at the same time, on PostgreSQL."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from mail.models import HandedOver, Provider
from mail.throttle import Slots, reserve
from tests.factories import NOW
from tests.services.test_races import both

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def test_no_moment_is_given_to_two(settings: Settings) -> None:
    settings.MAIL_PER_SECOND = 100
    taken: list[Slots] = []

    def take() -> None:
        taken.extend(reserve(3, NOW) for _ in range(30))

    both(take)
    moments = sorted(slots.at(number) for slots in taken for number in range(slots.count))
    assert moments == [NOW + timedelta(seconds=number / 100) for number in range(180)]


def test_two_do_not_take_more_than_a_limit_allows_together(settings: Settings) -> None:
    settings.MAIL_PER_HOUR = 100
    taken: list[Slots] = []

    def take() -> None:
        taken.extend(reserve(3, NOW) for _ in range(30))

    both(take)
    assert sum(slots.count for slots in taken) == HandedOver.objects.get().count == 100
    assert Provider.objects.count() == 1
