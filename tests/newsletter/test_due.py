from datetime import UTC, date, datetime, timedelta

import pytest
from django.template import Context, Template

from newsletter.audience import choose_again
from newsletter.due import next_digest_at
from newsletter.editions import close_edition
from newsletter.models import Delivery, Edition
from subscribers.models import Subscriber
from tests.factories import make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

# A Tuesday.
AT = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
TUESDAY, SUNDAY = date(2026, 11, 24), date(2026, 11, 29)


def said(reader: Subscriber, monkeypatch: pytest.MonkeyPatch, at: datetime = AT) -> str:
    """What pages say at `at`."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)
    template = Template("{% load digest_preview %}{% next_digest reader %}")
    return template.render(Context({"reader": reader}))


def wait_for(reader: Subscriber, due_at: datetime, **fields: object) -> Delivery:
    """A delivery of yesterday's edition."""
    paper = make_paper(listed_on=date(2026, 11, 23))
    return make_delivery(make_edition(paper, day=date(2026, 11, 23)), reader, paper, due_at=due_at, **fields)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({}, "Wednesday 25 November 2026, 07:00 (Europe/Vienna)"),
        # The edition that closes this evening comes no sooner than that.
        ({"hour": 12}, "Wednesday 25 November 2026, 12:00 (Europe/Vienna)"),
        ({"hour": 18}, "Tuesday 24 November 2026, 18:00 (Europe/Vienna)"),
        ({"time_zone": "America/New_York"}, "Wednesday 25 November 2026, 07:00 (America/New York)"),
        ({"time_zone": "Pacific/Auckland", "hour": 0}, "Thursday 26 November 2026, 00:00 (Pacific/Auckland)"),
        ({"time_zone": "Mars/Olympus"}, "Wednesday 25 November 2026, 07:00 (UTC)"),
        # A week closes on Sunday.
        ({"cadence": "weekly", "weekday": 4}, "Friday 4 December 2026, 07:00 (Europe/Vienna)"),
        ({"cadence": "weekly", "weekday": 0}, "Monday 30 November 2026, 07:00 (Europe/Vienna)"),
        ({"cadence": "weekdays", "paused_until": date(2026, 11, 28)}, "Monday 30 November 2026, 07:00 (Europe/Vienna)"),
        ({"paused_until": date(2026, 12, 24)}, "Thursday 24 December 2026, 07:00 (Europe/Vienna)"),
        ({"paused_until": date(2026, 11, 1)}, "Wednesday 25 November 2026, 07:00 (Europe/Vienna)"),
        (
            {"cadence": "weekly", "weekday": 4, "paused_until": date(2027, 11, 24)},
            "Friday 26 November 2027, 07:00 (Europe/Vienna)",
        ),
    ],
)
def test_the_next_digest_comes(wishes: dict[str, object], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = make_reader()
    Subscriber.objects.update(**({"hour": 7, "time_zone": "Europe/Vienna"} | wishes))
    reader.refresh_from_db()
    assert said(reader, monkeypatch) == words


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Apia", "America/Los_Angeles"])
@pytest.mark.parametrize("hour", [0, 9, 17, 23])
@pytest.mark.parametrize(("cadence", "weekday"), [("daily", 0), ("weekdays", 0), ("weekly", 0), ("weekly", 6)])
@pytest.mark.parametrize("day", [TUESDAY, SUNDAY])
def test_what_is_promised_is_when_it_comes(zone: str, hour: int, cadence: str, weekday: int, day: date) -> None:
    reader = make_reader(time_zone=zone, hour=hour, cadence=cadence, weekday=weekday)
    at = datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
    promised = next_digest_at(reader, at)
    for number in range(7):
        listed_on = day + timedelta(days=number)
        daily = make_edition(make_paper(listed_on=listed_on), day=listed_on, status="draft")
        close_edition(daily.pk, daily.closes_at)
    first = SUNDAY
    week = make_edition(make_paper(listed_on=first), day=first, status="draft", kind="weekly", period="2026-W48")
    close_edition(week.pk, week.closes_at)
    assert promised == min(Delivery.objects.values_list("due_at", flat=True))
    assert next_digest_at(reader, at) == promised


def test_what_is_queued_is_the_next() -> None:
    reader = make_reader(hour=12)
    wait_for(reader, AT.replace(hour=12, minute=0))
    assert next_digest_at(reader, AT) == AT.replace(hour=12, minute=0)


def test_wishes_that_are_not_stored_yet_move_what_is_queued() -> None:
    reader = make_reader(hour=12)
    wait_for(reader, AT.replace(hour=12, minute=0))
    reader.hour = 15
    assert next_digest_at(reader, AT) == AT.replace(hour=15, minute=0)
    # Its hour has passed: it comes at once.
    reader.hour = 8
    assert next_digest_at(reader, AT) == AT
    reader.cadence = Subscriber.Cadence.WEEKLY
    assert next_digest_at(reader, AT) == datetime(2026, 11, 30, 8, tzinfo=UTC)


def test_a_pause_that_ends_before_the_hour_brings_back_what_the_page_then_says() -> None:
    reader = make_reader(hour=12, paused_until=date(2026, 12, 1))
    delivery = wait_for(reader, AT.replace(hour=12, minute=0))
    choose_again(reader.pk, AT)
    assert next_digest_at(reader, AT) == datetime(2026, 12, 1, 12, tzinfo=UTC)
    reader.paused_until = None
    reader.save()
    promised = next_digest_at(reader, AT)
    choose_again(reader.pk, AT)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.due_at) == ("queued", promised)


def test_what_went_out_stopped_or_is_late_is_no_promise() -> None:
    reader = make_reader()
    today_at_seven = AT.replace(hour=7, minute=0)
    tomorrow_at_seven = today_at_seven + timedelta(days=1)
    delivery = wait_for(reader, today_at_seven)
    assert next_digest_at(reader, AT) == AT
    Edition.objects.update(paused_at=AT)
    assert next_digest_at(reader, AT) == tomorrow_at_seven
    Edition.objects.update(paused_at=None)
    Delivery.objects.filter(pk=delivery.pk).update(status=Delivery.Status.ACCEPTED)
    assert next_digest_at(reader, AT) == tomorrow_at_seven


def test_an_edition_that_closed_ahead_of_its_time_does_not_close_again() -> None:
    reader = make_reader()
    make_edition(make_paper(), day=TUESDAY, closing_at=AT)
    assert next_digest_at(reader, AT) == datetime(2026, 11, 26, 7, tzinfo=UTC)
