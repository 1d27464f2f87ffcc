"""Reads sources into the database, and keeps a record of every reading. One that fails never stops the others."""

import logging
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db.models import Q

from papers.batch import IngestReport
from papers.models import SourceRun
from papers.sources import SOURCES, source_named
from papers.sources.base import Attention, PaperRecord, Row, RowError, Source, SourceError, StaleAnswer
from papers.sources.breaker import DEAD_AFTER, Outcome, rest_after
from papers.storing import store
from papers.text import collapse

logger = logging.getLogger(__name__)

# Rows a transaction: SQLite has one writer, and a reader's sign-up should not wait for a whole catalogue.
CHUNK = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# For a source that is named in the settings and does not exist, so that it is said now and then.
EVERY_OF_NONE = timedelta(hours=1)
# More than a row of failures that lets the pause grow to its longest.
RUNS_LOOKED_AT = 50
MAX_DETAIL = 500
MAX_ASKED = 300
# A source that changed its answers may have thousands of them, every hour.
REFUSALS_LOGGED = 3

Status = SourceRun.Status
FAILED = frozenset({Status.FAILED, Status.UNFINISHED})
# A kind of error, or several, as `except` takes them.
Kinds = type[Exception] | tuple[type[Exception], ...]


def ingest(source: str, rows: Iterable[Row], report: IngestReport | None = None) -> IngestReport:
    """Store what `source` told, a chunk a transaction, and report. Refused rows are reported, the rest is kept.

    A SourceError raised while `rows` is read passes through; what came before it is stored, and told in `report`.
    """
    report = report or IngestReport()
    remaining = iter(rows)
    while True:
        chunk, error = _take(remaining)
        report.received += sum(not isinstance(row, StaleAnswer) for row in chunk)
        report.stale += [row.text for row in chunk if isinstance(row, StaleAnswer)]
        report.refused += [row for row in chunk if isinstance(row, RowError)]
        report.add(store(source, [row for row in chunk if isinstance(row, PaperRecord | Attention)]))
        if error:
            raise error
        if len(chunk) < CHUNK:
            return report


def ingest_due(at: datetime) -> list[SourceRun]:
    """Read every enabled source that is due, one after the other, and return the runs."""
    return [run for name in settings.PAPERS_SOURCES if (run := read_due(name, at))]


def read_due(name: str, at: datetime, *, stop_on: Kinds = ()) -> SourceRun | None:
    """Read a source if it is due: not read in this slot yet, by whatever process. Return the run, or None.

    An error of the kind `stop_on` says nothing of the source, such as that the time of a task is up. It passes through,
    and the run stays unfinished.
    """
    every = SOURCES[name]().every if name in SOURCES else EVERY_OF_NONE
    due_at = at - (at - EPOCH) % every
    run, is_ours = SourceRun.objects.get_or_create(source=name, due_at=due_at, defaults={"started_at": at})
    if not is_ours:
        return None
    if rest := rest_after(_outcomes_before(run), due_at):
        run.status, run.finished_at, run.resume_at = Status.RESTING, at, rest.resume_at
        run.detail = f"{rest.why[: MAX_DETAIL - 60]} Asked again after {rest.resume_at:%Y-%m-%d %H:%M} UTC."
        run.save()
        return run
    _read_named(run, stop_on)
    return run


def read_on_request(source: Source, at: datetime) -> SourceRun | None:
    """Read a source that somebody waits for, and return the run.

    Return None when it was asked in this slot already, by whatever process, or rests after failures: no run is kept of
    that, since somebody may wait for long.
    """
    due_at = at - (at - EPOCH) % source.every
    if rest_after(_outcomes_before(SourceRun(source=source.name, started_at=at)), due_at):
        return None
    run, is_ours = SourceRun.objects.get_or_create(source=source.name, due_at=due_at, defaults={"started_at": at})
    if not is_ours:
        return None
    _read(run, source)
    return run


def run_source(name: str, at: datetime) -> SourceRun:
    """Read one source now, due or not, and return the record of it."""
    run = SourceRun.objects.create(source=name, started_at=at)
    _read_named(run)
    return run


