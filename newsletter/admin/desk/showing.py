"""What the desk shows of an edition: its entries in order, what they gained, and who changed what."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet, prefetch_related_objects

from newsletter.arranging import arrange
from newsletter.models import Edition, EditionEntry
from papers.chart import Reading, Spark, draw_spark
from papers.models import Signal
from papers.trending import in_words

# Entries that go out and are shown at first: more than the longest digest has.
SHOWN = 25
SPARK_REACHES = timedelta(days=7)
STEPS_SHOWN = 20


@dataclass(frozen=True)
class Row:
    """An entry on the desk; whether there is a place above and below to go to."""

    entry: EditionEntry
    attention: str
    kind: str
    spark: Spark | None
    can_rise: bool
    can_sink: bool


@dataclass(frozen=True)
class Entries:
    """The entries of an edition: those that go out, all or the telling ones, and those that were left out."""

    rows: Sequence[Row]
    left_out: Sequence[Row]
    total: int
    is_whole: bool

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


def entries_of(edition: Edition, at: datetime, *, is_whole: bool) -> Entries:
    """Return what the desk lists of `edition`. As many queries for many entries as for few."""
    entries = _in_order(edition)
    out = [entry for entry in entries if entry.goes_out]
    left_out = [entry for entry in entries if not entry.goes_out]
    # Whatever editors said something about is in sight, such as what was just added at the end.
    shown = [entry for number, entry in enumerate(out) if is_whole or number < SHOWN or entry.is_curated]
    prefetch_related_objects([*shown, *left_out], "paper__topics")
    readings = _readings([*shown, *left_out], edition.closing_at or at)
    pinned = sum(entry.is_pinned for entry in out)

    def row(entry: EditionEntry) -> Row:
        kind = _kind(entry)
        first, last = (1, pinned) if entry.is_pinned else (pinned + 1, len(out))
        return Row(
            entry,
            attention=in_words(entry.parts),
            kind=Signal.Kind(kind).label.lower() if kind != Signal.Kind.STARS else "GitHub stars",
            spark=draw_spark(readings[entry.paper_id, kind]),
            can_rise=first < entry.place <= last,
            can_sink=first <= entry.place < last,
        )

    return Entries(
        [row(entry) for entry in shown], [row(entry) for entry in left_out], len(out), len(shown) == len(out)
    )


def _in_order(edition: Edition) -> list[EditionEntry]:
    """Return the entries as they stand. A paper may have been hidden everywhere since places were stored."""
    entries = list(edition.entries.in_order().select_related("paper"))
    if edition.is_draft:
        entries = arrange(entries)
        for place, entry in enumerate(entries, start=1):
            entry.place = place
    return entries


def history_of(edition: Edition) -> QuerySet[LogEntry]:
    """The last steps that somebody took with `edition`, newest first."""
    kind = ContentType.objects.get_for_model(Edition)
    steps = LogEntry.objects.filter(content_type=kind, object_id=str(edition.pk)).select_related("user")
    return steps.order_by("-action_time", "-pk")[:STEPS_SHOWN]


def _kind(entry: EditionEntry) -> str:
    """What the entry gained most of."""
    kinds = (part["kind"] for part in entry.parts if part["kind"] in Signal.Kind.values and part.get("gain"))
    return next(kinds, Signal.Kind.UPVOTES)


def _readings(entries: Iterable[EditionEntry], at: datetime) -> defaultdict[tuple[int, str], list[Reading]]:
    """The counts of the last days, by paper and kind: one query for all entries."""
    signals = Signal.objects.filter(
        paper__in=[entry.paper_id for entry in entries], observed_at__gt=at - SPARK_REACHES, observed_at__lte=at
    )
    readings = defaultdict[tuple[int, str], list[Reading]](list)
    for paper_id, kind, observed_at, value in signals.order_by().values_list("paper", "kind", "observed_at", "value"):
        readings[paper_id, kind].append(Reading(observed_at, value))
    return readings
