"""Making the model of a hundred thousand papers' texts, and opening it."""

import os
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

from django.conf import settings

from bench.clock import AT
from bench.measure import report, resident_megabytes, seconds
from bench.search import CHUNK, MadeUpText
from papers.modelling import refresh_text_model
from papers.models import Paper
from papers.text_model_files import read_model

PAPERS = 100_000
VOCABULARY = 100_000
# Words: what arXiv's titles have, and its abstracts at least and at most.
TITLE, SHORTEST, LONGEST = 10, 150, 180
OPENINGS = 5


def bench_model() -> None:
    """The whole way from the database to the files, and what opening them takes when none is in memory."""
    text = MadeUpText(seed=7, vocabulary=VOCABULARY)
    filled = seconds(partial(_fill, text))
    before = resident_megabytes()
    spent = seconds(partial(refresh_text_model, AT))
    peak = resident_megabytes()
    folder = settings.PAPERS_TEXT_MODEL_DIR
    manifest = read_model(folder).manifest
    times = [_open_cold(folder) for _ in range(OPENINGS)]
    report(
        "model",
        "seconds",
        spent,
        papers=manifest.papers,
        terms=manifest.terms,
        peak_megabytes=round(peak),
        peak_of_filling=round(before),
        disk_megabytes=round(sum(path.stat().st_size for path in _files(folder)) / 1e6),
        open_ms=round(median(times) * 1000),
        filled_in_s=round(filled),
    )


def _fill(text: MadeUpText) -> None:
    for start in range(0, PAPERS, CHUNK):
        Paper.objects.bulk_create(_papers(start, text))


def _papers(start: int, text: MadeUpText) -> Iterator[Paper]:
    titles, abstracts = text.take(CHUNK, TITLE), text.take(CHUNK, LONGEST)
    for place, (title, abstract) in enumerate(zip(titles, abstracts, strict=True)):
        number = start + place
        words = abstract.split()[: SHORTEST + number % (LONGEST - SHORTEST + 1)]
        yield Paper(
            key=f"arxiv:{number}",
            title=title,
            abstract=" ".join(words),
            listed_on=AT.date() - timedelta(days=number % 700),
        )


def _open_cold(folder: Path) -> float:
    """Return the seconds it takes to open the model when the system has forgotten its files."""
    for path in _files(folder):
        with path.open("rb") as file:
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return seconds(partial(read_model, folder))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
