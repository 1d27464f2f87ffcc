"""From a source's records to papers and signals: match on key, upsert, append. Twice is once."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.conf import settings
from django.db import transaction

from papers.models import Paper, Signal, SourceRun, Topic
from papers.search_index import index_papers
from papers.sources import source_named
from papers.sources.base import PaperRecord, Row, RowError, SourceError
from papers.text import plain

logger = logging.getLogger(__name__)

# Rows a transaction: SQLite has one writer, and a reader's sign-up should not wait for a whole catalogue.
CHUNK = 500
# What a source may overwrite, when it says anything.
FACTS = (
    "title",
    "authors",
    "abstract",
    "summary",
    "keywords",
    "arxiv_id",
    "doi",
    "published_on",
    "github_url",
    "project_url",
)


@dataclass
class IngestReport:
    """What one ingestion changed, in rows, and what it refused."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    signals: int = 0
    refused: list[RowError] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.created} new papers, {self.updated} changed, {self.unchanged} unchanged, "
            f"{self.signals} new signals, {len(self.refused)} rows refused"
        )


def ingest(source: str, rows: Iterable[Row]) -> IngestReport:
    """Store the records of `source`, a chunk a transaction, and report. Refused rows are reported, the rest is kept.

    A SourceError raised while `rows` is read passes through; chunks stored before it stay.
    """
    report = IngestReport()
    for chunk in _chunks(rows):
        report.refused += [row for row in chunk if isinstance(row, RowError)]
        with transaction.atomic():
            _store(source, [row for row in chunk if isinstance(row, PaperRecord)], report)
    return report


def ingest_due(at: datetime) -> list[SourceRun]:
    """Read every enabled source that was not read in this hour yet, by whatever process; return the runs."""
    due_at = at.replace(minute=0, second=0, microsecond=0)
    runs = [
        SourceRun.objects.get_or_create(source=name, due_at=due_at, defaults={"started_at": at})
        for name in settings.PAPERS_SOURCES
    ]
    return [_read(run) for run, is_ours in runs if is_ours]


def run_source(name: str, at: datetime) -> SourceRun:
    """Read one source now, due or not, and return the record of it."""
    return _read(SourceRun.objects.create(source=name, started_at=at))


def _read(run: SourceRun) -> SourceRun:
    """Read the source of a run that has begun; one that cannot be read is recorded and logged, not raised."""
    try:
        report = ingest(run.source, source_named(run.source).fetch(run.started_at))
    except SourceError as err:
        run.status, run.detail = SourceRun.Status.FAILED, str(err)[:500]
        logger.warning("Source %s could not be read: %s", run.source, err)
    else:
        run.status = SourceRun.Status.READ
        run.created, run.updated, run.unchanged = report.created, report.updated, report.unchanged
        run.signals, run.refused = report.signals, len(report.refused)
        logger.info("Source %s: %s", run.source, report)
        for error in report.refused:
            logger.warning("Source %s refused %s", run.source, error)
    run.save()
    return run


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def _store(source: str, records: Sequence[PaperRecord], report: IngestReport) -> None:
    known = Paper.objects.in_bulk([record.key for record in records], field_name="key")
    report.unchanged += len(records)
    records = [record for record in records if not _is_surpassed(record, known.get(record.key))]
    _forget_sample_signals(records, known)
    changed: dict[str, Paper] = {}
    for record in records:
        paper = known.setdefault(record.key, Paper(key=record.key, is_sample=record.is_sample))
        if _apply(record, paper):
            changed[paper.key] = paper
    created = [paper for paper in changed.values() if paper.pk is None]
    updated = [paper for paper in changed.values() if paper.pk is not None]
    Paper.objects.bulk_create(created)
    Paper.objects.bulk_update(updated, [*FACTS, "title_hash", "primary_category", "listed_on", "is_sample"])
    _assign_topics(records, known, changed)
    report.created += len(created)
    report.updated += len(updated)
    report.unchanged -= len(changed)
    report.signals += _append_signals(source, records, known)
    index_papers(known.values())


def _is_surpassed(record: PaperRecord, paper: Paper | None) -> bool:
    """Return whether real facts are known where `record` has sample ones: they are never replaced."""
    return record.is_sample and paper is not None and not paper.is_sample


def _forget_sample_signals(records: Sequence[PaperRecord], known: dict[str, Paper]) -> None:
    """Delete the signals of sample papers that become real: their days were shifted, so they were never observed."""
    real = {record.key for record in records if not record.is_sample}
    Signal.objects.filter(paper__in=[known[key] for key in real & known.keys() if known[key].is_sample]).delete()


def _apply(record: PaperRecord, paper: Paper) -> bool:
    """Write what `record` tells into `paper`; return whether that makes a row to save."""
    facts = {name: getattr(record, name) for name in FACTS}
    told = {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in facts.items() if fact}
    if record.listed_on and (paper.listed_on is None or paper.is_sample or record.listed_on < paper.listed_on):
        told["listed_on"] = record.listed_on
    if record.categories:
        told["primary_category"] = record.categories[0]
    told["title_hash"] = record.title_hash
    told["is_sample"] = record.is_sample
    different = [name for name, fact in told.items() if getattr(paper, name) != fact]
    for name in different:
        setattr(paper, name, told[name])
    return bool(different) or paper.pk is None


def _append_signals(source: str, records: Sequence[PaperRecord], papers: dict[str, Paper]) -> int:
    signals = [
        Signal(
            paper=papers[record.key],
            source=source,
            kind=reading.kind,
            value=reading.value,
            observed_at=reading.observed_at,
        )
        for record in records
        for reading in record.readings
    ]
    known = set(
        Signal.objects.filter(source=source, paper__in=papers.values()).values_list("paper_id", "kind", "observed_at")
    )
    new = {(signal.paper_id, signal.kind, signal.observed_at): signal for signal in signals}
    new = {identity: signal for identity, signal in new.items() if identity not in known}
    # Another process may read the same source in the same minute: its signals are these signals.
    Signal.objects.bulk_create(new.values(), ignore_conflicts=True)
    return len(new)


def _assign_topics(records: Sequence[PaperRecord], papers: dict[str, Paper], changed: dict[str, Paper]) -> None:
    categories = {code for record in records for code in record.categories}
    Topic.objects.bulk_create(
        [Topic(slug=code, name=code, kind=Topic.Kind.CATEGORY) for code in sorted(categories)], ignore_conflicts=True
    )
    by_category = Topic.objects.in_bulk(list(categories), field_name="slug")
    curated = [
        (topic, [plain(term) for term in topic.terms]) for topic in Topic.objects.filter(kind=Topic.Kind.KEYWORDS)
    ]
    links = {(papers[record.key].pk, by_category[code].pk) for record in records for code in record.categories}
    for paper in changed.values():
        text = plain(paper.title, *paper.keywords)
        links |= {(paper.pk, topic.pk) for topic, terms in curated if any(term in text for term in terms)}
    through = Paper.topics.through
    through.objects.bulk_create(
        [through(paper_id=paper_id, topic_id=topic_id) for paper_id, topic_id in sorted(links)], ignore_conflicts=True
    )