def read_source(source: Source, at: datetime) -> tuple[SourceRun, IngestReport]:
    """Read a source that somebody made for the purpose, and return the record and the report."""
    run = SourceRun.objects.create(source=source.name, started_at=at)
    return run, _read(run, source)


def _take(rows: Iterator[Row]) -> tuple[list[Row], SourceError | None]:
    """Return the next chunk, and the error that ended it early."""
    chunk: list[Row] = []
    try:
        # Not a list of a slice: what came before an error would be lost.
        chunk.extend(islice(rows, CHUNK))
    except SourceError as err:
        return chunk, err
    return chunk, None


def _read_named(run: SourceRun, stop_on: Kinds = ()) -> None:
    try:
        source = source_named(run.source)
    except SourceError as err:
        _close(run, IngestReport(), Status.FAILED, str(err))
    else:
        _read(run, source, stop_on)


def _read(run: SourceRun, source: Source, stop_on: Kinds = ()) -> IngestReport:
    """Read `source` for a run that has begun; one that cannot be read is recorded and logged, not raised."""
    report, began = IngestReport(), time.monotonic()
    run.asked = source.question(run.started_at)[:MAX_ASKED]
    try:
        ingest(source.name, source.fetch(run.started_at), report)
    except SourceError as err:
        status, detail, run.resume_at = Status.FAILED, str(err), err.resume_at
        logger.warning("Source %s could not be read: %s", run.source, err)
    except stop_on:
        raise
    except Exception as err:
        # An adapter that does not understand an answer is as good as a source that gives none.
        status, detail = Status.FAILED, f"Unexpected: {type(err).__name__}: {err}"
        logger.exception("Source %s could not be read", run.source)
    else:
        status, detail = _judge(report, source, run.started_at)
        logger.info("Source %s: %s", run.source, report)
    if report.refused:
        first = "; ".join(map(str, report.refused[:REFUSALS_LOGGED]))
        logger.warning("Source %s: %d rows refused, the first: %s", run.source, len(report.refused), first)
    _close(run, report, status, detail, timedelta(seconds=time.monotonic() - began))
    return report


def _judge(report: IngestReport, source: Source, at: datetime) -> tuple[Status, str]:
    """Return what a reading that came to its end was like, and why."""
    if report.stale:
        return Status.STALE, " ".join(report.stale)
    if not report.received:
        return Status.EMPTY, source.why_empty(at)
    return Status.READ, report.why_not_all


def _close(run: SourceRun, report: IngestReport, status: Status, detail: str, spent: timedelta = timedelta()) -> None:
    # What went wrong is told in words of others: no database takes half a character, and PostgreSQL no zero byte.
    detail = collapse(detail.encode(errors="replace").decode())
    run.status, run.detail, run.finished_at = status, detail[:MAX_DETAIL], run.started_at + spent
    run.received, run.created, run.updated, run.unchanged = (
        report.received,
        report.created,
        report.updated,
        report.unchanged,
    )
    run.signals, run.skipped, run.refused = report.signals, report.skipped, len(report.refused)
    if status == Status.FAILED and run.due_at:
        outcomes = [_outcome(run), *_outcomes_before(run)]
        rest = rest_after(outcomes, outcomes[0].due_at)
        run.resume_at = rest.resume_at if rest else None
    run.save()


def _outcomes_before(run: SourceRun) -> list[Outcome]:
    """Return what came of the last readings of the same source, the latest first.

    Of those by hand only the good ones count: they may take long, or ask for what the source never had.
    """
    under_way = Q(status=Status.UNFINISHED, started_at__gt=run.started_at - DEAD_AFTER)
    in_vain = Q(due_at=None, status__in=FAILED)
    runs = SourceRun.objects.filter(source=run.source, started_at__lte=run.started_at).exclude(pk=run.pk)
    return [_outcome(past) for past in runs.exclude(under_way | in_vain | Q(status=Status.RESTING))[:RUNS_LOOKED_AT]]


def _outcome(run: SourceRun) -> Outcome:
    why = run.detail or "the process that read it died."
    return Outcome(run.due_at or run.started_at, run.status in FAILED, why, run.resume_at)
