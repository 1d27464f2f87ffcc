"""Tables that come as files: which encoding, which delimiter, then row after row in flat memory."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from charset_normalizer import from_bytes

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# Characters of a cell, and of a row with all its cells: what is longer is refused, and never held as a whole.
MAX_CELL = 1 << 20
MAX_ROW = 4 << 20
SAMPLE = 1 << 16
# Longer marks first: that of UTF-32 begins like that of UTF-16. These codecs swallow the mark.
MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
PRINTABLE = bytes(range(32, 127))
# No database keeps NUL or half a character; the third is what a wrong byte is read as.
UNREADABLE = re.compile("[\x00\ud800-\udfff\ufffd]")
# What a spreadsheet takes for a formula, even behind spaces and quotation marks. The quotation mark in the class is
# what makes `neutral` and `restored` each other's inverse.
FORMULA = re.compile(r"[\s'\"]*[=+\-@\t\r＝＋－＠]")

csv.field_size_limit(MAX_CELL)


class FileUnreadable(ValueError):
    """This is not a table we can read; the message says why, for the person who chose the file.

    `headers` are those of its first row, where it is only not clear what they mean.
    """

    def __init__(self, why: str, headers: Sequence[str] = ()) -> None:
        super().__init__(why)
        self.headers = headers


class _RowTooLong(Exception):
    pass


@dataclass(frozen=True)
class Row:
    """A row as a spreadsheet counts: the first of the file is number 1. One with a problem may have no cells."""

    number: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True)
class Table:
    """A file whose header has been read; `rows` can be read once."""

    encoding: str
    delimiter: str
    headers: list[str]
    rows: Iterator[Row]


def open_table(file: BinaryIO, is_header: Callable[[list[str]], bool], encoding: str = "") -> Table:
    """Return the table in `file`, read as `encoding` or as what it looks like.

    Of the delimiters the one is taken with which `is_header` knows the first row, else the one it has most of.
    Raises FileUnreadable.
    """
    encoding = encoding or detect_encoding(file)
    delimiter = _detect_delimiter(_read_sample(file, encoding), is_header)
    rows = _read_rows(file, encoding, delimiter)
    header = next(rows, None)
    if header is None:
        raise FileUnreadable("The file is empty.")
    if header.problem:
        raise FileUnreadable(f"The first row {header.problem}.")
    return Table(encoding, delimiter, [cell.strip() for cell in header.cells], rows)


def _read_sample(file: BinaryIO, encoding: str) -> str:
    with _decoded(file, encoding) as text:
        return text.read(SAMPLE)


def _read_rows(file: BinaryIO, encoding: str, delimiter: str) -> Iterator[Row]:
    with _decoded(file, encoding) as text:
        yield from _rows(text, delimiter)


@contextmanager
def _decoded(file: BinaryIO, encoding: str) -> Iterator[TextIO]:
    """The text of `file`, from its beginning; the file stays open, as whoever opened it expects."""
    file.seek(0)
    try:
        text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
        try:
            yield text
        finally:
            if not file.closed:
                text.detach()
    except (LookupError, UnicodeError) as err:
        raise FileUnreadable(f"The file cannot be read as {encoding}.") from err


def detect_encoding(file: BinaryIO) -> str:
    """Return the name of the encoding of `file`, after a look at all of it.

    A file that is UTF-8 but for a few lines is UTF-8: these lines are wrong, not the others.
    """
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    right, wrong, sample = 0, 0, bytearray()
    for line in iter(lambda: file.readline(SAMPLE), b""):
        if line.isascii():
            continue
        try:
            line.decode()
            right += 1
        except UnicodeDecodeError:
            wrong += 1
            sample += line[: max(0, SAMPLE - len(sample))]
    return "utf-8" if right >= wrong else _guess_encoding(bytes(sample))


def _guess_encoding(sample: bytes) -> str:
    # The Windows code page is by far the most common, and says the same as many that are named before it.
    for match in from_bytes(sample):
        if "cp1252" in match.could_be_from_charset:
            return "cp1252"
        if PRINTABLE.decode(match.encoding, "replace").encode("ascii", "replace") == PRINTABLE:
            return match.encoding
    return "cp1252"


def _detect_delimiter(sample: str, is_header: Callable[[list[str]], bool]) -> str:
    def quality(delimiter: str) -> tuple[bool, int]:
        row = next(_rows(io.StringIO(sample, newline=""), delimiter), Row(1, []))
        return is_header([cell.strip() for cell in row.cells]), len(row.cells)

    return max(DELIMITERS, key=quality)


class _Lines:
    """The lines of a text, which raises rather than hold a row that is too long."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._length = 0
        self._quotes = 0
        self._is_whole = True

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._read(MAX_ROW)
        if not line:
            raise StopIteration
        self._length += len(line)
        if self._length > MAX_ROW or not self._is_whole:
            raise _RowTooLong
        return line

    def begin_row(self) -> None:
        self._length = self._quotes = 0

    def skip_row(self) -> None:
        """Go on behind the row that could not be read: never inside a quoted cell, whose lines are not rows."""
        while (not self._is_whole or self._quotes % 2) and self._read(SAMPLE):
            pass

    def _read(self, most: int) -> str:
        line = self._text.readline(most)
        self._quotes += line.count('"')
        # The last line of a file needs no end.
        self._is_whole = line.endswith(("\n", "\r")) or len(line) < most
        return line


def _rows(text: TextIO, delimiter: str) -> Iterator[Row]:
    """Yield the rows that are not blank."""
    lines = _Lines(text)
    # Strict: a quotation mark that is never closed would make the rest of the file a part of one cell.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _RowTooLong):
            lines.skip_row()
            yield Row(number, [], "cannot be read: too long, or a quotation mark is not closed")
            continue
        if any(cell and not cell.isspace() for cell in cells):
            is_readable = not any(map(UNREADABLE.search, cells))
            yield Row(number, cells, "" if is_readable else "has characters that cannot be read")


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: one that looks like it gets an apostrophe in front."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """Return what `neutral` was given."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell, 1) else cell
