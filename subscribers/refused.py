"""Rows of a file that were refused, as a file to mend and to import again."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from subscribers.importing import Refusal
from subscribers.tables import neutral, restored

# How every file of refused rows begins.
FIRST_COLUMNS = ["row", "reason"]


def as_csv(headers: Sequence[str], refusals: Iterable[Refusal]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    write_headers(writer, headers)
    for refusal in refusals:
        write_refusal(writer, refusal)
    return out.getvalue()


def write_headers(writer: Any, headers: Sequence[str]) -> None:
    _write(writer, FIRST_COLUMNS, headers)


def write_refusal(writer: Any, refusal: Refusal) -> None:
    """Write a refused row: number, reason, and the cells as they were."""
    _write(writer, [str(refusal.row.number), refusal.why], refusal.row.cells)


def _write(writer: Any, ours: Sequence[str], cells: Sequence[str]) -> None:
    # Cells of an export, or of an earlier file of refused rows, are neutral already.
    writer.writerow([*map(neutral, ours), *(neutral(restored(cell)) for cell in cells)])
