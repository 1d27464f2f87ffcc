"""Writes a chunk of what a source told: papers, their counts and topics, and the readings. Twice is once."""

from collections.abc import Iterable, Sequence

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from papers.batch import FACTS, Batch, IngestReport
from papers.models import Paper, Signal, Topic
from papers.search_index import index_papers
from papers.sources.base import Attention, PaperRecord, Reading
from papers.text import plain

# All that is written when a known paper changes.
WRITTEN = (*FACTS, "key", "title_hash", "primary_category", "listed_on", "is_sample", "counts")


def store(source: str, rows: Sequence[PaperRecord | Attention]) -> IngestReport:
    """Store `rows` in one transaction, and report.

    Another process may meet the same new paper at the same moment, and one of the two fails: it looks once more, and
    finds the paper known.
    """
    try:
        return _store(source, rows)
    except (IntegrityError, OperationalError):
        return _store(source, rows)


@transaction.atomic
def _store(source: str, rows: Sequence[PaperRecord | Attention]) -> IngestReport:
    report = IngestReport()
    batch = Batch(report)
    batch.match([row for row in rows if isinstance(row, PaperRecord)])
    # In order of the keys, so that two processes that store the same papers wait for each other and not in a circle.
    created = sorted((paper for paper in batch.changed if paper.pk is None), key=lambda paper: paper.key)
    updated = [paper for paper in batch.changed if paper.pk is not None]
    report.created, report.updated = len(created), len(updated)
    readings = [(paper, record.readings) for record, paper in batch.told]
    _count_first(created, readings)
    Paper.objects.bulk_create(created)
    Signal.objects.filter(paper__in=batch.no_longer_sample).delete()
    _assign_topics(batch)
    readings += _find_counted([row for row in rows if isinstance(row, Attention)], report)
    report.signals = _append_signals(source, readings)
    counted = _renew_counts(readings, but={paper.pk for paper in created})
    Paper.objects.bulk_update(updated, WRITTEN)
    Paper.objects.bulk_update(set(counted) - set(updated), ["counts"])
    index_papers({paper.pk: paper for paper in (*created, *updated, *counted)}.values())
    return report


def _find_counted(rows: Sequence[Attention], report: IngestReport) -> list[tuple[Paper, tuple[Reading, ...]]]:
    """Return the readings of known papers with these; the others are skipped."""
    papers = Paper.objects.select_for_update().order_by("pk").filter(key__in={row.key for row in rows})
    by_key = {paper.key: paper for paper in papers}
    found = [(by_key[row.key], row.readings) for row in rows if row.key in by_key]
    report.skipped += len(rows) - len(found)
    return found


Readings = Iterable[tuple[Paper, tuple[Reading, ...]]]


def _append_signals(source: str, readings: Readings) -> int:
    signals = [
        Signal(paper=paper, source=source, kind=reading.kind, value=reading.value, observed_at=reading.observed_at)
        for paper, all_read in readings
        for reading in all_read
    ]
    if not signals:
        return 0
    moments = [signal.observed_at for signal in signals]
    known = set(
        Signal.objects.filter(
            source=source,
            paper__in={signal.paper_id for signal in signals},
            observed_at__range=(min(moments), max(moments)),
        ).values_list("paper_id", "kind", "observed_at")
    )
    new = {(signal.paper_id, signal.kind, signal.observed_at): signal for signal in signals}
    new = {identity: signal for identity, signal in new.items() if identity not in known}
    # Another process may read the same source in the same minute: its signals are these signals.
    Signal.objects.bulk_create(new.values(), ignore_conflicts=True)
    return len(new)


def _count_first(papers: Iterable[Paper], readings: Readings) -> None:
    """Give new papers their latest counts. Nothing else can have counted them."""
    of_paper = {id(paper): list[Reading]() for paper in papers}
    for paper, all_read in readings:
        if id(paper) in of_paper:
            of_paper[id(paper)] += all_read
    for paper in papers:
        for reading in sorted(of_paper[id(paper)], key=lambda reading: reading.observed_at):
            paper.counts[reading.kind] = reading.value


def _renew_counts(readings: Readings, but: set[int]) -> list[Paper]:
    """Give known papers the latest count of each kind that was read just now; return those whose counts changed.

    The latest by the time it was observed, so that importing an old file turns no count back; of two sources at the
    same time the first by name.
    """
    papers = {paper.pk: paper for paper, all_read in readings if all_read and paper.pk not in but}
    moments = [reading.observed_at for paper, all_read in readings for reading in all_read if paper.pk in papers]
    if not moments:
        return []
    place = Window(
        RowNumber(), partition_by=[F("paper_id"), F("kind")], order_by=[F("observed_at").desc(), F("source").asc()]
    )
    signals = Signal.objects.filter(paper__in=papers, observed_at__gte=min(moments)).order_by()
    latest: dict[int, dict[str, int]] = {}
    for paper_id, kind, value in signals.alias(place=place).filter(place=1).values_list("paper_id", "kind", "value"):
        latest.setdefault(paper_id, {})[kind] = value
    changed = [paper for paper in papers.values() if paper.counts != paper.counts | latest.get(paper.pk, {})]
    for paper in changed:
        paper.counts = paper.counts | latest[paper.pk]
    return changed


def _assign_topics(batch: Batch) -> None:
    told = [(record, paper) for record, paper in batch.told if "topics" not in paper.edited_facts]
    categories = {code for record, _ in told for code in record.categories}
    Topic.objects.bulk_create(
        [Topic(slug=code, name=code, kind=Topic.Kind.CATEGORY) for code in sorted(categories)], ignore_conflicts=True
    )
    by_category = Topic.objects.in_bulk(list(categories), field_name="slug")
    curated = [
        (topic, [plain(term) for term in topic.terms]) for topic in Topic.objects.filter(kind=Topic.Kind.KEYWORDS)
    ]
    links = {(paper.pk, by_category[code].pk) for record, paper in told for code in record.categories}
    for paper in batch.changed:
        if "topics" not in paper.edited_facts:
            text = plain(paper.title, *paper.keywords)
            links |= {(paper.pk, topic.pk) for topic, terms in curated if any(term in text for term in terms)}
    through = Paper.topics.through
    through.objects.bulk_create(
        [through(paper_id=paper_id, topic_id=topic_id) for paper_id, topic_id in sorted(links)], ignore_conflicts=True
    )
