"""Joins the pieces of a compiled edition to one reader's digest. Pure: fragments, picks and links in, bodies out.

A piece is taken apart at its marks once; each reader's copy is then one join of what stands between them with what the
marks stand for. The same is kept in quoted-printable, where every part ends with a soft break, so that the bytes of a
mail are a join as well and nothing is encoded twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from html import escape
from typing import Any, Generic, TypeVar

from django.conf import settings

from mail.quoted import quote
from papers.text import shorten

Picked = Mapping[str, Any]
# Words, or their bytes in quoted-printable.
Form = TypeVar("Form")


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


@dataclass(frozen=True)
class Piece(Generic[Form]):
    """What stands between marks, and the marks: one fewer."""

    between: tuple[Form, ...]
    marks: tuple[str, ...]

    def filled(self, values: Mapping[str, Form]) -> list[Form]:
        """Return the parts of the piece in order, each mark replaced by its value."""
        parts = [self.between[0]] * (2 * len(self.marks) + 1)
        parts[::2] = self.between
        parts[1::2] = [values[mark] for mark in self.marks]
        return parts


class Pieces(Generic[Form]):
    """One part of the mail, HTML or text, in one form: its head, its papers, its foot."""

    def __init__(
        self, source: Mapping[str, Any], cut: Callable[[str], Piece[str]], form: Callable[[str], Form]
    ) -> None:
        self._source = source
        self._cut = cut
        self._form: Callable[[str], Form] = form
        self._head: Piece[Form] = self._piece(source["head"].lstrip())
        self._foot: Piece[Form] = self._piece(source["foot"].rstrip() + "\n")
        # Made when first picked: of 150 papers a page shows ten.
        self._papers: dict[str, Piece[Form]] = {}

    def parts(self, papers: Sequence[str], reasons: Sequence[Form], values: Mapping[str, Form]) -> list[Form]:
        """Return what makes up the whole, with these papers and the reason for each."""
        known = dict(values)
        parts = self._head.filled(known)
        for paper, reason in zip(papers, reasons, strict=True):
            known["reason"] = reason
            parts += self._paper(paper).filled(known)
        return parts + self._foot.filled(known)

    def _paper(self, key: str) -> Piece[Form]:
        if key not in self._papers:
            self._papers[key] = self._piece(self._source["papers"][key])
        return self._papers[key]

    def _piece(self, source: str) -> Piece[Form]:
        piece = self._cut(source)
        return Piece(tuple(map(self._form, piece.between)), piece.marks)


class CompiledDigest:
    """The pieces of one edition, ready to be joined; those of copies that act for their reader, or of public ones."""

    def __init__(self, fragments: Mapping[str, Any], *, is_own: bool) -> None:
        self._titles: Mapping[str, str] = fragments["titles"]
        cut = partial(_cut, names={mark: name for name, mark in fragments["marks"].items()}, is_own=is_own)
        html, text = fragments["html"], fragments["text"]
        self.html, self.text = Pieces(html, cut, str), Pieces(text, cut, str)
        self.quoted_html, self.quoted_text = Pieces(html, cut, quote), Pieces(text, cut, quote)

    def join(self, picks: Sequence[Picked], links: Links) -> JoinedBody:
        """Return the digest with these picks, in their order. A pick that is not in the edition raises KeyError."""
        papers = [str(pick["paper_id"]) for pick in picks]
        return JoinedBody(
            compiled=self,
            subject=self._subject(papers),
            papers=papers,
            reasons=[pick["reason"] for pick in picks],
            values=vars(links) | {"count": _count(len(picks)), "site_url": settings.SITE_URL},
        )

    def _subject(self, papers: Sequence[str]) -> str:
        first, more = self._titles[papers[0]], len(papers) - 1
        return f"{shorten(first, 80)}, and {more} more" if more else shorten(first, 90)


@dataclass(frozen=True)
class JoinedBody:
    """One reader's digest, each form of it joined when it is asked for."""

    compiled: CompiledDigest
    subject: str
    papers: Sequence[str]
    reasons: Sequence[str]
    values: Mapping[str, str]

    @property
    def text(self) -> str:
        return "".join(self.compiled.text.parts(self.papers, self.reasons, self.values))

    @property
    def html(self) -> str:
        reasons = [escape(reason) for reason in self.reasons]
        escaped = {name: escape(value) for name, value in self.values.items()}
        return "".join(self.compiled.html.parts(self.papers, reasons, escaped))

    @property
    def quoted_text(self) -> Sequence[bytes]:
        reasons = [self._quoted[reason] for reason in self.reasons]
        values = {name: self._quoted[value] for name, value in self.values.items()}
        return self.compiled.quoted_text.parts(self.papers, reasons, values)

    @property
    def quoted_html(self) -> Sequence[bytes]:
        reasons = [self._quoted_escaped(reason) for reason in self.reasons]
        values = {name: self._quoted_escaped(value) for name, value in self.values.items()}
        return self.compiled.quoted_html.parts(self.papers, reasons, values)

    @cached_property
    def _quoted(self) -> dict[str, bytes]:
        return {value: quote(value) for value in {*self.reasons, *self.values.values()}}

    def _quoted_escaped(self, value: str) -> bytes:
        escaped = escape(value)
        # Links have nothing to escape, nor have most reasons.
        return self._quoted[value] if escaped == value else quote(escaped)


def _count(papers: int) -> str:
    return "one paper" if papers == 1 else f"{papers} papers"


def _cut(source: str, *, names: Mapping[str, str], is_own: bool) -> Piece[str]:
    """Take `source` apart at its marks, whose `names` are given by mark; what is the reader's own, kept or left out."""
    own = next((mark for mark, name in names.items() if name == "own"), None)
    if own is not None:
        source = "".join(source.split(own)[:: 1 if is_own else 2])
    pieces = re.split(f"({'|'.join(names)})", source)
    return Piece(tuple(pieces[::2]), tuple(names[mark] for mark in pieces[1::2]))
