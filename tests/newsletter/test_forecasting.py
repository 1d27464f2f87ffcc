"""What is foretold of a draft, against what then becomes of it."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from newsletter import forecasting
from newsletter.editions import close_edition
from newsletter.forecasting import evenly, outlook_of, scaled
from newsletter.models import Delivery, Edition
from subscribers.models import Subscriber, Suppression
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.desk import make_draft

pytestmark = pytest.mark.django_db

BEFORE = NOW - timedelta(hours=3)


def make_readers() -> None:
    """Of each kind of reader some; twelve whom the edition is for."""
    for size in (5, 5, 10, 20):
        make_reader(size=size)
    make_reader(size=5, hour=20)
    make_reader(time_zone="Asia/Tokyo", size=5)
    for number in range(2):
        Suppression.objects.suppress(make_reader().email, "manual", NOW + timedelta(seconds=number))
    for _ in range(3):
        make_reader(paused_until=date(2027, 1, 1))
    make_reader(muted_words="paper")
    make_reader(cadence=Subscriber.Cadence.WEEKLY)
    make_reader(status=Subscriber.Status.PENDING)
    make_reader(status=Subscriber.Status.UNSUBSCRIBED)


def test_who_gets_how_many_papers_and_who_none_and_why_is_foretold() -> None:
    make_readers()
    outlook = outlook_of(make_draft(*(make_paper() for _ in range(12))), BEFORE)
    assert (outlook.readers, outlook.looked_at, outlook.is_estimate) == (12, 12, False)
    assert outlook.by_papers == {12: 1, 10: 1, 5: 4}
    assert list(outlook.by_papers) == [12, 10, 5]
    assert outlook.by_reason == {
        "The reader takes a break": 3,
        "The address must not be mailed": 2,
        "Nothing to show this reader": 1,
    }
    assert (outlook.digests, outlook.other_cadence) == (6, 1)


def test_what_is_foretold_is_what_closing_then_makes() -> None:
    make_readers()
    draft = make_draft(*(make_paper() for _ in range(12)))
    outlook = outlook_of(draft, draft.closes_at)
    close_edition(draft.pk, draft.closes_at)
    made = Counter(len(delivery.picks) for delivery in Delivery.objects.queued())
    assert outlook.by_papers == dict(made)
    assert sum(outlook.by_reason.values()) == Delivery.objects.filter(status="skipped").count()
    assert outlook.first_at == min(Delivery.objects.queued().values_list("next_attempt_at", flat=True))
    assert outlook.finishes_at == max(Delivery.objects.queued().values_list("next_attempt_at", flat=True))


def test_foretelling_stores_nothing() -> None:
    make_readers()
    draft = make_draft(make_paper())
    outlook_of(draft, BEFORE)
    draft.refresh_from_db()
    assert (Delivery.objects.count(), draft.status, draft.closing_at) == (0, Edition.Status.DRAFT, None)


def test_a_draft_that_nobody_waits_for_has_no_hours() -> None:
    outlook = outlook_of(make_draft(make_paper()), BEFORE)
    assert (outlook.readers, outlook.digests, outlook.by_papers, outlook.by_reason) == (0, 0, {}, {})
    assert (outlook.first_at, outlook.finishes_at, outlook.late) == (None, None, 0)


def test_papers_that_a_reader_had_are_not_counted_again() -> None:
    had, new = make_paper(), make_paper()
    reader = make_reader()
    make_delivery(make_edition(had, day=TODAY - timedelta(days=1)), reader, had, status=Delivery.Status.ACCEPTED)
    assert outlook_of(make_draft(had, new), BEFORE).by_papers == {1: 1}


def test_limits_put_off_the_finish_and_make_some_late(settings: Settings) -> None:
    for _ in range(30):
        make_reader(hour=19)
    draft = make_draft(make_paper())
    assert outlook_of(draft, BEFORE).finishes_at == datetime(2026, 11, 23, 19, tzinfo=UTC)
    settings.MAIL_PER_HOUR = 10
    slow = outlook_of(draft, BEFORE)
    assert slow.finishes_at == datetime(2026, 11, 23, 22, tzinfo=UTC)
    assert slow.late == 0
    settings.MAIL_PER_HOUR = 1
    assert outlook_of(draft, BEFORE).late > 0


def test_an_hour_before_it_closes_is_of_the_day_after() -> None:
    make_reader(hour=16)
    outlook = outlook_of(make_draft(make_paper()), BEFORE)
    assert outlook.first_at == datetime(2026, 11, 24, 16, tzinfo=UTC)


def test_a_draft_that_should_have_closed_is_foretold_from_now() -> None:
    make_reader(hour=17)
    draft = make_draft(make_paper())
    assert outlook_of(draft, NOW).first_at == datetime(2026, 11, 24, 17, tzinfo=UTC)


def test_of_many_readers_a_sample_stands_for_all_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasting, "SAMPLE", 10)
    for number in range(40):
        make_reader(size=5 if number % 2 else 10)
    outlook = outlook_of(make_draft(*(make_paper() for _ in range(12))), BEFORE)
    assert (outlook.readers, outlook.looked_at, outlook.is_estimate) == (40, 10, True)
    assert outlook.digests == 40
    again = outlook_of(Edition.objects.get(), BEFORE)
    assert again == outlook


# --- Samples ------------------------------------------------------------------------------------------------------


def test_a_sample_is_taken_evenly() -> None:
    assert evenly(range(10), 5) == [0, 2, 4, 6, 8]
    assert evenly(range(3), 5) == [0, 1, 2]
    assert evenly([], 5) == []


@given(st.integers(0, 500), st.integers(1, 50))
def test_a_sample_has_each_key_once_in_order(count: int, size: int) -> None:
    sample = evenly(range(count), size)
    assert len(sample) == min(count, size)
    assert sample == sorted(set(sample))


@given(st.dictionaries(st.integers(), st.integers(0, 1000)), st.integers(0, 100_000))
def test_counts_that_are_scaled_add_up(counts: dict[int, int], total: int) -> None:
    result = scaled(counts, total)
    assert all(count >= 0 for count in result.values())
    assert sum(result.values()) == (total if any(counts.values()) else 0)
    if seen := sum(counts.values()):
        assert all(abs(result[key] - count * total / seen) <= 1 for key, count in counts.items())
