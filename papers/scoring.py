"""Scores the papers in the database: reads their signals, asks the formula, keeps the best of each day."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

import numpy as np
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import FloatField, Func, Max, QuerySet
from django.db.models.sql.compiler import SQLCompiler
from numpy.typing import NDArray

from papers.models import Pace, Paper, Signal, SourceRun, TrendingScore
from papers.readings import KINDS, Columns, Counts, make_columns
from papers.trending import VERSION, Score, score_all

# The longest a signal can matter: ten half-lives of the month's window and the days that tell what is usual are 120
# announcement days; with weekends and holidays some 180 of the calendar's.
HISTORY = timedelta(days=180)
# How many papers of a day and window are kept. Nobody pages further, and a year stays small.
KEPT = 500
CHUNK = 20_000
MISSED_WITHIN = timedelta(days=14)
SCORING = "scoring"


class PosixTime(Func):
    """A moment as seconds since 1970: a million of them are read twice as fast as datetimes."""

    output_field = FloatField()

    template = "CAST(EXTRACT(EPOCH FROM %(expressions)s) AS double precision)"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) AS REAL)", **context)


def rank_papers(*, at: datetime, window: str) -> list[tuple[Paper, Score]]:
    """Return the best visible papers that gained attention in `window` before `at`, best first, ties by key."""
    return _rank(read_signals(at), at, window)


def score_due(at: datetime) -> bool:
    """Score today if a source was read since, or an hour passed; else one day that was missed. Return whether it did.

    One step, so that a task stays short: called until it has nothing to do, it leaves nothing behind.
    """
    if _is_behind(at):
        return score_papers(at) > 0
    today = at.astimezone(UTC).date()
    missing = _missing_days(today - MISSED_WITHIN, today - timedelta(days=1))
    return bool(missing) and score_papers(_end_of(missing[-1])) > 0


def score_papers(at: datetime) -> int:
    """Replace the stored scores of the day of `at`, of every window; return how many papers have one."""
    signals = read_signals(at)
    ranked = {window: _rank(signals, at, window) for window in TrendingScore.Window.values}
    for window, scores in ranked.items():
        _keep(scores, at, window)
    return len({paper.pk for scores in ranked.values() for paper, _ in scores})


def score_missing_days(first: date, last: date) -> list[date]:
    """Score the days from `first` to `last` that were missed, each as it stood when it ended; return those days."""
    return [day for day in _missing_days(first, last) if score_papers(_end_of(day))]


def _is_behind(at: datetime) -> bool:
    today = at.astimezone(UTC).date()
    scored_at = TrendingScore.objects.filter(day=today).aggregate(at=Max("scored_at"))["at"]
    if scored_at is None or at - scored_at >= timedelta(hours=1):
        return True
    return SourceRun.objects.filter(finished_at__gt=scored_at, finished_at__lte=at, signals__gt=0).exists()


def _missing_days(first: date, last: date) -> list[date]:
    """Return the days on which papers were listed and counted and nothing was scored, oldest first."""
    listed = Paper.objects.filter(listed_on__range=(first, last)).values_list("listed_on", flat=True)
    scored = TrendingScore.objects.filter(day__range=(first, last)).values_list("day", flat=True)
    missing = {day for day in listed.distinct() if day} - set(scored.distinct())
    # Of a day that was only read afterwards nobody knows what it was like.
    return [day for day in sorted(missing) if _was_read(day)]


def _was_read(day: date) -> bool:
    begins = datetime.combine(day, time(), UTC)
    return Signal.objects.filter(observed_at__gte=begins, observed_at__lt=begins + timedelta(days=1)).exists()


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), UTC)


def read_signals(at: datetime) -> Columns:
    """Return the visible papers that were read in the time before `at` that matters, and their readings."""
    signals = Signal.objects.filter(observed_at__gt=at - HISTORY, observed_at__lte=at, kind__in=KINDS)
    read = _read_counts(signals)
    rows = np.unique(read.paper)
    facts = _read_facts(rows)
    # Readings of hidden papers are left out, and such as came in between the two queries.
    known = np.array([pk for pk, *_ in facts], dtype=np.int64)
    of_known = np.isin(read.paper, known)
    read = Counts(**{name: array[of_known] for name, array in vars(read).items()})
    papers = [(key, category, listed_on) for _, key, category, listed_on in facts]
    return make_columns(papers, replace(read, paper=np.searchsorted(known, read.paper)))


def _read_counts(signals: QuerySet[Signal]) -> Counts:
    """Return the readings with the papers' primary keys, read in chunks: a million of them are 40 MB, not a GB."""
    rows = signals.order_by().annotate(moment=PosixTime("observed_at"))
    rows_read = rows.values_list("paper_id", "kind", "source", "value", "moment").iterator(CHUNK)
    kinds, series = {kind: number for number, kind in enumerate(KINDS)}, dict[str, int]()
    columns: list[list[NDArray[Any]]] = [[np.empty(0, dtype)] for dtype in ("i8", "i8", "i8", "f8", "f8")]
    while chunk := list(islice(rows_read, CHUNK)):
        papers, of_kind, sources, values, moments = zip(*chunk, strict=True)
        columns[0].append(np.array(papers, "i8"))
        columns[1].append(np.array([kinds[kind] for kind in of_kind], "i8"))
        columns[2].append(np.array([series.setdefault(source, len(series)) for source in sources], "i8"))
        columns[3].append(np.array(values, "f8"))
        columns[4].append(np.array(moments, "f8"))
    return Counts(*(np.concatenate(arrays) for arrays in columns))


def _read_facts(rows: NDArray[np.int64]) -> list[tuple[int, str, str, date | None]]:
    """Return primary key, key, category and listing day of the visible papers among `rows`, in order."""
    if not len(rows):
        return []
    wanted = set(rows.tolist())
    papers = Paper.objects.visible().filter(pk__range=(int(rows[0]), int(rows[-1]))).order_by("pk")
    facts = papers.values_list("pk", "key", "primary_category", "listed_on").iterator(CHUNK)
    return [row for row in facts if row[0] in wanted]


def _rank(signals: Columns, at: datetime, window: str) -> list[tuple[Paper, Score]]:
    scores = score_all(signals, at=at, window=window, keep=KEPT)
    papers = Paper.objects.in_bulk(list(scores), field_name="key")
    return [(papers[key], score) for key, score in scores.items() if key in papers]


@transaction.atomic
def _keep(ranked: list[tuple[Paper, Score]], at: datetime, window: str) -> None:
    day = at.astimezone(UTC).date()
    # Two processes may score at the same time: one writes after the other, and the later clock wins.
    Pace.objects.get_or_create(service=SCORING, defaults={"free_at": at})
    Pace.objects.select_for_update().get(service=SCORING)
    stored = TrendingScore.objects.filter(window=window, day=day)
    if stored.filter(scored_at__gt=at).exists():
        return
    TrendingScore.objects.bulk_create(
        [
            TrendingScore(
                paper=paper,
                window=window,
                day=day,
                score=score.value,
                parts=score.parts,
                version=VERSION,
                scored_at=at,
            )
            for paper, score in ranked
        ],
        update_conflicts=True,
        unique_fields=["paper", "window", "day"],
        update_fields=["score", "parts", "version", "scored_at"],
    )
    stored.filter(scored_at__lt=at).delete()
