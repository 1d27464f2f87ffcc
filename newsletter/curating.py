"""What editors do to a draft. Each change is one step that holds the edition, and says in words what was done.

The words are for the history of the edition; they are empty where it was so before. Neither the scores nor closing come
between: whoever is late is told so by NotDone, and nothing is changed.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from newsletter.arranging import arrange, move
from newsletter.editions import place_last, set_places
from newsletter.models import Edition, EditionEntry
from papers.arxiv_ids import key_of
from papers.ingest import read_source
from papers.models import Paper, SourceRun
from papers.shortening import shorten
from papers.sources.arxiv_search import ArxivPapers
from papers.text import collapse, collapse_lines

# Characters of a title in the history.
NAMED = 90
# For how long an editor waits for arXiv.
PATIENCE = timedelta(seconds=20)
# Characters that no mail can be made of, since XML does not have them.
NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
BLANK_LINES = re.compile(r"\n{3,}")


class NotDone(Exception):
    """Nothing was changed; the message says to an editor why."""


# --- Entries --------------------------------------------------------------------------------------------------------


def move_to(edition_id: int, entry_id: int, place: int, seen: int | None = None) -> str:
    """Put an entry at `place`, counted from 1, as near as pinned ones, which come first, allow.

    Where it was `seen` counts for who wants it higher or lower: the scores may have moved it since.
    """
    with _draft(edition_id) as edition:
        entries = arrange(edition.entries.select_related("paper"))
        entry = _named(entries, entry_id)
        if not entry.goes_out:
            raise NotDone(f"{_quoted(entry.paper)} does not go out, so it has no place. Nothing was changed.")
        stands_at = entries.index(entry) + 1
        if seen is not None and stands_at not in (seen, place):
            raise NotDone(f"{_quoted(entry.paper)} stands at place {stands_at} meanwhile. Nothing was changed.")
        before = [other.position for other in entries]
        move([other for other in entries if other.goes_out], entry, place)
        changed = [other for other, position in zip(entries, before, strict=True) if other.position != position]
        EditionEntry.objects.bulk_update(changed, ["position"])
        set_places(edition)
        entry.refresh_from_db(fields=["place"])
    return f"Moved {_quoted(entry.paper)} to place {entry.place}" if changed else ""


def follow_scores(edition_id: int, entry_id: int) -> str:
    """Let an entry stand where the scores put it, and leave the draft when they do."""
    with _entry(edition_id, entry_id) as entry:
        is_new, entry.position = entry.position is not None, None
    return f"Let {_quoted(entry.paper)} follow the scores again" if is_new else ""


def pin(edition_id: int, entry_id: int) -> str:
    """Let an entry come first, for every reader who may have it."""
    with _entry(edition_id, entry_id) as entry:
        is_new, entry.is_pinned = not entry.is_pinned, True
    return f"Pinned {_quoted(entry.paper)}" if is_new else ""


def unpin(edition_id: int, entry_id: int) -> str:
    with _entry(edition_id, entry_id) as entry:
        is_new, entry.is_pinned = entry.is_pinned, False
    return f"Unpinned {_quoted(entry.paper)}" if is_new else ""


def hide(edition_id: int, entry_id: int) -> str:
    """Leave an entry out of the edition: no reader gets it, whatever the scores say."""
    with _entry(edition_id, entry_id) as entry:
        is_new, entry.is_hidden = not entry.is_hidden, True
    return f"Left {_quoted(entry.paper)} out" if is_new else ""


def unhide(edition_id: int, entry_id: int) -> str:
    with _entry(edition_id, entry_id) as entry:
        is_new, entry.is_hidden = entry.is_hidden, False
    return f"Took {_quoted(entry.paper)} in again" if is_new else ""


def set_note(edition_id: int, entry_id: int, note: str) -> str:
    """Say `note` to readers under the summary; an empty one takes it away."""
    with _entry(edition_id, entry_id) as entry:
        before, entry.note = entry.note, in_one_line(note)
    if entry.note == before:
        return ""
    title = _quoted(entry.paper)
    return f"Noted on {title}: {entry.note}" if entry.note else f"Took the note off {title}"


def add_paper(edition_id: int, paper_id: int) -> str:
    """Add a paper last, where an editor can move it from."""
    with _draft(edition_id) as edition:
        paper = Paper.objects.filter(pk=paper_id).first()
        if paper is None:
            raise NotDone("This paper is gone. Nothing was added.")
        if paper.is_hidden:
            raise NotDone(f"{_quoted(paper)} is hidden everywhere; unhide it first.")
        if known := edition.entries.filter(paper=paper).first():
            where = "left out of" if known.is_hidden else f"at place {known.place} of"
            raise NotDone(f"{_quoted(paper)} is in this edition already, {where} it.")
        entry = EditionEntry(edition=edition, paper=paper)
        place_last(entry)
        entry.save()
        set_places(edition)
    return f"Added {_quoted(paper)}"


def look_up(arxiv_id: str, at: datetime) -> int:
    """Read a paper that we do not know from arXiv, now, and return its row. Raises NotDone with arXiv's reason.

    Not for use inside a transaction: arXiv may take its time, and others wait for their turn at it.
    """
    run, _ = read_source(ArxivPapers([arxiv_id], budget=PATIENCE), at)
    paper = Paper.objects.filter(key=key_of(arxiv_id)).first()
    if paper is not None:
        return paper.pk
    if run.status == SourceRun.Status.FAILED:
        raise NotDone(f"arXiv could not be asked about {arxiv_id}; try again in a minute. It said: {run.detail}")
    raise NotDone(f"arXiv knows no paper {arxiv_id}.")


# --- Words of the edition -------------------------------------------------------------------------------------------


def set_words(edition_id: int, opening_line: str | None = None, header_note: str | None = None) -> str:
    """Set how every digest opens, and what stands above its papers; empty ones take them away, None leaves them."""
    words = {}
    if opening_line is not None:
        words["opening_line"] = in_one_line(opening_line)
    if header_note is not None:
        words["header_note"] = in_paragraphs(header_note)
    with _draft(edition_id) as edition:
        changed = [name for name, text in words.items() if getattr(edition, name) != text]
        for name in changed:
            setattr(edition, name, words[name])
        edition.save(update_fields=changed)
    return "; ".join(_said_of(name.replace("_", " "), words[name]) for name in changed)


def _said_of(what: str, words: str) -> str:
    return f"Set the {what}: {shorten(collapse(words), NAMED)}" if words else f"Took the {what} away"


def in_one_line(text: str) -> str:
    """Return words as they are stored where there is one line for them."""
    return collapse(NOT_IN_XML.sub("", text))


def in_paragraphs(text: str) -> str:
    """Return words as they are stored where there is room: their lines collapsed, an empty one between paragraphs."""
    return BLANK_LINES.sub("\n\n", collapse_lines(NOT_IN_XML.sub("", text))).strip("\n")


# --- One step -------------------------------------------------------------------------------------------------------


@contextmanager
def _draft(edition_id: int) -> Iterator[Edition]:
    """Hold a draft. Raises NotDone when it is none any more."""
    with transaction.atomic():
        edition = Edition.objects.select_for_update().filter(pk=edition_id).defer("fragments").first()
        if edition is None or not edition.is_draft:
            raise NotDone("The edition is no draft any more, so nothing was changed. What is there goes out.")
        yield edition


@contextmanager
def _entry(edition_id: int, entry_id: int) -> Iterator[EditionEntry]:
    """Hold a draft and one of its entries, to be stored with what is changed. Raises NotDone when it has left."""
    with _draft(edition_id) as edition:
        entry = _named(edition.entries.select_related("paper").filter(pk=entry_id), entry_id)
        yield entry
        entry.save(update_fields=["position", "is_pinned", "is_hidden", "note"])
        set_places(edition)


def _named(entries: Iterable[EditionEntry], entry_id: int) -> EditionEntry:
    found = next((entry for entry in entries if entry.pk == entry_id), None)
    if found is None:
        raise NotDone("This paper has left the draft, so nothing was changed. It can be added again.")
    return found


def _quoted(paper: Paper) -> str:
    return f"“{shorten(paper.title, NAMED)}”"
