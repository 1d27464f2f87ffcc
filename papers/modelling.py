"""Keeps a model of the texts of all papers: makes it anew when papers came or went, and opens it for who asks."""

import logging
import time
from array import array
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.db.models import Count, Max

from papers.models import Paper
from papers.text_model import Text, TextModel, count_terms, fit
from papers.text_model_files import (
    KeptModel,
    Manifest,
    ModelUnusable,
    name_version,
    one_writer,
    read_model,
    read_pointer,
    save_model,
)

logger = logging.getLogger(__name__)

# What readers see of new papers is known within the hour; what became of the text of old ones within the day.
KEPT_WHILE_PAPERS_COME = timedelta(hours=1)
KEPT_AT_MOST = timedelta(days=1)
# A model that could not be read is tried again, and complained of, so many seconds later.
PAUSE = 60
CHUNK = 2_000


def refresh_text_model(at: datetime) -> str:
    """Make the model of all visible papers and keep it as the current one; return its version.

    Waits for another process that is doing the same. Raises OSError.
    """
    with one_writer(settings.PAPERS_TEXT_MODEL_DIR):
        return _refresh(at)


def refresh_if_stale(at: datetime) -> None:
    """Make the model anew if it is stale and nobody is at it. What goes wrong is logged, and never raised."""
    with _logging_failures(), one_writer(settings.PAPERS_TEXT_MODEL_DIR, wait=False) as is_free:
        if is_free and is_stale(at):
            _refresh(at)


def ensure_text_model_holds(paper_ids: Collection[int], at: datetime) -> None:
    """Make the model anew if it lacks a visible one of these papers. What goes wrong is logged, and never raised."""
    with _logging_failures():
        if not _lacks(paper_ids):
            return
        with one_writer(settings.PAPERS_TEXT_MODEL_DIR):
            # Not if somebody else just did.
            if _lacks(paper_ids):
                _refresh(at)


def is_stale(at: datetime) -> bool:
    """Return whether there is no model that can be read, it is old, or papers came or went since some time."""
    # That there is none yet is no fault to tell of.
    kept = _this_process.open_model() if _is_there() else None
    if kept is None:
        return True
    age = at - kept.manifest.made_at
    return age > KEPT_AT_MOST or (age > KEPT_WHILE_PAPERS_COME and _have_papers_changed(kept.manifest))


def current_text_model() -> TextModel | None:
    """Return the current model, the same object until there is another; None, which is logged, if it is unusable."""
    kept = _this_process.open_model()
    return kept.model if kept else None


@contextmanager
def _logging_failures() -> Iterator[None]:
    try:
        yield
    except Exception:  # whatever the cause, editions go out with the model there is
        logger.exception("The text model could not be made anew")


class _Look(NamedTuple):
    """What was found at a folder's pointer, and when in seconds of a clock that only this process has."""

    folder: Path
    pointer: str
    kept: KeptModel | None
    looked_at: float


class _OpenModel:
    """The model that this process has open, for all its threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: _Look | None = None

    def open_model(self) -> KeptModel | None:
        """Return the current model, which is read when the pointer tells of another, or a while after it failed."""
        folder: Path = settings.PAPERS_TEXT_MODEL_DIR
        with self._lock:
            if self._last is None or self._is_over(self._last, folder):
                self._last = _Look(folder, read_pointer(folder), _read(folder), time.monotonic())
            return self._last.kept

    def _is_over(self, last: _Look, folder: Path) -> bool:
        if (last.folder, last.pointer) != (folder, read_pointer(folder)):
            return True
        return last.kept is None and time.monotonic() - last.looked_at >= PAUSE


_this_process = _OpenModel()


def _read(folder: Path) -> KeptModel | None:
    try:
        return read_model(folder)
    except ModelUnusable as err:
        logger.error("The text model cannot be used: %s", err)
        return None


def _is_there() -> bool:
    return read_pointer(settings.PAPERS_TEXT_MODEL_DIR) != ""


def _lacks(paper_ids: Collection[int]) -> bool:
    kept = _this_process.open_model() if _is_there() else None
    if kept is None:
        return True
    wanted = list(paper_ids)
    rows = kept.model.rows_of(wanted)
    missing = [paper_id for paper_id, row in zip(wanted, rows, strict=True) if row < 0]
    return Paper.objects.visible().filter(pk__in=missing).exists()


def _have_papers_changed(manifest: Manifest) -> bool:
    found = Paper.objects.visible().aggregate(count=Count("pk"), last=Max("pk"))
    return (found["count"], found["last"] or 0) != (manifest.papers, manifest.last_paper_id)


def _refresh(at: datetime) -> str:
    paper_ids, days = array("q"), array("q")

    def read_texts() -> Iterator[Text]:
        """Yield the texts one after the other, so that they are never in memory together."""
        facts = ("pk", "title", "abstract", "summary", "listed_on", "published_on")
        papers = Paper.objects.visible().order_by("pk").values_list(*facts)
        for paper_id, title, abstract, summary, listed_on, published_on in papers.iterator(CHUNK):
            paper_ids.append(paper_id)
            days.append(_day_of(listed_on or published_on))
            yield Text(title, abstract or summary)

    counts = count_terms(read_texts())
    version = name_version(at)
    model = fit(np.array(paper_ids, np.int64), np.array(days, np.int64), counts, version)
    save_model(settings.PAPERS_TEXT_MODEL_DIR, model, at)
    logger.info("Text model %s: %d papers, %d terms", version, len(paper_ids), len(model.hashes))
    return version


def _day_of(day: date | None) -> int:
    return day.toordinal() if day else 0
