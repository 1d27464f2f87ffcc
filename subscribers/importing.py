"""Readers who come in from a file, and how that is taken back.

They are active at once, since they agreed elsewhere: the import says where. Nobody who is known here is changed, and
nobody who must not be mailed comes in. A row is taken or refused as a whole. Running the same file again finishes what
a crash has cut short.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import BinaryIO, TypedDict

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django_stubs_ext import WithAnnotations

from subscribers.addresses import fingerprint
from subscribers.columns import NewReader, NotActive, RowReader, RowRefused, has_addresses, map_columns
from subscribers.models import ConsentEvent, ImportBatch, Subscriber, Suppression
from subscribers.tables import DELIMITERS, Row, Table, open_table

# Rows a transaction.
CHUNK = 500
MIN_PROVENANCE, MAX_PROVENANCE = 10, 200
NOT_ACTIVE = "gets no mail where the file comes from"
SUPPRESSED = "must not be mailed"
MOVED = "moved to another address"
TWICE = "is in the file twice"
MEANWHILE = "signed up meanwhile"
KNOWN: dict[str, str] = {
    Subscriber.Status.PENDING: "is known, and has not confirmed",
    Subscriber.Status.ACTIVE: "is a reader already",
    Subscriber.Status.UNSUBSCRIBED: "has left",
}


class Key(TypedDict):
    key: str


class ImportStopped(Exception):
    """Somebody took the import back while it ran."""


@dataclass(frozen=True)
class ReadersFile:
    """A file of readers: a table, and where in it our columns stand."""

    table: Table
    places: dict[str, int]

    @property
    def left_out(self) -> list[str]:
        """The headers of columns that say nothing to us."""
        return [name for place, name in enumerate(self.table.headers) if place not in self.places.values()]

    def __str__(self) -> str:
        used = ", ".join(f"{name} ({self.table.headers[place]})" for name, place in self.places.items())
        separated = DELIMITERS[self.table.delimiter]
        return f"Read as {self.table.encoding}, separated by {separated}. Columns: {used}."


@dataclass(frozen=True)
class Refusal:
    """A row that was not taken, and why."""

    row: Row
    why: str


@dataclass
class ImportReport:
    """What became of the rows of a file, or would."""

    batch_id: int | None
    created: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return self.created + self.skipped.total() + self.refused.total()

    def lines(self) -> list[str]:
        """What became of the rows, in words, with the reasons."""
        counts = f"{self.created:,} new, {self.skipped.total():,} skipped, {self.refused.total():,} refused"
        head = f"Import {self.batch_id}: {counts}." if self.batch_id else f"Nothing was stored. It would be {counts}."
        reasons = [("skipped", *pair) for pair in self.skipped.most_common()]
        reasons += [("refused", *pair) for pair in self.refused.most_common()]
        return [head, *(f"{count:,} {what}: {reason}." for what, reason, count in reasons)]


def is_provenance(text: str) -> bool:
    """Return whether `text` can tell where people agreed."""
    return len(text.strip()) >= MIN_PROVENANCE and len(text) <= MAX_PROVENANCE and "\x00" not in text


def open_readers(file: BinaryIO, chosen: Mapping[str, str], encoding: str = "") -> ReadersFile:
    """Return the readers in `file`; `chosen` names the headers of columns we do not know by name.

    Raises FileUnreadable.
    """
    table = open_table(file, lambda headers: has_addresses(headers, chosen), encoding)
    return ReadersFile(table, map_columns(table.headers, chosen))


def import_readers(
    file: ReadersFile,
    provenance: str,
    now: Callable[[], datetime],
    *,
    on_refusal: Callable[[Refusal], None] = lambda _: None,
    on_progress: Callable[[ImportReport], None] = lambda _: None,
) -> ImportReport:
    """Take in the readers of `file`, who agreed as `provenance` tells; return what became of the rows.

    Raises ImportStopped when the import is undone while it runs.
    """
    if not is_provenance(provenance):
        raise ValueError("An import says where the readers agreed.")
    batch = ImportBatch.objects.create(provenance=provenance, started_at=now())
    report = _run(file, batch, on_refusal, on_progress)
    ImportBatch.objects.filter(pk=batch.pk).update(finished_at=now())
    return report


def try_import(
    file: ReadersFile,
    *,
    on_refusal: Callable[[Refusal], None] = lambda _: None,
    on_progress: Callable[[ImportReport], None] = lambda _: None,
) -> ImportReport:
    """Return what would become of the rows of `file`; nothing is stored."""
    return _run(file, None, on_refusal, on_progress)


def _run(
    file: ReadersFile,
    batch: ImportBatch | None,
    on_refusal: Callable[[Refusal], None],
    on_progress: Callable[[ImportReport], None],
) -> ImportReport:
    with closing(_Seen()) as seen:
        taking = _Import(file, batch, seen, on_refusal)
        while rows := list(islice(file.table.rows, CHUNK)):
            taking.take(rows)
            on_progress(taking.report)
    return taking.report


class _Seen:
    """The addresses of a file so far, as hashes in a temporary file: memory does not grow with the rows."""

    def __init__(self) -> None:
        # A database without a name is on disk, and gone when it is closed.
        self._database = sqlite3.connect("")
        self._database.execute("CREATE TABLE seen (key BLOB PRIMARY KEY) WITHOUT ROWID")

    def add(self, key: str) -> bool:
        """Remember `key`; return whether it is new."""
        digest = hashlib.blake2b(key.encode(), digest_size=16).digest()
        return self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (digest,)).rowcount == 1

    def close(self) -> None:
        self._database.close()


class _Import:
    """Takes in the rows of a file, a chunk at a time; without a batch it only tells what would become of them."""

    def __init__(
        self, file: ReadersFile, batch: ImportBatch | None, seen: _Seen, on_refusal: Callable[[Refusal], None]
    ) -> None:
        self.report = ImportReport(batch.pk if batch else None)
        self._row_reader = RowReader(file.places, len(file.table.headers))
        self._batch = batch
        self._seen = seen
        self._on_refusal = on_refusal

    def take(self, rows: list[Row]) -> None:
        wanted = {reader.key: reader for reader in self._read(rows)}
        if self._batch is None:
            self.report.created += len(self._without_known(wanted))
            return
        with transaction.atomic():
            self._store(self._without_known(wanted), self._batch)
            self._count(self._batch)

    def _read(self, rows: list[Row]) -> Iterator[NewReader]:
        """Yield the readers in rows that are right, each address once."""
        for row in rows:
            try:
                reader = self._row_reader.read(row)
            except NotActive:
                self.report.skipped[NOT_ACTIVE] += 1
            except RowRefused as err:
                self.report.refused[err.reason] += 1
                self._on_refusal(Refusal(row, str(err)))
            else:
                if self._seen.add(reader.key):
                    yield reader
                else:
                    self.report.skipped[TWICE] += 1

    def _without_known(self, wanted: dict[str, NewReader]) -> dict[str, NewReader]:
        """Return those who are new here, and may be mailed."""
        hashes = {fingerprint(reader.email): key for key, reader in wanted.items()}
        # Most events have none, and are not in the index: it is used where the query says so, too.
        given_up = ConsentEvent.objects.exclude(former_address_hash="").filter(former_address_hash__in=hashes)
        suppressed = Suppression.objects.filter(address_hash__in=hashes)
        # The later reason counts for who has more than one.
        reasons = {hashes[found]: MOVED for found in given_up.values_list("former_address_hash", flat=True)}
        reasons |= {key: KNOWN[status] for key, status in _at_addresses(wanted).values_list("key", "status")}
        reasons |= {hashes[found]: SUPPRESSED for found in suppressed.values_list("address_hash", flat=True)}
        self.report.skipped.update(reasons.values())
        return {key: reader for key, reader in wanted.items() if key not in reasons}

    def _store(self, new: dict[str, NewReader], batch: ImportBatch) -> None:
        at = batch.started_at
        facts = {"status": Subscriber.Status.ACTIVE, "created_at": at, "confirmed_at": at, "import_batch": batch}
        # An address that signed up since we looked is left alone.
        Subscriber.objects.bulk_create(
            [Subscriber(email=reader.email, **facts, **reader.values) for reader in new.values()],
            ignore_conflicts=True,
        )
        made = dict(_at_addresses(new).filter(import_batch=batch).values_list("key", "pk"))
        ConsentEvent.objects.bulk_create(
            ConsentEvent(
                subscriber_id=pk,
                kind=ConsentEvent.Kind.IMPORTED,
                wording_version="",  # they never saw ours; the import says what they agreed to
                source=f"import {batch.pk}",
                at=at,
            )
            for pk in made.values()
        )
        follows = Subscriber.topics.through
        follows.objects.bulk_create(
            follows(subscriber_id=pk, topic_id=topic_id) for key, pk in made.items() for topic_id in new[key].topic_ids
        )
        self.report.created += len(made)
        self.report.skipped += Counter({MEANWHILE: len(new) - len(made)})

    def _count(self, batch: ImportBatch) -> None:
        report = self.report
        going_on = ImportBatch.objects.filter(pk=batch.pk, undone_at=None).update(
            created=report.created, skipped=report.skipped.total(), refused=report.refused.total()
        )
        if not going_on:
            raise ImportStopped(f"Import {batch.pk} was undone while it ran.")


def _at_addresses(addresses: Collection[str]) -> QuerySet[WithAnnotations[Subscriber, Key]]:
    """Return who is at these addresses, in lower case, each with `key`: its own in lower case."""
    everybody = Subscriber.objects.annotate(key=Lower("email")).order_by()
    return everybody.filter(key__in=list(addresses))  # type: ignore[return-value]  # the plugin has no name for it
