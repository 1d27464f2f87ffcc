from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter.audience import choose_again, choose_again_where_stale, welcome_late_readers
from newsletter.editions import close_edition
from newsletter.models import Delivery, Edition
from papers.models import Paper
from subscribers.models import Feedback, Subscriber, Suppression
from subscribers.preferences import change_preferences
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

DRAFT = Edition.Status.DRAFT
FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)
MONDAY_AT_SEVEN = datetime(2026, 11, 23, 7, tzinfo=UTC)


def at_closing(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 17, tzinfo=UTC)


def make_week(*papers: Paper, status: str = Edition.Status.CLOSED) -> Edition:
    """The edition about the week of 16 November 2026."""
    return make_edition(*papers, day=SUNDAY, status=status, kind=Edition.Kind.WEEKLY, period="2026-W47")


def like(reader: Subscriber, *papers: Paper) -> None:
    for paper in papers:
        Feedback.objects.create(subscriber=reader, paper=paper, kind=Feedback.Kind.MORE, at=NOW)


def close(edition: Edition, at: datetime | None = None) -> dict[int | None, Delivery]:
    """Close a draft; return the deliveries by reader."""
    close_edition(edition.pk, at or edition.closes_at)
    return {delivery.subscriber_id: delivery for delivery in edition.deliveries.all()}


# --- Who gets it, and when ---------------------------------------------------------------------------------------


def test_each_cadence_gets_its_editions_at_its_time() -> None:
    daily, weekdays, weekly = (
        make_reader(cadence=cadence, weekday=2).pk for cadence in ("daily", "weekdays", "weekly")
    )
    friday = close(make_edition(make_paper(listed_on=FRIDAY), day=FRIDAY, status=DRAFT))
    saturday = close(make_edition(make_paper(listed_on=SATURDAY), day=SATURDAY, status=DRAFT))
    week = close(make_week(make_paper(listed_on=FRIDAY), status=DRAFT))
    assert {reader: delivery.due_at for reader, delivery in friday.items()} == {
        daily: datetime(2026, 11, 21, 7, tzinfo=UTC),
        weekdays: MONDAY_AT_SEVEN,
    }
    assert set(saturday) == {daily}
    assert {reader: delivery.due_at for reader, delivery in week.items()} == {
        weekly: datetime(2026, 11, 25, 7, tzinfo=UTC)
    }


def test_a_weekly_reader_never_gets_a_paper_that_came_daily_before() -> None:
    had, new = make_paper(listed_on=FRIDAY), make_paper(listed_on=FRIDAY)
    reader = make_reader(cadence="weekly")
    make_delivery(make_edition(had, new, day=FRIDAY), reader, had, status=Delivery.Status.ACCEPTED)
    picks = close(make_week(had, new, status=DRAFT))[reader.pk].picks
    assert [pick["paper_id"] for pick in picks] == [new.pk]


def test_a_weekly_closing_resumes_where_a_crash_left_it() -> None:
    edition = make_week(make_paper(listed_on=FRIDAY), status=Edition.Status.CLOSING)
    served, waiting = make_reader(cadence="weekly"), make_reader(cadence="weekly")
    make_reader(cadence="daily")
    make_delivery(edition, served, edition.entries.get().paper)
    close(edition)
    before = list(Delivery.objects.order_by("pk").values())
    close(edition, NOW + timedelta(hours=1))
    edition.refresh_from_db()
    assert (edition.status, edition.audience) == (Edition.Status.CLOSED, 2)
    assert {row["subscriber_id"] for row in before} == {served.pk, waiting.pk}
    assert list(Delivery.objects.order_by("pk").values()) == before


def test_who_confirms_later_gets_the_current_edition_of_the_chosen_cadence_once() -> None:
    make_edition(make_paper(), day=TODAY)
    make_week(make_paper(listed_on=FRIDAY))
    cadences = {make_reader(cadence=cadence, confirmed_at=NOW).pk: cadence for cadence in Subscriber.Cadence.values}
    assert welcome_late_readers(NOW) == 3
    assert welcome_late_readers(NOW) == 0
    got = {cadences[one.subscriber_id or 0]: one.edition.kind for one in Delivery.objects.select_related("edition")}
    assert got == {"daily": "daily", "weekdays": "daily", "weekly": "weekly"}
    assert set(Delivery.objects.values_list("due_at", flat=True)) == {NOW}


def test_a_crowd_that_confirms_late_takes_no_more_queries_than_a_few() -> None:
    edition = make_edition(make_paper(), make_paper())
    counts = []
    for number in (10, 20):
        for _ in range(number):
            like(make_reader(confirmed_at=NOW, interests="graphs"), make_paper(listed_on=None))
        with CaptureQueriesContext(connection) as queries:
            assert welcome_late_readers(NOW) == number
        counts.append(len(queries))
    edition.refresh_from_db()
    assert counts[0] == counts[1]
    assert edition.audience == edition.deliveries.count() == 30


