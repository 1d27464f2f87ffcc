"""Joins the pieces of a compiled edition to one reader's digest. Pure: fragments, picks and links in, bodies out.

A piece is taken apart at its marks once; each reader's copy is then one join of what stands between them with what the
marks stand for. The same is kept in quoted-printable, where every part ends with a soft break, so that the bytes of a
mail are a join as well and nothing is encoded twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from html import escape
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from django.conf import settings
from django.utils.text import wrap

from mail.quoted import quote
from newsletter.opening import count_of, opening_of, preheader_of, subject_of
from newsletter.reasons import Basis

# What stands between marks, and the names of the marks.
Cut = tuple[list[str], list[str]]
# Words, or their bytes in quoted-printable.
Form = TypeVar("Form")


class Chosen(Protocol):
    """What a digest is made of, such as a delivery: its picks, and the ids of the papers that it also names."""

    @property
    def picks(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def also(self) -> Sequence[int]: ...


@dataclass(frozen=True)
class Links:
    """Where the links of one copy lead. A public copy has none to say something of a paper, or to what was said.

    A paper's link to say something goes on, from `feedback_url`, with `/<paper>/<kind>`.
    """

    unsubscribe_url: str
    preferences_url: str
    web_copy_url: str
    saved_url: str = ""
    interests_url: str = ""
    feedback_url: str = ""


class Piece(Generic[Form]):
    """What stands between marks, and the marks: one fewer."""

    def __init__(self, between: Sequence[Form], marks: Sequence[str]) -> None:
        self._marks = marks
        # With room for what the marks stand for.
        self._parts = [between[0]] * (2 * len(marks) + 1)
        self._parts[::2] = between

    def filled(self, values: Mapping[str, Form]) -> list[Form]:
        """Return the parts of the piece in order, each mark replaced by its value."""
        if not self._marks:
            return self._parts
        parts = self._parts.copy()
        parts[1::2] = [values[mark] for mark in self._marks]
        return parts


class Papers(NamedTuple):
    """Keys of the papers of a digest: those it shows, at which place the one from outside (−1 for none), and those it
    only names."""

    shown: Sequence[str]
    outside: int
    named: Sequence[str]


class Pieces(Generic[Form]):
    """One part of the mail, HTML or text, in one form: its head, its papers, what it only names, its foot."""

    def __init__(self, source: Mapping[str, Any], cut: Callable[[str], Cut], form: Callable[[str], Form]) -> None:
        self._source = source
        self._cut = cut
        self._form: Callable[[str], Form] = form
        self._head: Piece[Form] = self._piece(source["head"].lstrip())
        self._foot: Piece[Form] = self._piece(source["foot"].rstrip() + "\n")
        # Editions that were compiled before there were such parts have none.
        self._outside: Piece[Form] = self._piece(source.get("outside", ""))
        self._also_head: Piece[Form] = self._piece(source.get("also_head", ""))
        self._also_foot: Piece[Form] = self._piece(source.get("also_foot", ""))
        # Made when first picked: of 150 papers a page shows ten.
        self._shown: dict[str, Piece[Form]] = {}
        self._named: dict[str, Piece[Form]] = {}

    def parts(self, papers: Papers, reasons: Sequence[Form], values: Mapping[str, Form]) -> list[Form]:
        """Return what makes up the whole, with these papers and the reason for each."""
        known = dict(values)
        parts = self._head.filled(known)
        for place, (paper, reason) in enumerate(zip(papers.shown, reasons, strict=True)):
            if place == papers.outside:
                parts += self._outside.filled(known)
            known["reason"] = reason
            parts += self._piece_of(paper, "papers", self._shown).filled(known)
        if papers.named:
            parts += self._also_head.filled(known)
            for paper in papers.named:
                parts += self._piece_of(paper, "also", self._named).filled(known)
            parts += self._also_foot.filled(known)
        return parts + self._foot.filled(known)

    def _piece_of(self, paper: str, part: str, known: dict[str, Piece[Form]]) -> Piece[Form]:
        if paper not in known:
            known[paper] = self._piece(self._source[part][paper])
        return known[paper]

    def _piece(self, source: str) -> Piece[Form]:
        between, marks = self._cut(source)
        return Piece([self._form(part) for part in between], marks)


class CompiledDigest:
    """The pieces of one edition, ready to be joined; those of copies that act for their reader, or of public ones."""

    def __init__(self, fragments: Mapping[str, Any], *, is_own: bool) -> None:
        self._titles: Mapping[str, str] = fragments["titles"]
        # Of editions that were compiled before there was one, nothing.
        self._opening: str = fragments.get("opening", "")
        # An edition that was compiled when nothing was only named still goes out.
        self._names = "also" in fragments["html"]
        cut = partial(_cut, marks=fragments["marks"], is_own=is_own)
        html, text = fragments["html"], fragments["text"]
        self.html, self.text = Pieces(html, cut, str), Pieces(text, cut, str)
        self.quoted_html, self.quoted_text = Pieces(html, cut, quote), Pieces(text, cut, quote)

    def join(self, chosen: Chosen, links: Links) -> JoinedBody:
        """Return the digest of what was chosen, in its order. A paper that is not in the edition raises KeyError."""
        picks = chosen.picks
        bases = [pick.get("basis", "") for pick in picks]
        # Alone it is not apart from anything.
        outside = bases.index(Basis.OUTSIDE) if Basis.OUTSIDE in bases[1:] else -1
        named = list(map(str, chosen.also)) if self._names else []
        papers = Papers([str(pick["paper_id"]) for pick in picks], outside, named)
        titles = [self._titles[paper] for paper in papers.shown]
        opening = self._opening or opening_of(bases)
        return JoinedBody(
            compiled=self,
            subject=subject_of(titles),
            papers=papers,
            reasons=[pick["reason"] for pick in picks],
            said={
                "opening": opening,
                "preheader": preheader_of(titles, opening),
                "count": count_of(len(picks)),
                "site_url": settings.SITE_URL,
            },
            links=vars(links),
        )


@dataclass(frozen=True)
class JoinedBody:
    """One reader's digest, each form of it joined when it is asked for."""

    compiled: CompiledDigest
    subject: str
    papers: Papers
    reasons: Sequence[str]
    said: Mapping[str, str]
    links: Mapping[str, str]

    @property
    def text(self) -> str:
        said = {name: _wrapped(value) for name, value in self.said.items()}
        return "".join(self.compiled.text.parts(self.papers, list(map(_wrapped, self.reasons)), {**said, **self.links}))

    @property
    def html(self) -> str:
        escaped = {name: escape(value) for name, value in {**self.said, **self.links}.items()}
        return "".join(self.compiled.html.parts(self.papers, [escape(reason) for reason in self.reasons], escaped))

    @property
    def quoted_text(self) -> Sequence[bytes]:
        said = {name: _quoted_wrapped(value) for name, value in self.said.items()}
        return self.compiled.quoted_text.parts(
            self.papers, [_quoted_wrapped(why) for why in self.reasons], said | self._quoted_links
        )

    @property
    def quoted_html(self) -> Sequence[bytes]:
        said = {name: _quoted_escaped(value) for name, value in self.said.items()}
        reasons = [_quoted_escaped(reason) for reason in self.reasons]
        return self.compiled.quoted_html.parts(self.papers, reasons, said | self._quoted_links)

    @cached_property
    def _quoted_links(self) -> dict[str, bytes]:
        # Made by us, of characters that HTML has no other meaning for.
        return {name: quote(link) for name, link in self.links.items()}


# Many readers have a reason or a sentence in common.


@lru_cache(maxsize=4096)
def _quoted_wrapped(value: str) -> bytes:
    return quote(_wrapped(value))


@lru_cache(maxsize=4096)
def _quoted_escaped(value: str) -> bytes:
    return quote(escape(value))


def _cut(source: str, *, marks: Mapping[str, str], is_own: bool) -> Cut:
    """Take `source` apart at its `marks`, given by name; without what only the other kind of copy has."""
    for name, is_kept in (("own", is_own), ("public", not is_own)):
        if name in marks:
            source = "".join(source.split(marks[name])[:: 1 if is_kept else 2])
    names = {mark: name for name, mark in marks.items()}
    pieces = re.split(f"({'|'.join(names)})", source)
    return pieces[::2], [names[mark] for mark in pieces[1::2]]


@lru_cache(maxsize=4096)
def _wrapped(said: str) -> str:
    """Return words as lines for the text of a mail; the first has room for what stands before."""
    return wrap(said, 67)
