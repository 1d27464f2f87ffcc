"""Readers on their way out, as a table that the import understands."""

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from django.db.models import QuerySet

from subscribers.columns import COLUMNS, cells_of
from subscribers.models import Subscriber
from subscribers.tables import neutral

# Readers in memory at once.
CHUNK = 500


def rows_of(readers: QuerySet[Subscriber]) -> Iterator[list[str]]:
    """Yield what COLUMNS say of each reader, in flat memory."""
    for reader in readers.order_by("pk").prefetch_related("topics").iterator(chunk_size=CHUNK):
        yield cells_of(reader)


def write_csv(rows: Iterable[list[str]], out: TextIO) -> int:
    """Write rows of COLUMNS as CSV, no cell of which a spreadsheet takes for a formula; return how many."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007  the last one counts
        writer.writerow([neutral(cell) for cell in row])
    return count


def open_private(path: Path) -> TextIO:
    """Open a file for writing that nobody else on the machine may read: addresses go in."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # One that was there before keeps its mode otherwise.
    os.fchmod(number, 0o600)
    return open(number, "w", encoding="utf-8", errors="replace", newline="")  # noqa: PTH123  a Path opens no descriptor
