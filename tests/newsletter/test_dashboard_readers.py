"""The readers of the dashboard, recounted in plain Python from all proofs of consent, over many random days."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter.dashboard.bars import draw
from newsletter.dashboard.readers import Day, readers_over
from newsletter.erasure import erase
from subscribers.models import ConsentEvent, Subscriber
from tests.factories import NOW, make_reader

pytestmark = pytest.mark.django_db

Kind = ConsentEvent.Kind
Status = Subscriber.Status
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
SOURCES = ["page", "one-click", "complaint", "admin", "provider", "hard bounce", "soft bounces"]


def note(reader: Subscriber, kind: str, at: datetime, source: str = "link") -> None:
    ConsentEvent.objects.create(subscriber=reader, kind=kind, at=at, source=source, wording_version="1")


def live(random: Random) -> Subscriber:
    """A reader who did anything a reader can do, in an order that is possible, at moments near midnight too."""
    status, moments = "", sorted(moment(random) for _ in range(random.randint(1, 9)))
    reader = make_reader(status=Status.PENDING)
    for at in moments:
        if status == Status.ACTIVE:
            kind = random.choice([Kind.REQUESTED, Kind.ADDRESS_CHANGED, Kind.UNSUBSCRIBED, Kind.UNSUBSCRIBED])
        elif status == Status.PENDING:
            kind = random.choice([Kind.REQUESTED, Kind.CONFIRMED, Kind.CONFIRMED, Kind.UNSUBSCRIBED])
        else:
            kind = random.choice([Kind.REQUESTED, Kind.REQUESTED, Kind.IMPORTED]) if not status else Kind.REQUESTED
        note(reader, kind, at, random.choice(SOURCES) if kind == Kind.UNSUBSCRIBED else "link")
        status = after(status, kind)
    Subscriber.objects.filter(pk=reader.pk).update(status=status, confirmed_at=NOW)
    return reader


def after(status: str, kind: str) -> str:
    """What somebody is after this step."""
    if kind in {Kind.CONFIRMED, Kind.IMPORTED}:
        return Status.ACTIVE
    if kind == Kind.UNSUBSCRIBED:
        return Status.UNSUBSCRIBED
    return Status.PENDING if kind == Kind.REQUESTED and status != Status.ACTIVE else status


def moment(random: Random) -> datetime:
    """A moment of the last weeks: any, or one at the edge of a day."""
    if random.random() < 0.5:
        return NOW - random.random() * 40 * DAY
    edge = MIDNIGHT - random.randrange(40) * DAY
    return edge + random.choice([-TICK, timedelta(), TICK])


def recount(first: date, last: date) -> list[Day]:
    """The days from all rows, in the order in which they happened."""
    states: dict[int, str] = {}
    joined, left, bounced = Counter[date](), Counter[date](), Counter[date]()
    active_at_end: dict[date, int] = {}
    events = sorted(ConsentEvent.objects.all(), key=lambda event: (event.at, event.pk))
    day = first - 60 * DAY
    while day <= last:
        for event in [event for event in events if event.at.astimezone(UTC).date() == day]:
            was, is_now = states.get(event.subscriber_id, ""), after(states.get(event.subscriber_id, ""), event.kind)
            states[event.subscriber_id] = is_now
            if is_now == Status.ACTIVE != was:
                joined[day] += 1
            elif was == Status.ACTIVE != is_now:
                (bounced if "bounce" in event.source else left)[day] += 1
        active_at_end[day] = sum(state == Status.ACTIVE for state in states.values())
        day += DAY
    days = [first + number * DAY for number in range((last - first).days + 1)]
    return [Day(day, active_at_end[day], joined[day], left[day], bounced[day]) for day in days]


@pytest.mark.parametrize("seed", range(20))
def test_every_day_is_what_the_proofs_of_consent_say(seed: int) -> None:
    random = Random(seed)  # noqa: S311  the same each time
    people = [live(random) for _ in range(25)]
    counted = readers_over(30, NOW)
    assert counted.days == recount(NOW.date() - 29 * DAY, NOW.date())
    assert counted.active == Subscriber.objects.active().count() == counted.days[-1].active
    assert counted.pending == Subscriber.objects.filter(status=Status.PENDING).count()
    for person in random.sample(people, 3):
        erase(person, NOW)
    # Of who was erased nothing is left to count, not in the past either; only that there was somebody.
    again = readers_over(30, NOW)
    assert again.days == recount(NOW.date() - 29 * DAY, NOW.date())
    assert again.erased == 3


def test_a_day_begins_and_ends_at_midnight_utc() -> None:
    for at in (MIDNIGHT - TICK, MIDNIGHT, MIDNIGHT + DAY - TICK):
        reader = make_reader()
        note(reader, Kind.CONFIRMED, at)
    yesterday, today = readers_over(2, NOW).days
    assert (yesterday.joined, yesterday.active) == (1, 1)
    assert (today.joined, today.active) == (2, 3)


def test_the_days_are_those_of_utc_wherever_the_clock_stands() -> None:
    elsewhere = NOW.astimezone(tz=None)
    assert [day.day for day in readers_over(3, elsewhere).days] == [NOW.date() - 2 * DAY, NOW.date() - DAY, NOW.date()]


def test_who_never_confirmed_has_not_left() -> None:
    reader = make_reader(status=Status.UNSUBSCRIBED)
    note(reader, Kind.REQUESTED, NOW - DAY)
    note(reader, Kind.UNSUBSCRIBED, NOW)
    assert (readers_over(30, NOW).left, readers_over(30, NOW).bounced) == (0, 0)


def test_it_takes_as_many_queries_for_twenty_readers_as_for_ten() -> None:
    random, counts = Random(1), []  # noqa: S311  the same each time
    for _ in range(2):
        for _ in range(10):
            live(random)
        with CaptureQueriesContext(connection) as queries:
            readers_over(90, NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4


# --- The figure -----------------------------------------------------------------------------------------------------


def test_the_line_ends_at_today_and_the_bars_part_in_the_middle() -> None:
    days = [
        Day(MIDNIGHT.date(), active=100, joined=4, left=0, bounced=0),
        Day(MIDNIGHT.date() + DAY, active=97, joined=0, left=2, bounced=1),
    ]
    figure = draw(days)
    assert (figure.low, figure.high) == (97, 100)
    assert figure.end[1] == figure.line_floor
    assert figure.bars[0].joined == pytest.approx(figure.middle - figure.bars_top, abs=0.1)
    assert figure.bars[1].left + figure.bars[1].bounced == pytest.approx(figure.bars_floor - figure.middle, abs=0.1)


def test_a_list_of_nobody_is_drawn_as_well() -> None:
    figure = draw([Day(MIDNIGHT.date(), 0, 0, 0, 0)])
    assert (figure.low, figure.high, figure.most_joined, figure.most_gone) == (0, 0, 0, 0)
    assert "nan" not in figure.line
