"""Reading the sources that are due: when, and what is kept of it; and what each way to fail leaves behind."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from papers.ingest import ingest, ingest_due, read_on_request, read_source, run_source
from papers.models import Paper, Signal, SourceRun, TrendingScore
from papers.sources import SOURCES
from papers.sources.base import PaperRecord, Reading, Row, RowError, SourceError
from papers.sources.huggingface import PAGE_SIZE
from papers.tasks import read_source_task, score_due_task
from tests.factories import NOW, make_record
from tests.papers.answers import make_row, make_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_one_attempt")]

HOUR = timedelta(hours=1)


@dataclass
class Made:
    """A source whose rows and errors are made up."""

    rows: Sequence[Row | Exception] = ()
    name: str = "made"
    every: timedelta = HOUR
    asked_at: list[datetime] = field(default_factory=list)

    def question(self, at: datetime) -> str:
        return "what was made up"

    def why_empty(self, at: datetime) -> str:
        return "Nothing was made up."

    def fetch(self, at: datetime) -> Iterator[Row]:
        self.asked_at.append(at)
        for row in self.rows:
            if isinstance(row, Exception):
                raise row
            yield row


def _itself(source: Made) -> Made:
    return source


@pytest.fixture
def enable(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make these the sources there are, and all of them enabled."""

    def change(*sources: Made) -> None:
        for source in sources:
            monkeypatch.setitem(SOURCES, source.name, partial(_itself, source))
        settings.PAPERS_SOURCES = [source.name for source in sources]

    return change


def failing(message: str = "no answer.", **facts: object) -> SourceError:
    return SourceError(message, **({"permanent": False} | facts))  # type: ignore[arg-type]


# --- When --------------------------------------------------------------------------------------------------------


def test_a_source_is_read_once_in_its_slot(enable: Callable[..., None]) -> None:
    source = Made([make_record()])
    enable(source)
    assert len(ingest_due(NOW)) == 1
    assert ingest_due(NOW + timedelta(minutes=59)) == []
    assert len(ingest_due(NOW + timedelta(minutes=60))) == 1
    assert len(source.asked_at) == 2


def test_each_source_is_due_in_its_own_time(enable: Callable[..., None]) -> None:
    hourly, rarely = Made(name="hourly"), Made(name="rarely", every=timedelta(hours=6))
    enable(hourly, rarely)
    for hour in range(13):
        ingest_due(datetime(2026, 11, 23, tzinfo=UTC) + HOUR * hour)
    assert len(hourly.asked_at) == 13
    assert [at.hour for at in rarely.asked_at] == [0, 6, 12]


def test_a_slot_that_was_missed_is_not_made_up_for(enable: Callable[..., None]) -> None:
    source = Made(every=timedelta(hours=6))
    enable(source)
    ingest_due(NOW)
    ingest_due(NOW + timedelta(days=2, hours=3))
    assert [run.due_at for run in SourceRun.objects.order_by("pk")] == [NOW, NOW + timedelta(days=2)]
    assert len(source.asked_at) == 2


def test_a_source_is_read_by_hand_whether_due_or_not(enable: Callable[..., None]) -> None:
    source = Made([make_record()])
    enable(source)
    ingest_due(NOW)
    run = run_source("made", NOW + timedelta(minutes=1))
    assert (run.due_at, run.status, run.unchanged) == (None, "read", 1)


@pytest.mark.parametrize(("name", "every"), [("huggingface", 1), ("arxiv", 6), ("github", 1), ("sample", 1)])
def test_every_source_says_how_often_it_is_worth_asking(name: str, every: int) -> None:
    assert SOURCES[name]().every == timedelta(hours=every)


# --- What is kept of it ------------------------------------------------------------------------------------------


def test_a_run_records_what_was_asked_and_what_came_back(enable: Callable[..., None]) -> None:
    unknown = PaperRecord(title="Unknown", arxiv_id="2611.00009", is_update=True)
    enable(Made([make_record(arxiv_id="2611.00001"), make_record(arxiv_id="2611.00002"), unknown]))
    (run,) = ingest_due(NOW + timedelta(minutes=5))
    assert SourceRun.objects.get() == run
    assert (run.source, run.started_at, run.due_at) == ("made", NOW + timedelta(minutes=5), NOW)
    assert (run.status, run.asked, run.received) == ("read", "what was made up", 3)
    assert (run.created, run.updated, run.unchanged, run.signals, run.skipped, run.refused) == (2, 0, 0, 2, 1, 0)
    assert run.detail == "1 rows skipped: they tell of papers that are not known."
    assert run.finished_at
    assert timedelta() <= run.finished_at - run.started_at < timedelta(minutes=1)


