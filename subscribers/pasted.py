"""Papers that somebody likes, out of a list that was pasted: which of them we know, and what becomes of the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from papers.arxiv_ids import count_without_id, ids_in, key_of
from papers.models import Paper
from papers.sources import arxiv

# Ids that are read out of one list.
MAX_IDS = 50


@dataclass(frozen=True)
class Pasted:
    """The arXiv ids of a list, in its order; known papers by id; the ids of the others; how many lines name none."""

    arxiv_ids: Sequence[str] = ()
    known: Sequence[int] = ()
    unknown: Sequence[str] = ()
    lines_without: int = 0

    @property
    def promised(self) -> Sequence[str]:
        """The unknown ids that will be looked up: all, or none where nothing is read from arXiv."""
        return self.unknown if looks_up_papers() else ()


def read_pasted(text: str) -> Pasted:
    """Return what a pasted list names. One query, or none where it names nothing."""
    arxiv_ids = ids_in(text)
    known = known_papers(arxiv_ids)
    unknown = [arxiv_id for arxiv_id in arxiv_ids if arxiv_id not in known]
    return Pasted(arxiv_ids, list(known.values()), unknown, count_without_id(text))


def known_papers(arxiv_ids: Sequence[str]) -> dict[str, int]:
    """Return the papers with these ids that may be shown: their rows by arXiv id."""
    if not arxiv_ids:
        return {}
    # By key, which has an index.
    papers = Paper.objects.visible().filter(key__in=[key_of(arxiv_id) for arxiv_id in arxiv_ids])
    rows = dict(papers.values_list("key", "pk"))
    return {arxiv_id: rows[key_of(arxiv_id)] for arxiv_id in arxiv_ids if key_of(arxiv_id) in rows}


def looks_up_papers() -> bool:
    """Return whether papers that we do not know are read from arXiv."""
    return arxiv.NAME in settings.PAPERS_SOURCES


def told_of(pasted: Pasted, when: str) -> str:
    """Return in a sentence what becomes of a pasted list, so that nothing is lost silently; empty where none was.

    `when` unknown papers are looked up, such as "after you subscribe".
    """
    found, new = len(pasted.arxiv_ids), len(pasted.unknown)
    parts = []
    if found:
        parts.append(f"{_count(found, 'paper')} recognised")
    if new:
        fate = f"will be looked up {when}" if looks_up_papers() else "left out"
        parts.append(f"{_those(new, found)} new to us and {fate}")
    if count := pasted.lines_without:
        parts.append(f"{_count(count, 'line')} had no arXiv id")
    return "; ".join(parts) + "." if parts else ""


def _those(new: int, found: int) -> str:
    if new == found:
        return "it is" if found == 1 else "all are"
    return "1 of them is" if new == 1 else f"{new} of them are"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