@pytest.mark.parametrize(("age", "is_news"), [(timedelta(days=6, hours=23), True), (timedelta(days=7), False)])
def test_a_weekly_edition_is_news_for_a_week(age: timedelta, is_news: bool) -> None:
    edition = make_week(make_paper())
    assert (Edition.objects.current(at_closing(SUNDAY) + age, Edition.Kind.WEEKLY) == edition) is is_news


def test_a_new_cadence_brings_no_second_welcome() -> None:
    paper = make_paper(listed_on=FRIDAY)
    reader = make_reader(confirmed_at=MONDAY_AT_SEVEN, cadence="weekly")
    make_delivery(make_edition(paper, day=FRIDAY), reader, paper, status=Delivery.Status.ACCEPTED)
    make_week(paper, make_paper(listed_on=FRIDAY))
    assert welcome_late_readers(NOW) == 0


def test_suppressed_readers_have_a_skipped_delivery_from_the_beginning() -> None:
    bounced, other = make_reader(email="Gone@example.org"), make_reader()
    Suppression.objects.suppress("gone@example.org", Suppression.Reason.HARD_BOUNCE, NOW)
    deliveries = close(make_edition(make_paper(), status=DRAFT))
    skipped = deliveries[bounced.pk]
    assert (skipped.status, skipped.skip_reason, skipped.picks) == ("skipped", "suppressed", [])
    assert deliveries[other.pk].status == "queued"
    assert Edition.objects.get().audience == 2


# --- A pause -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paused_until", "zone", "reason"),
    [
        (date(2026, 11, 25), "UTC", "paused"),
        (date(2026, 11, 24), "UTC", ""),
        (date(2020, 1, 1), "UTC", ""),
        (None, "UTC", ""),
        # Due on the 24th at seven in Apia, which is still the 23rd in UTC.
        (date(2026, 11, 24), "Pacific/Apia", ""),
        (date(2026, 11, 25), "Pacific/Apia", "paused"),
    ],
)
def test_a_pause_ends_on_its_day_where_the_reader_is(paused_until: date | None, zone: str, reason: str) -> None:
    reader = make_reader(paused_until=paused_until, time_zone=zone)
    delivery = close(make_edition(make_paper(), status=DRAFT))[reader.pk]
    assert (delivery.status, delivery.skip_reason) == ("skipped" if reason else "queued", reason)


def test_a_pause_skips_what_is_queued_and_once_is_enough() -> None:
    paper = make_paper()
    reader = make_reader(paused_until=TODAY + timedelta(days=7))
    delivery = make_delivery(make_edition(paper), reader, paper, due_at=NOW + timedelta(hours=13))
    choose_again(reader.pk, NOW)
    choose_again(reader.pk, NOW + timedelta(hours=1))
    delivery.refresh_from_db()
    assert (delivery.status, delivery.skip_reason, delivery.settled_at) == ("skipped", "paused", NOW)


@pytest.mark.parametrize(
    ("wish", "back"),
    [
        ({"paused_until": TODAY + timedelta(days=7)}, {"paused_until": None}),
        ({"cadence": "weekly"}, {"cadence": "daily"}),
    ],
)
def test_what_a_mistake_kept_back_comes_when_it_is_mended_before_the_hour(
    wish: dict[str, object], back: dict[str, object]
) -> None:
    reader = make_reader()
    edition = make_edition(make_paper(), make_paper())
    queued = make_delivery(edition, reader, edition.entries.all()[0].paper, due_at=NOW + timedelta(hours=13))
    Subscriber.objects.update(**wish)
    choose_again(reader.pk, NOW)
    assert Delivery.objects.get().status == "skipped"
    later = NOW + timedelta(minutes=1)
    Subscriber.objects.update(**back, hour=20)
    choose_again(reader.pk, later)
    queued.refresh_from_db()
    assert (queued.status, queued.skip_reason, queued.settled_at) == ("queued", "", None)
    assert (queued.due_at, queued.next_attempt_at, queued.chosen_at) == (NOW.replace(hour=20),) * 2 + (later,)
    assert len(queued.picks) == 2


def test_a_pause_of_the_closing_that_ends_before_the_hour_costs_nothing() -> None:
    paper = make_paper()
    reader = make_reader(paused_until=TODAY + timedelta(days=7), preferences_changed_at=at_closing(TODAY))
    edition = make_edition(paper, status=DRAFT)
    assert close(edition)[reader.pk].skip_reason == "paused"
    Subscriber.objects.update(paused_until=None, preferences_changed_at=NOW)
    assert choose_again_where_stale(NOW) == 1
    assert choose_again_where_stale(NOW) == 0
    delivery = Delivery.objects.get()
    assert (delivery.status, [pick["paper_id"] for pick in delivery.picks]) == ("queued", [paper.pk])
    assert edition.deliveries.count() == 1