def test_refused_rows_are_counted_and_the_first_is_named(listing: HTTPServer) -> None:
    listing.expect_request("/daily_papers").respond_with_json([make_row(), {}, make_row(title=7, id="2611.00002")])
    run = run_source("huggingface", NOW)
    assert (run.status, run.received, run.created, run.refused) == ("read", 3, 1, 2)
    assert run.detail == "2 rows refused, the first: 2026-11-23 page 0 row 2: no paper object."


def test_an_empty_answer_is_told_with_the_reason(enable: Callable[..., None]) -> None:
    enable(Made())
    (run,) = ingest_due(NOW)
    assert (run.status, run.detail) == ("empty", "Nothing was made up.")


def test_a_second_reading_within_the_hour_adds_nothing(listing: HTTPServer) -> None:
    listing.expect_request("/daily_papers").respond_with_json([make_row(), make_row(id="2611.00002")])
    run_source("huggingface", NOW)
    before = list(Signal.objects.values()), list(Paper.objects.values())
    again = run_source("huggingface", NOW + timedelta(minutes=59))
    assert (again.created, again.updated, again.unchanged, again.signals) == (0, 0, 2, 0)
    assert (list(Signal.objects.values()), list(Paper.objects.values())) == before


def test_a_source_that_fails_in_the_middle_keeps_what_it_told(enable: Callable[..., None]) -> None:
    enable(Made([make_record(), failing("answered 429.")]))
    (run,) = ingest_due(NOW)
    assert (run.status, run.detail, run.received, run.created) == ("failed", "answered 429.", 1, 1)
    assert Paper.objects.count() == 1


def test_a_source_that_fails_on_a_later_page_keeps_the_pages_before(listing: HTTPServer) -> None:
    def answer(request: Request) -> Response:
        return Response(json.dumps(make_rows(PAGE_SIZE))) if request.args["p"] == "0" else Response("no", status=500)

    listing.expect_request("/daily_papers").respond_with_handler(answer)
    run = run_source("huggingface", NOW)
    assert (run.status, run.detail, run.created) == ("failed", "huggingface answered 500.", PAGE_SIZE)


def test_an_adapter_that_breaks_is_recorded_and_logged_and_stops_nobody(
    enable: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    enable(Made([KeyError("title")], name="broken"), Made([make_record()], name="sound"))
    broken, sound = ingest_due(NOW)
    assert (broken.status, broken.detail) == ("failed", "Unexpected: KeyError: 'title'")
    assert (sound.status, sound.created) == ("read", 1)
    assert [record.exc_info is not None for record in caplog.records if record.levelno == logging.ERROR] == [True]


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (ValueError("a\x00b\nc"), "Unexpected: ValueError: a b c"),
        (ValueError("half a pair \ud83d"), "Unexpected: ValueError: half a pair ?"),
        (SourceError("answered 403: a\x00b \udce9", permanent=True), "answered 403: a b ?"),
    ],
)
def test_a_reason_that_no_database_would_take_is_made_fit(
    enable: Callable[..., None], error: Exception, detail: str
) -> None:
    enable(Made([error]))
    ingest_due(NOW)
    run = SourceRun.objects.get()
    assert (run.status, run.detail) == ("failed", detail)


