from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from papers.absence import SILENT_AFTER, absence
from papers.models import SourceRun
from tests.factories import NOW, make_paper

pytestmark = pytest.mark.django_db

SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
THANKSGIVING = datetime(2026, 11, 27, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 20, tzinfo=UTC).date()


@pytest.fixture(autouse=True)
def _the_listing_is_read(settings: Settings) -> None:
    settings.PAPERS_SOURCES = ["huggingface", "arxiv"]


def make_run(
    *, status: str = "read", started_at: datetime = NOW, source: str = "huggingface", by_hand: bool = False
) -> SourceRun:
    due_at = None if by_hand else started_at
    facts = {"started_at": started_at, "status": status}
    return SourceRun.objects.update_or_create(source=source, due_at=due_at, defaults=facts)[0]


def kind(at: datetime) -> str | None:
    found = absence(at)
    return str(found.kind) if found else None


def test_nothing_is_said_when_papers_were_listed_today() -> None:
    make_paper(listed_on=NOW.date())
    make_run(status="failed")
    assert absence(NOW) is None


def test_papers_of_friday_are_none_of_today() -> None:
    make_paper(listed_on=FRIDAY)
    make_run()
    assert kind(NOW) == "late"


def test_a_hidden_paper_does_not_count() -> None:
    make_paper(listed_on=NOW.date(), is_hidden=True)
    make_run()
    assert kind(NOW) == "late"


def test_a_weekend_is_a_weekend_whatever_the_sources_do() -> None:
    for status in ("read", "failed"):
        make_run(status=status, started_at=SATURDAY)
        assert kind(SATURDAY) == "weekend"


def test_a_holiday_is_told_from_a_list_that_is_late() -> None:
    make_run(started_at=THANKSGIVING)
    assert kind(THANKSGIVING) == "holiday"
    make_run(started_at=THANKSGIVING + timedelta(days=3))
    assert kind(THANKSGIVING + timedelta(days=3)) == "late"


@pytest.mark.parametrize("status", ["read", "empty"])
def test_a_source_that_answered_and_has_nothing_yet_is_late(status: str) -> None:
    make_run(status=status)
    assert kind(NOW) == "late"


@pytest.mark.parametrize("status", ["failed", "stale", "resting"])
def test_a_source_whose_last_reading_went_wrong_is_broken(status: str) -> None:
    make_run(started_at=NOW - timedelta(hours=1))
    make_run(status=status)
    assert kind(NOW) == "broken"


def test_a_source_that_was_not_read_for_hours_is_broken() -> None:
    assert kind(NOW) == "broken"
    make_run(started_at=NOW - SILENT_AFTER)
    assert kind(NOW) == "late"
    assert kind(NOW + timedelta(minutes=1)) == "broken"


def test_a_reading_that_never_finished_is_broken_and_one_under_way_is_not() -> None:
    make_run(status="unfinished")
    assert kind(NOW + timedelta(minutes=1)) == "late"
    assert kind(NOW + timedelta(minutes=11)) == "broken"


@pytest.mark.parametrize("status", ["failed", "stale", "unfinished"])
def test_a_reading_by_hand_that_came_to_nothing_says_nothing_of_todays_list(status: str) -> None:
    make_run(started_at=NOW - timedelta(hours=1))
    make_run(status=status, started_at=NOW - timedelta(minutes=30), by_hand=True)
    assert kind(NOW) == "late"


def test_a_good_reading_by_hand_ends_the_trouble() -> None:
    make_run(status="failed", started_at=NOW - timedelta(hours=1))
    make_run(by_hand=True)
    assert kind(NOW) == "late"


def test_a_holiday_on_which_the_source_is_broken_is_not_blamed_on_arxiv() -> None:
    make_run(status="failed", started_at=THANKSGIVING)
    assert kind(THANKSGIVING) == "broken"


def test_sources_that_list_nothing_do_not_make_the_list_broken() -> None:
    make_run()
    make_run(source="arxiv", status="failed")
    assert kind(NOW) == "late"


def test_nothing_is_said_where_no_list_is_read(settings: Settings) -> None:
    settings.PAPERS_SOURCES = ["sample"]
    assert absence(NOW) is None


def test_every_kind_has_a_sentence_of_its_own() -> None:
    said = {absence(SATURDAY)}
    for status, at in (("failed", NOW), ("read", NOW), ("read", THANKSGIVING)):
        make_run(status=status, started_at=at)
        said.add(absence(at))
    sentences = {found.sentence for found in said if found}
    assert len(sentences) == 4
    assert all(sentence.endswith(".") for sentence in sentences)


def test_sample_papers_hide_no_outage(settings: Settings) -> None:
    settings.PAPERS_SOURCES = ["huggingface"]
    make_paper(is_sample=True)
    found = absence(NOW)
    assert found
    assert found.kind == "broken"
