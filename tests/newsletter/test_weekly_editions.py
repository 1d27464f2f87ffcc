"""The editions of weeks."""

from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.editions import (
    ensure_edition,
    keep_editions,
    place_last,
    weeks_to_publish,
)
from newsletter.models import Delivery, Edition, EditionEntry
from papers.models import Paper, Signal, TrendingScore
from papers.scoring import score_papers
from tests.factories import NOW, TODAY, make_edition, make_paper, make_reader
from tests.newsletter.keeping import MORNING, WEEKLY, YESTERDAY, keep, rows, statuses

pytestmark = pytest.mark.django_db

# --- Weeks -------------------------------------------------------------------------------------------------------

SUNDAY_EVENING = datetime(2026, 11, 22, 17, tzinfo=UTC)


def close_friday(*papers: Paper) -> Edition:
    """A daily edition of the week that ends on 22 November 2026."""
    return make_edition(*papers or [make_paper(listed_on=YESTERDAY)], day=YESTERDAY)


def test_a_week_has_an_edition_once_one_of_its_days_had_one() -> None:
    at = datetime(2026, 11, 20, 16, tzinfo=UTC)
    make_paper(listed_on=YESTERDAY)
    keep(at)
    assert statuses(WEEKLY) == {}
    keep(at + timedelta(hours=1))
    edition = Edition.objects.get(kind=WEEKLY)
    assert (edition.period, edition.status, edition.closes_at) == ("2026-W47", "draft", SUNDAY_EVENING)
    assert edition.entries.count() == 1


def test_a_week_without_a_daily_edition_has_none() -> None:
    make_edition(make_paper(), day=YESTERDAY, status=Edition.Status.CANCELLED)
    make_edition(make_paper(), day=date(2026, 11, 13))
    score_papers(SUNDAY_EVENING)
    keep_editions(SUNDAY_EVENING)
    assert "2026-W47" not in statuses(WEEKLY)


def test_a_weekly_edition_ranks_by_the_attention_of_the_week() -> None:
    early, late = make_paper(listed_on=date(2026, 11, 16), upvotes=0), make_paper(listed_on=date(2026, 11, 20))
    for paper, value, day in ((early, 200, 17), (late, 100, 20)):
        observed_at = datetime(2026, 11, day, 12, tzinfo=UTC)
        Signal.objects.create(paper=paper, source="huggingface", kind="upvotes", value=value, observed_at=observed_at)
    keep(datetime(2026, 11, 20, 17, tzinfo=UTC))
    keep(SUNDAY_EVENING)
    ranked = {edition.kind: [entry.paper for entry in edition.entries.all()] for edition in Edition.objects.all()}
    assert ranked["weekly"] == [early, late]
    assert ranked["daily"][0] == late


def test_a_week_closes_on_sunday_for_weekly_readers_and_twice_is_once() -> None:
    close_friday()
    make_reader(cadence="daily", confirmed_at=NOW - timedelta(days=30))
    weekly = make_reader(cadence="weekly", weekday=1)
    keep(SUNDAY_EVENING - timedelta(hours=1))
    assert statuses(WEEKLY) == {"2026-W47": "draft"}
    keep(SUNDAY_EVENING)
    before = rows()
    keep(SUNDAY_EVENING)
    keep(SUNDAY_EVENING + timedelta(hours=1))
    assert rows() == before
    delivery = Delivery.objects.get(edition__kind=WEEKLY)
    assert (delivery.subscriber, delivery.due_at) == (weekly, datetime(2026, 11, 24, 7, tzinfo=UTC))


def test_a_week_that_closes_late_is_still_about_its_week() -> None:
    old = make_paper(listed_on=YESTERDAY)
    close_friday(old)
    make_paper(listed_on=TODAY)
    keep(MORNING)
    edition = Edition.objects.get(kind=WEEKLY)
    assert (edition.period, edition.status) == ("2026-W47", "closed")
    assert [entry.paper for entry in edition.entries.all()] == [old]


def test_a_week_that_was_missed_for_too_long_is_cancelled() -> None:
    make_edition(make_paper(), day=date(2026, 11, 15), kind=WEEKLY, period="2026-W46", status=Edition.Status.DRAFT)
    keep_editions(SUNDAY_EVENING + timedelta(minutes=1))
    assert statuses(WEEKLY) == {"2026-W46": "cancelled"}


def test_weeks_before_the_last_that_went_out_are_never_published() -> None:
    close_friday()
    make_edition(make_paper(), day=date(2026, 11, 29), kind=WEEKLY, period="2026-W48")
    assert weeks_to_publish(MORNING) == []


def test_weeks_and_days_do_not_overtake_each_other() -> None:
    close_friday()
    keep(MORNING - timedelta(days=1))
    make_paper(listed_on=TODAY)
    keep(MORNING)
    keep(NOW)
    assert statuses() == {"2026-11-20": "closed", "2026-11-23": "closed"}
    assert statuses(WEEKLY) == {"2026-W47": "closed", "2026-W48": "draft"}


def test_a_weekly_edition_takes_no_news_from_the_days() -> None:
    paper = make_paper(listed_on=TODAY)
    make_edition(paper, day=date(2026, 11, 29), kind=WEEKLY, period="2026-W48")
    edition = ensure_edition(TODAY)
    assert edition is not None
    assert edition.period == TODAY.isoformat()


def test_what_an_editor_adds_to_a_week_has_the_score_of_the_week() -> None:
    paper = make_paper(upvotes=40)
    score_papers(NOW)
    edition = make_edition(day=date(2026, 11, 29), kind=WEEKLY, period="2026-W48", status=Edition.Status.DRAFT)
    entry = EditionEntry(edition=edition, paper=paper)
    place_last(entry)
    assert entry.score == TrendingScore.objects.get(paper=paper, window="week").score
