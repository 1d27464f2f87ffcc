"""Writes a paper as a BibTeX entry. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

SPECIAL = {
    "\\": r"\textbackslash{}",
    # Not as \{ and \}: BibTeX counts braces whatever stands before them.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}
# Words that say nothing about which paper it is.
SMALL_WORDS = {"a", "an", "and", "are", "at", "by", "for", "from", "in", "is", "of", "on", "the", "to", "with"}
ARXIV_NUMBER = re.compile(r"(\d\d)(?:0[1-9]|1[0-2])\.\d{4,5}$")


@dataclass(frozen=True)
class Reference:
    """What a bibliography says about a paper; what is not known is empty or None."""

    title: str
    authors: Sequence[str]
    published_on: date | None
    arxiv_id: str | None
    primary_category: str
    doi: str | None
    url: str

    @property
    def year(self) -> str:
        """The year of publication, which an arXiv id of the present form begins with."""
        if self.published_on:
            return str(self.published_on.year)
        number = ARXIV_NUMBER.match(self.arxiv_id or "")
        return f"20{number.group(1)}" if number else ""

    @property
    def key(self) -> str:
        """Made of facts that do not change: the first author's last name, the year, a word of the title."""
        names = self.authors[0].split() if self.authors else []
        words = [_ascii(word) for word in re.split(r"[^\w]+", self.title)]
        word = next((word for word in words if word.strip("0123456789") and word not in SMALL_WORDS), "")
        return f"{_ascii(names[-1]) if names else ''}{self.year}{word}" or "paper"


def bibtex(paper: Reference) -> str:
    """Return the entry, in UTF-8, with what TeX would read as a command escaped.

    It is always @misc: where a paper with a DOI appeared is not known, and @article without a journal is an error.
    """
    fields = {
        # The braces keep the capitals of the title.
        "title": f"{{{escape(paper.title)}}}",
        "author": " and ".join(_author(name) for name in paper.authors),
        "year": paper.year,
        "eprint": paper.arxiv_id or "",
        "archivePrefix": "arXiv" if paper.arxiv_id else "",
        "primaryClass": paper.primary_category if paper.arxiv_id else "",
        "doi": _verbatim(paper.doi or ""),
        "url": _verbatim(paper.url),
    }
    lines = [f"  {name:<13} = {{{value}}}" for name, value in fields.items() if value]
    return "@misc{" + ",\n".join([paper.key, *lines]) + "\n}\n"


def escape(text: str) -> str:
    """Return `text`, on one line, so that TeX prints it as it is."""
    return "".join(SPECIAL.get(char, char) for char in " ".join(text.split()))


def _author(name: str) -> str:
    """Return a name as one author: "and" and commas within it would make it several, or turn it around."""
    escaped = escape(name)
    return f"{{{escaped}}}" if "," in name or re.search(r"\band\b", name, re.IGNORECASE) else escaped


def _verbatim(text: str) -> str:
    # Addresses are not typeset, so nothing in them is escaped; a brace would end the field.
    return text.replace("{", "%7B").replace("}", "%7D")


def _ascii(word: str) -> str:
    folded = unicodedata.normalize("NFKD", word).casefold()
    return "".join(char for char in folded if char.isascii() and char.isalnum())
