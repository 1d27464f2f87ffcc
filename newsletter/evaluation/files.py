"""Reads what the selection is evaluated on: papers in JSON lines, whose they are in CSV, gzipped or not."""

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from newsletter.evaluation.events import Catalogue, Histories, Paper

GZIP = b"\x1f\x8b"


class FileUnusable(Exception):
    """A file cannot be read, or a line of it is not what it should be; says which and why."""


def read_papers(path: Path) -> Catalogue:
    """Return the papers of a file in JSON lines: arxiv_id, title, abstract, listing_date; ai_keywords, early_upvotes.

    Raises FileUnusable.
    """
    papers: dict[str, Paper] = {}
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            paper = _paper(json.loads(line))
            if paper.arxiv_id in papers:
                raise ValueError(f"{paper.arxiv_id} is in the file twice")
        except (KeyError, TypeError, ValueError) as err:
            raise FileUnusable(f"{path} line {number}: {_why(err)}") from err
        papers[paper.arxiv_id] = paper
    return Catalogue.of(papers.values())


def read_histories(path: Path, catalogue: Catalogue) -> tuple[Histories, int]:
    """Return the papers of each person in a CSV file, and how many lines are about a paper that nobody knows.

    Columns: user_hash, arxiv_id, listing_date. Authors and submitters count alike, and twice is once; when a paper was
    listed is taken from the papers. Raises FileUnusable.
    """
    places = {paper.arxiv_id: place for place, paper in enumerate(catalogue.papers)}
    histories: dict[str, set[int]] = {}
    unknown = 0
    rows = csv.DictReader(_lines(path), strict=True)
    try:
        for row in rows:
            user, arxiv_id = _interaction(row)
            if arxiv_id in places:
                histories.setdefault(user, set()).add(places[arxiv_id])
            else:
                unknown += 1
    except (csv.Error, KeyError, TypeError, ValueError) as err:
        # The reader has not counted a line that it cannot take apart.
        number = rows.line_num + isinstance(err, csv.Error)
        raise FileUnusable(f"{path} line {number}: {_why(err)}") from err
    return {user: sorted(histories[user]) for user in sorted(histories)}, unknown


def _paper(row: Any) -> Paper:
    if not isinstance(row, dict):
        raise TypeError("is not an object")
    upvotes = row.get("early_upvotes")
    if upvotes is not None and (type(upvotes) is not int or upvotes < 0):
        raise ValueError(f"early_upvotes {upvotes!r} is not a count")
    abstract = row.get("abstract") or ""
    if not isinstance(abstract, str):
        raise ValueError("abstract is not a text")
    keywords = row.get("ai_keywords") or []
    if not (isinstance(keywords, list) and all(isinstance(keyword, str) for keyword in keywords)):
        raise ValueError("ai_keywords is not a list of words")
    return Paper(
        arxiv_id=_text(row, "arxiv_id"),
        title=_text(row, "title"),
        abstract=abstract,
        day=date.fromisoformat(_text(row, "listing_date")).toordinal(),
        keywords=tuple(keywords),
        early_upvotes=upvotes,
    )


def _interaction(row: dict[str, Any]) -> tuple[str, str]:
    date.fromisoformat(_text(row, "listing_date"))
    return _text(row, "user_hash"), _text(row, "arxiv_id")


def _text(row: dict[str, Any], name: str) -> str:
    value = row[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing")
    return value


def _why(err: Exception) -> str:
    return f"{err} is missing" if isinstance(err, KeyError) else str(err)


def _lines(path: Path) -> Iterator[str]:
    try:
        with _open(path) as file:
            yield from file
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as err:
        raise FileUnusable(f"{path} cannot be read: {err}") from err


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    """Open a file for reading; whether it is gzipped is told by how it begins, whatever it is called."""
    with path.open("rb") as raw:
        is_gzipped = raw.peek(len(GZIP)).startswith(GZIP)
        with TextIOWrapper(gzip.open(raw) if is_gzipped else raw, encoding="utf-8-sig", newline="") as text:
            yield text
