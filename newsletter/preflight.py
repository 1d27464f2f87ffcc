"""What would go wrong if a draft went out as it is, in words. What is certain to do harm blocks closing it by hand."""

import html
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings

from mail.mjml import MjmlError
from newsletter.doubles import doubles_among
from newsletter.header_note import links_in
from newsletter.models import Edition, EditionEntry
from newsletter.own_links import dead_links
from newsletter.rendering import compile_fragments, public_links
from newsletter.sizing import copy_of_all, largest_html
from newsletter.unfinished import has_address, placeholders_in
from papers.shortening import shorten
from subscribers.models import DEFAULT_SIZE, MAX_SIZE

logger = logging.getLogger(__name__)

# Bytes of HTML. Gmail cuts a mail off at some 102 kB; what is usual should be far from it.
MOST_BYTES, MOST_BYTES_USUAL = 90_000, 45_000
# Lines of a note above the papers: more fill the first screen of a phone.
MOST_LINES = 15
# Of more papers, or links, than these only the number is told.
NAMED = 3
LONGEST_TITLE = 60
HREF = re.compile(r'href="([^"]+)"')
# What stands in a compiled digest for a reader's own words, and must not be left.
MARK = re.compile(r"mark-[a-z-]+-[0-9a-f]{16}|<!--cut-[0-9a-f]{16}-->")


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be: in a word or two, in a sentence, and the entries it is about."""

    code: str
    text: str
    is_blocking: bool = False
    entry_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Report:
    """What a look at a draft found, what blocks first."""

    findings: tuple[Finding, ...] = ()

    @property
    def blocking(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.is_blocking]

    @property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.is_blocking]


def preflight(edition: Edition) -> Report:
    """Return what is wrong with what would go out of an edition now."""
    entries = list(edition.entries.going_out())
    if not entries:
        nothing = "Nothing goes out: the edition has no papers, or all are hidden."
        return Report((Finding("nothing goes out", nothing, is_blocking=True),))
    found = [*_sender(), *_doubles(entries), *_words(edition, entries), *_bare(entries), *_digest(edition, entries)]
    return Report(tuple(sorted(found, key=lambda finding: not finding.is_blocking)))


def _sender() -> Iterator[Finding]:
    if settings.PRODUCTION and not settings.POSTAL_ADDRESS.strip():
        yield Finding("no postal address", "No postal address is set, and every mail must have one.", is_blocking=True)


# --- The papers -----------------------------------------------------------------------------------------------------


def _doubles(entries: Sequence[EditionEntry]) -> Iterator[Finding]:
    entry_of = {entry.paper_id: entry for entry in entries}
    for double in doubles_among([entry.paper for entry in entries]):
        pair = entry_of[double.first.pk], entry_of[double.second.pk]
        advice = " Hide one of them." if double.is_sure else ""
        text = f"{_title(pair[0])} and {_title(pair[1])} {double.why}.{advice}"
        yield Finding("double paper", text, double.is_sure, (pair[0].pk, pair[1].pk))


def _bare(entries: Sequence[EditionEntry]) -> Iterator[Finding]:
    bare = [entry for entry in entries if not entry.paper.blurb]
    if bare:
        text = f"Neither summary nor abstract: {_listed([_title(entry) for entry in bare])}."
        yield Finding("no summary", text, entry_ids=tuple(entry.pk for entry in bare))


# --- What editors wrote ---------------------------------------------------------------------------------------------


def _words(edition: Edition, entries: Sequence[EditionEntry]) -> Iterator[Finding]:
    for where, words, entry_ids in _written(edition, entries):
        if placeholders := placeholders_in(words):
            text = f"{where} still has {_listed(placeholders)}."
            yield Finding("placeholder", text, is_blocking=True, entry_ids=entry_ids)
        if has_address(words):
            yield Finding(
                "e-mail address", f"{where} has an e-mail address in it, for all to read.", entry_ids=entry_ids
            )
        if (lines := words.count("\n") + 1) > MOST_LINES:
            text = f"{where} has {lines} lines: on a phone readers see no paper before them."
            yield Finding("many lines", text, entry_ids=entry_ids)
        for dead in dead_links(links_in(words), edition):
            text = f"{where} links to {shorten(dead.url, 80)}: {dead.why}."
            yield Finding("dead link", text, is_blocking=True, entry_ids=entry_ids)


def _written(edition: Edition, entries: Sequence[EditionEntry]) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """What editors wrote: where it stands, the words, and the entry it is about."""
    yield "The opening line", edition.opening_line, ()
    yield "The header note", edition.header_note, ()
    for entry in entries:
        if entry.note:
            yield f"The note on {_title(entry)}", entry.note, (entry.pk,)


# --- The digest as it is rendered -----------------------------------------------------------------------------------


def _digest(edition: Edition, entries: Sequence[EditionEntry]) -> Iterator[Finding]:
    try:
        fragments = edition.fragments or compile_fragments(edition, entries)
        whole = copy_of_all(fragments, public_links())
        both = whole.html, whole.text
        sizes = [largest_html(fragments, papers) for papers in (MAX_SIZE, DEFAULT_SIZE)]
    except Exception as err:  # whatever it is, at closing time it would be in the way
        logger.exception("The digest of edition %s cannot be made", edition)
        why = f": {err}" if isinstance(err, MjmlError) else f" ({type(err).__name__})"
        yield Finding("cannot be made", f"The digest cannot be made{why}.", is_blocking=True)
        return
    yield from _sizes(*sizes)
    if any(map(MARK.search, both)):
        yield Finding(
            "mark left in", "A rendered digest has a mark left in it where words should be.", is_blocking=True
        )
    yield from _links(whole.html, edition)


def _sizes(largest: int, largest_usual: int) -> Iterator[Finding]:
    if largest > MOST_BYTES:
        text = (
            f"The largest digest somebody could get has {_kb(largest)} of HTML, more than {_kb(MOST_BYTES)}: Gmail "
            "would cut it off. Shorten notes, or hide the longest papers."
        )
        yield Finding("too large", text, is_blocking=True)
    elif largest_usual > MOST_BYTES_USUAL:
        papers = f"The largest digest of {DEFAULT_SIZE} papers"
        yield Finding("too large", f"{papers} has {_kb(largest_usual)} of HTML, more than {_kb(MOST_BYTES_USUAL)}.")


def _links(whole: str, edition: Edition) -> Iterator[Finding]:
    """What is dead of the links that we put there; those in editors' words are told with the words."""
    ours = [html.unescape(url) for url in HREF.findall(whole)]
    written = set(links_in(f"{edition.opening_line}\n{edition.header_note}"))
    for dead in dead_links([url for url in ours if url not in written], edition):
        yield Finding("dead link", f"A digest links to {shorten(dead.url, 80)}: {dead.why}.", is_blocking=True)


def _title(entry: EditionEntry) -> str:
    return f"“{shorten(entry.paper.title, LONGEST_TITLE)}”"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _kb(count: int) -> str:
    return f"{count / 1000:.0f} kB"
