"""How mail is received, recounted in plain Python from all deliveries and events."""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from newsletter.dashboard.deliverability import (
    ENOUGH,
    OF_BOUNCES,
    OF_COMPLAINTS,
    Limits,
    Outcome,
    Rate,
    Verdict,
    deliverability,
)
from newsletter.models import Delivery, DeliveryEvent, Edition
from subscribers.models import Subscriber
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

Status = Delivery.Status
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def edition_of(days_ago: int) -> Edition:
    return make_edition(make_paper(), day=NOW.date() - days_ago * DAY)


def tell(delivery: Delivery, kind: str, *, is_permanent: bool | None, at: datetime) -> None:
    DeliveryEvent.objects.create(
        key=uuid4().hex, provider="postmark", kind=kind, received_at=at, delivery=delivery, is_permanent=is_permanent
    )


def any_delivery(random: Random, edition: Edition, reader: Subscriber) -> None:
    """A delivery that became anything a delivery can become."""
    status, at = (
        random.choice([Status.QUEUED, Status.FAILED, Status.SKIPPED, *[Status.ACCEPTED] * 5]),
        edition.closing_at,
    )
    assert at
    facts: dict[str, Any] = {"skip_reason": "late"} if status == Status.SKIPPED else {}
    if status == Status.ACCEPTED:
        facts |= {f"{fact}_at": at + HOUR for fact in ("delivered", "bounced", "complained") if random.random() < 0.4}
    delivery = make_delivery(edition, reader, status=status, **facts)
    if delivery.bounced_at:
        # Put off, come back for good, or both; and nobody says which.
        told: list[list[bool | None]] = [[True], [False], [None], [False, True], [True, True]]
        for is_permanent in random.choice(told):
            tell(delivery, "bounced", is_permanent=is_permanent, at=at)
    if status == Status.FAILED:
        for is_permanent in random.choice([[], [True], [False]]):
            tell(delivery, "rejected", is_permanent=is_permanent, at=at)


def recount(edition: Edition) -> Outcome:
    rows = [row for row in Delivery.objects.all() if row.edition_id == edition.pk]
    events = list(DeliveryEvent.objects.all())

    def for_good(row: Delivery, kind: str) -> bool:
        return any(event.delivery_id == row.pk and event.kind == kind and event.is_permanent for event in events)

    return Outcome(
        accepted=sum(row.status == Status.ACCEPTED for row in rows),
        delivered=sum(row.delivered_at is not None for row in rows),
        bounced=sum(row.bounced_at is not None and for_good(row, "bounced") for row in rows),
        complained=sum(row.complained_at is not None for row in rows),
        refused=sum(row.status == Status.FAILED and for_good(row, "rejected") for row in rows),
    )


@pytest.mark.parametrize("seed", range(10))
def test_every_edition_is_what_the_ledger_and_the_events_say(seed: int) -> None:
    random = Random(seed)  # noqa: S311  the same each time
    readers = [make_reader() for _ in range(12)]
    editions = [edition_of(days) for days in random.sample(range(45), 6)]
    for edition in editions:
        for reader in readers:
            any_delivery(random, edition, reader)
    counted = deliverability(NOW)
    recent = [edition for edition in editions if edition.closing_at and edition.closing_at > NOW - 30 * DAY]
    assert {of.edition.pk: of.outcome for of in counted.editions} == {
        edition.pk: recount(edition) for edition in recent
    }
    week = [edition for edition in recent if edition.closing_at and edition.closing_at > NOW - 7 * DAY]
    assert counted.week == sum((recount(edition) for edition in week), Outcome())
    assert counted.month == sum((recount(edition) for edition in recent), Outcome())


def test_it_takes_as_many_queries_for_twenty_deliveries_as_for_ten() -> None:
    random, counts = Random(1), []  # noqa: S311  the same each time
    for days in (1, 2):
        edition = edition_of(days)
        for _ in range(10):
            any_delivery(random, edition, make_reader())
        with CaptureQueriesContext(connection) as queries:
            deliverability(NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


def test_without_an_edition_there_is_nothing_to_tell() -> None:
    assert deliverability(NOW).editions == []
    assert deliverability(NOW).month == Outcome()


@pytest.mark.parametrize(
    ("part", "whole", "limits", "verdict"),
    [
        (0, 0, OF_COMPLAINTS, Verdict.FEW),
        (9, ENOUGH - 1, OF_COMPLAINTS, Verdict.FEW),
        (0, ENOUGH, OF_COMPLAINTS, Verdict.GOOD),
        (9, 10_000, OF_COMPLAINTS, Verdict.GOOD),
        (10, 10_000, OF_COMPLAINTS, Verdict.HIGH),
        (29, 10_000, OF_COMPLAINTS, Verdict.HIGH),
        (30, 10_000, OF_COMPLAINTS, Verdict.TOO_HIGH),
        (199, 10_000, OF_BOUNCES, Verdict.GOOD),
        (200, 10_000, OF_BOUNCES, Verdict.HIGH),
        (499, 10_000, OF_BOUNCES, Verdict.HIGH),
        (500, 10_000, OF_BOUNCES, Verdict.TOO_HIGH),
    ],
)
def test_a_rate_is_judged_by_what_providers_ask_for(part: int, whole: int, limits: Limits, verdict: Verdict) -> None:
    assert Rate(part, whole, limits).verdict == verdict


def test_that_nobody_tells_of_bounces_is_noticed_where_mail_really_leaves(settings: Settings) -> None:
    settings.MAIL_PROVIDER = "postmark"
    delivery = make_delivery(edition_of(1), make_reader(), status=Status.ACCEPTED)
    assert not deliverability(NOW).tells
    settings.MAIL_PROVIDER = "outbox"
    assert deliverability(NOW).tells
    settings.MAIL_PROVIDER = "postmark"
    Delivery.objects.filter(pk=delivery.pk).update(delivered_at=NOW)
    assert deliverability(NOW).tells


def test_a_rate_stays_on_its_scale() -> None:
    assert Rate(10_000, 10_000, OF_BOUNCES).mark == 200
    assert Rate(0, 0, OF_BOUNCES).mark == 0
    assert Rate(0, 0, OF_BOUNCES).percent == "–"
    assert Rate(3, 10_000, OF_COMPLAINTS).percent == "0.03 %"
    assert (OF_COMPLAINTS.high_percent, OF_BOUNCES.too_high_percent) == ("0.1 %", "5 %")