def test_the_sweep_looks_once_at_what_stays_in_a_pause() -> None:
    paper = make_paper()
    reader = make_reader(paused_until=TODAY + timedelta(days=7), preferences_changed_at=NOW)
    earlier = NOW - timedelta(minutes=1)
    make_delivery(make_edition(paper), reader, paper, due_at=NOW + timedelta(hours=13), chosen_at=earlier)
    assert choose_again_where_stale(NOW) == 1
    assert choose_again_where_stale(NOW) == 0


@pytest.mark.parametrize("reason", ["paused", "cadence", "suppressed", "nothing_relevant", "late"])
def test_what_its_hour_or_another_reason_settled_does_not_come_back(reason: str) -> None:
    paper = make_paper()
    reader = make_reader()
    due_at = NOW if reason in {"paused", "cadence", "nothing_relevant"} else NOW + timedelta(hours=1)
    skipped = {"status": Delivery.Status.SKIPPED, "skip_reason": reason}
    make_delivery(make_edition(paper), reader, paper, due_at=due_at, **skipped)
    choose_again(reader.pk, NOW)
    assert Delivery.objects.get().skip_reason == reason


def test_a_digest_that_had_nothing_for_a_reader_comes_once_they_want_something_of_it() -> None:
    reader = make_reader(muted_words="robots")
    edition = make_edition(make_paper(title="Robots"), status=DRAFT)
    delivery = close(edition)[reader.pk]
    assert delivery.skip_reason == "nothing_relevant"
    change_preferences(reader, NOW, muted_words="")
    choose_again(reader.pk, NOW)
    assert [pick["paper_id"] for pick in Delivery.objects.queued().get().picks] == [edition.entries.get().paper_id]
    change_preferences(reader, NOW, muted_words="robots")
    choose_again(reader.pk, NOW)
    assert Delivery.objects.get().skip_reason == "nothing_relevant"


def test_a_paper_of_the_digest_that_is_skipped_now_may_come_with_the_one_that_is_back() -> None:
    paper = make_paper(listed_on=FRIDAY)
    reader = make_reader(cadence="weekly", weekday=1)
    tomorrow = NOW + timedelta(days=1)
    skipped = {"status": Delivery.Status.SKIPPED, "skip_reason": "cadence"}
    week = make_delivery(make_week(paper), reader, paper, due_at=tomorrow, **skipped)
    day = make_delivery(make_edition(paper), reader, paper, due_at=tomorrow)
    choose_again(reader.pk, NOW)
    week.refresh_from_db()
    day.refresh_from_db()
    assert (day.status, week.status) == ("skipped", "queued")
    assert [pick["paper_id"] for pick in week.picks] == [paper.pk]


# --- Another cadence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cadence", "day", "reason"),
    [
        ("daily", FRIDAY, ""),
        ("weekdays", FRIDAY, ""),
        ("weekly", FRIDAY, "cadence"),
        ("weekdays", SATURDAY, "cadence"),
    ],
)
def test_a_queued_digest_of_another_cadence_is_skipped(cadence: str, day: date, reason: str) -> None:
    paper = make_paper(listed_on=FRIDAY)
    reader = make_reader(cadence=cadence)
    due_at = at_closing(day) + timedelta(hours=14)
    delivery = make_delivery(make_edition(paper, day=day), reader, paper, due_at=due_at)
    choose_again(reader.pk, at_closing(day) + timedelta(hours=1))
    delivery.refresh_from_db()
    assert delivery.skip_reason == reason


def test_a_queued_weekly_digest_moves_to_another_day_and_ends_with_a_daily_cadence() -> None:
    paper = make_paper(listed_on=FRIDAY)
    reader = make_reader(cadence="weekly", weekday=3)
    delivery = make_delivery(make_week(paper), reader, paper, due_at=NOW + timedelta(days=1))
    choose_again(reader.pk, NOW)
    delivery.refresh_from_db()
    assert delivery.due_at == datetime(2026, 11, 26, 7, tzinfo=UTC)
    Subscriber.objects.update(cadence="daily")
    choose_again(reader.pk, NOW)
    delivery.refresh_from_db()
    assert delivery.skip_reason == "cadence"


def test_a_queued_digest_never_moves_onto_the_weekend_of_who_reads_on_working_days() -> None:
    paper = make_paper(listed_on=FRIDAY)
    # Friday's nine o'clock in Los Angeles is when it closes; on Saturday the reader asks for that hour.
    reader = make_reader(cadence="weekdays", time_zone="America/Los_Angeles", hour=9)
    delivery = make_delivery(make_edition(paper, day=FRIDAY), reader, paper, due_at=NOW)
    choose_again(reader.pk, datetime(2026, 11, 21, 20, tzinfo=UTC))
    delivery.refresh_from_db()
    assert delivery.due_at == datetime(2026, 11, 23, 17, tzinfo=UTC)