def test_rows_without_end_that_are_refused_are_counted_in_the_log_and_the_first_named(
    enable: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    enable(Made([RowError(f"row {number}", "no title") for number in range(1, 1001)]))
    ingest_due(NOW)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == ["Source made: 1000 rows refused, the first: row 1: no title; row 2: no title; row 3: no title"]


def test_a_reason_that_is_too_long_is_cut(enable: Callable[..., None]) -> None:
    enable(Made([failing("x" * 5000)]))
    (run,) = ingest_due(NOW)
    assert len(run.detail) == 500
    for hours in range(1, 4):
        (run,) = ingest_due(NOW + HOUR * hours)
    assert run.status == "resting"
    assert len(run.detail) <= 500
    assert run.detail.endswith("Asked again after 2026-11-23 22:00 UTC.")


def test_a_source_that_does_not_exist_is_said_every_hour(settings: Settings) -> None:
    settings.PAPERS_SOURCES = ["nowhere"]
    (run,) = ingest_due(NOW)
    assert run.status == "failed"
    assert "There is no source nowhere" in run.detail
    assert ingest_due(NOW) == []
    assert len(ingest_due(NOW + HOUR)) == 1


def test_a_source_made_for_the_purpose_is_read_and_reported() -> None:
    run, report = read_source(Made([make_record()]), NOW)
    assert (run.status, run.due_at, report.created) == ("read", None, 1)


def test_a_chunk_that_another_process_got_ahead_of_is_stored_at_the_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    real, tries = Paper.objects.bulk_create, []

    def get_ahead(papers: Sequence[Paper]) -> list[Paper]:
        tries.append(len(papers))
        if len(tries) == 1:
            raise IntegrityError("UNIQUE constraint failed: papers_paper.key")
        return real(papers)

    monkeypatch.setattr(type(Paper.objects), "bulk_create", lambda _manager, papers: get_ahead(papers))
    assert ingest("made", [make_record()]).created == 1
    assert tries == [1, 1]


# --- A source that keeps failing ---------------------------------------------------------------------------------


def statuses() -> str:
    return "".join(run.status[0] for run in SourceRun.objects.order_by("due_at"))


def test_after_three_failures_in_a_row_a_source_is_asked_ever_less_often(enable: Callable[..., None]) -> None:
    enable(Made([failing()]))
    for hour in range(20):
        ingest_due(NOW + HOUR * hour)
    # Three failures, asked again after two hours, then four, then six each time.
    assert statuses() == "fff" + "r" + "f" + "rrr" + "f" + "rrrrr" + "f" + "rrrrr"
    resting = SourceRun.objects.get(due_at=NOW + 3 * HOUR)
    assert resting.detail == (
        "not asked: 3 failures in a row, the last: no answer. Asked again after 2026-11-23 22:00 UTC."
    )
    assert resting.resume_at == NOW + 4 * HOUR
    assert (resting.received, resting.finished_at) == (0, resting.started_at)
    assert SourceRun.objects.get(due_at=NOW + 2 * HOUR).resume_at == NOW + 4 * HOUR


def test_one_good_answer_ends_the_row_of_failures(enable: Callable[..., None]) -> None:
    source = Made([failing()])
    enable(source)
    for hour in range(9):
        source.rows = [make_record()] if hour == 4 else [failing()]
        ingest_due(NOW + HOUR * hour)
    assert "".join(run.status[:2] for run in SourceRun.objects.order_by("due_at")) == "fafafarerefafafare"


def test_a_good_reading_by_hand_ends_the_rest(enable: Callable[..., None]) -> None:
    source = Made([failing()])
    enable(source)
    for hour in range(4):
        ingest_due(NOW + HOUR * hour)
    source.rows = [make_record()]
    run_source("made", NOW + 3 * HOUR + timedelta(minutes=5))
    source.every = timedelta(minutes=30)
    (run,) = ingest_due(NOW + 3 * HOUR + timedelta(minutes=31))
    assert run.status == "read"


def test_readings_by_hand_that_fail_or_never_end_do_not_count(enable: Callable[..., None]) -> None:
    source = Made([failing(resume_at=NOW + 5 * HOUR)])
    enable(source)
    for minutes in range(5):
        run = run_source("made", NOW + timedelta(minutes=minutes))
        assert (run.status, run.resume_at) == ("failed", NOW + 5 * HOUR)
        SourceRun.objects.create(source="made", started_at=NOW - timedelta(minutes=20 + minutes))
    source.rows = [make_record()]
    (run,) = ingest_due(NOW + timedelta(minutes=10))
    assert run.status == "read"


def test_a_reading_by_hand_that_fails_does_not_end_a_row_of_failures(enable: Callable[..., None]) -> None:
    enable(Made([failing()]))
    for hour in range(3):
        ingest_due(NOW + HOUR * hour)
        run_source("made", NOW + HOUR * hour + timedelta(minutes=1))
    (run,) = ingest_due(NOW + 3 * HOUR)
    assert run.detail.startswith("not asked: 3 failures in a row")


def test_a_time_that_the_source_named_is_kept_over_many_slots(enable: Callable[..., None]) -> None:
    until = NOW + timedelta(hours=5, minutes=30)
    source = Made([failing("answered 429.", resume_at=until)])
    enable(source)
    for hour in range(7):
        ingest_due(NOW + HOUR * hour)
    assert statuses() == "f" + "rrrrr" + "f"
    assert SourceRun.objects.get(due_at=NOW).resume_at == until
    resting = SourceRun.objects.get(due_at=NOW + HOUR)
    assert resting.detail == "not asked: 1 failure: answered 429. Asked again after 2026-11-23 23:30 UTC."


def test_a_process_that_died_counts_as_a_failure_and_one_that_is_reading_does_not(enable: Callable[..., None]) -> None:
    enable(Made([make_record()]))
    for hours in (3, 2, 1):
        started_at = NOW - HOUR * hours
        SourceRun.objects.create(source="made", started_at=started_at, due_at=started_at)
    (run,) = ingest_due(NOW)
    assert run.detail.startswith("not asked: 3 failures in a row, the last: the process that read it died.")
    SourceRun.objects.filter(due_at=NOW).delete()
    SourceRun.objects.filter(due_at=NOW - HOUR).update(started_at=NOW - timedelta(minutes=5))
    (run,) = ingest_due(NOW)
    assert run.status == "read"


def test_one_source_that_rests_leaves_the_others_alone(enable: Callable[..., None]) -> None:
    enable(Made([failing()], name="failing"), Made([make_record()], name="sound"))
    for hour in range(5):
        ingest_due(NOW + HOUR * hour)
    assert set(SourceRun.objects.filter(source="sound").values_list("status", flat=True)) == {"read"}


# --- The task ----------------------------------------------------------------------------------------------------


def test_a_task_whose_time_is_up_ends_and_the_source_is_not_blamed(enable: Callable[..., None]) -> None:
    enable(Made([make_record(), SoftTimeLimitExceeded()]))
    with pytest.raises(SoftTimeLimitExceeded):
        read_source_task("made")
    run = SourceRun.objects.get()
    assert (run.status, run.detail) == ("unfinished", "")


def test_the_task_reads_one_source(enable: Callable[..., None]) -> None:
    enable(Made([make_record()], name="one"), Made([make_record()], name="other"))
    read_source_task("one")
    read_source_task("one")
    assert [run.source for run in SourceRun.objects.all()] == ["one"]


def test_each_enabled_source_has_a_task_of_its_own(settings: Settings) -> None:
    schedule = settings.CELERY_BEAT_SCHEDULE
    reading = [entry["args"] for entry in schedule.values() if entry["task"] == "papers.tasks.read_source_task"]
    assert reading == [[name] for name in settings.PAPERS_SOURCES]


def test_what_was_read_is_scored(enable: Callable[..., None]) -> None:
    now = datetime.now(UTC)
    record = replace(make_record(listed_on=now.date()), readings=(Reading("upvotes", 10, now),))
    enable(Made([record]))
    read_source_task("made")
    score_due_task()
    assert TrendingScore.objects.filter(paper__key=record.key).exists()


# --- On request -----------------------------------------------------------------------------------------------------

MINUTE = timedelta(minutes=1)


def test_what_somebody_waits_for_is_read_once_in_a_slot() -> None:
    source = Made([make_record()], every=MINUTE)
    run = read_on_request(source, NOW)
    assert run
    assert (run.status, run.created, run.due_at) == ("read", 1, NOW)
    assert read_on_request(source, NOW + timedelta(seconds=59)) is None
    assert read_on_request(source, NOW + MINUTE)
    assert source.asked_at == [NOW, NOW + MINUTE]


def test_after_failures_nothing_is_asked_for_a_while_and_no_record_kept_of_that() -> None:
    source = Made([failing()], every=MINUTE)
    for minute in range(130):
        read_on_request(source, NOW + minute * MINUTE)
    assert source.asked_at == [NOW, NOW + MINUTE, NOW + 2 * MINUTE, NOW + 2 * HOUR + 2 * MINUTE]
    assert SourceRun.objects.count() == 4
    source.rows = []
    assert read_on_request(source, NOW + 7 * HOUR)
    assert read_on_request(source, NOW + 7 * HOUR + MINUTE)
