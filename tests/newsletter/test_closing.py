"""Closing that is cut short, runs under another version, or spreads what is due at one hour."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from newsletter import audience, editions
from newsletter.audience import choose_again, welcome_late_readers
from newsletter.editions import close_edition
from newsletter.models import Delivery, Edition
from subscribers.models import Subscriber
from subscribers.preferences import change_preferences
from tests.factories import NOW, TODAY, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

SPREAD = timedelta(minutes=10)


def rows() -> dict[int, dict[str, Any]]:
    return {row["subscriber_id"] or 0: dict(row) for row in Delivery.objects.values()}


def crash_in_batch(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing goes two readers at a time, and its process dies at the end of a batch."""
    monkeypatch.setattr(audience, "BATCH", 2)
    stored = iter(range(1, number))

    def insert(deliveries: list[Delivery]) -> None:
        if next(stored, None) is None:
            raise MemoryError
        Delivery.objects.bulk_create(deliveries)

    monkeypatch.setattr(audience, "insert", insert)


def test_a_closing_that_dies_in_a_batch_is_resumed_and_what_was_there_stays_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readers = {make_reader().pk for _ in range(7)}
    edition = make_edition(make_paper(), make_paper(), status=Edition.Status.DRAFT)
    with monkeypatch.context() as patch:
        crash_in_batch(3, patch)
        with pytest.raises(MemoryError):
            close_edition(edition.pk, NOW)
    edition.refresh_from_db()
    before, fragments = rows(), edition.fragments
    assert (edition.status, len(before)) == (Edition.Status.CLOSING, 4)
    close_edition(edition.pk, NOW + timedelta(minutes=5))
    edition.refresh_from_db()
    after = rows()
    assert (edition.status, edition.audience, edition.fragments) == (Edition.Status.CLOSED, 7, fragments)
    assert (set(after), Delivery.objects.count()) == (readers, 7)
    assert {reader: after[reader] for reader in before} == before
    assert len({str(row["picks"]) for row in after.values()}) == 1
    assert {row["due_at"] for row in after.values()} == {before[min(before)]["due_at"]}


def test_more_readers_than_a_batch_who_confirm_meanwhile_are_served_before_it_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audience, "BATCH", 2)
    edition = make_edition(make_paper(), status=Edition.Status.CLOSING)
    first, held = make_reader(), [make_reader(status="pending") for _ in range(5)]
    deliver = audience.deliver_to_readers

    def deliver_then_confirm(*args: Any) -> None:
        deliver(*args)
        Subscriber.objects.filter(pk__in=[reader.pk for reader in held]).update(status="active", confirmed_at=NOW)

    monkeypatch.setattr(editions, "deliver_to_readers", deliver_then_confirm)
    close_edition(edition.pk, NOW)
    assert set(rows()) == {first.pk, *[reader.pk for reader in held]}


def test_another_version_changes_no_byte_of_what_an_edition_closed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    make_reader()
    edition = make_edition(make_paper(), status=Edition.Status.CLOSING)
    frozen = edition.fragments
    monkeypatch.setattr(editions, "compile_fragments", lambda *_: {"html": "of another version"})
    close_edition(edition.pk, NOW)
    close_edition(edition.pk, NOW + timedelta(hours=1))
    edition.refresh_from_db()
    assert edition.fragments == frozen


# --- Zones -------------------------------------------------------------------------------------------------------


def test_who_changes_zone_twice_a_day_gets_one_digest_of_each_edition() -> None:
    reader = make_reader()
    for day in range(3):
        listed_on = TODAY + timedelta(days=day)
        edition = make_edition(make_paper(listed_on=listed_on), day=listed_on, status=Edition.Status.DRAFT)
        close_edition(edition.pk, edition.closes_at)
        for hours, zone in [(2, "Pacific/Kiritimati"), (9, "Pacific/Pago_Pago")]:
            at = edition.closes_at + timedelta(hours=hours)
            change_preferences(reader, at, time_zone=zone)
            choose_again(reader.pk, at)
        close_edition(edition.pk, edition.closes_at + timedelta(hours=10))
        assert welcome_late_readers(edition.closes_at + timedelta(hours=11)) == 0
    assert sorted(Delivery.objects.values_list("edition__period", flat=True)) == [
        "2026-11-23",
        "2026-11-24",
        "2026-11-25",
    ]


# --- The spread --------------------------------------------------------------------------------------------------


def test_what_is_due_at_one_hour_leaves_within_the_spread_each_reader_at_a_moment_of_their_own(
    settings: Settings,
) -> None:
    settings.NEWSLETTER_SPREAD = SPREAD
    for _ in range(20):
        make_reader()
    edition = make_edition(make_paper(), status=Edition.Status.DRAFT)
    close_edition(edition.pk, NOW)
    waits = [delivery.next_attempt_at - delivery.due_at for delivery in Delivery.objects.all()]
    assert all(timedelta(0) <= wait < SPREAD for wait in waits)
    assert len(set(waits)) == 20
    assert {delivery.due_at.minute for delivery in Delivery.objects.all()} == {0}


def test_a_welcome_leaves_at_once_and_stays_so_when_it_is_chosen_again(settings: Settings) -> None:
    settings.NEWSLETTER_SPREAD = SPREAD
    make_edition(make_paper())
    reader = make_reader(confirmed_at=NOW)
    assert welcome_late_readers(NOW) == 1
    choose_again(reader.pk, NOW + timedelta(seconds=1))
    assert Delivery.objects.get().next_attempt_at == NOW


def test_another_hour_keeps_the_moment_within_it(settings: Settings) -> None:
    settings.NEWSLETTER_SPREAD = SPREAD
    reader = make_reader()
    edition = make_edition(make_paper(), status=Edition.Status.DRAFT)
    close_edition(edition.pk, NOW)
    before = Delivery.objects.get()
    change_preferences(reader, NOW, hour=22)
    choose_again(reader.pk, NOW)
    after = Delivery.objects.get()
    assert after.due_at == NOW.replace(hour=22)
    assert after.next_attempt_at - after.due_at == before.next_attempt_at - before.due_at > timedelta(0)
