"""What every source emits, and how it fails."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Protocol

from papers.arxiv_ids import key_of
from papers.text import normalise_title

MAX_TITLE = 500
MAX_ABSTRACT = 20_000
MAX_DOI = 200
DOI = re.compile(r"\s*(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d[\d.]*/\S+)", re.IGNORECASE)
# arXiv gives each paper a DOI of its own, which says no more than the id.
ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+?)(?:v\d+)?", re.IGNORECASE | re.ASCII)


class SourceError(Exception):
    """A source could not be read, or not to the end. `permanent` means that asking again will not help.

    `resume_at` is the moment before which the source itself does not want to be asked, where it named one.
    """

    def __init__(self, message: str, *, permanent: bool, resume_at: datetime | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.resume_at = resume_at


@dataclass(frozen=True)
class Reading:
    """One observed count of attention: its kind (a `Signal.Kind` value), the number, and when it was read (UTC)."""

    kind: str
    value: int
    observed_at: datetime


@dataclass(frozen=True)
class Identity:
    """What tells a work from another: ids without version, in one spelling, and what spellings of a title share."""

    arxiv_id: str | None
    doi: str | None
    title_hash: str

    @property
    def key(self) -> str:
        """The paper's identity across sources and versions."""
        if self.arxiv_id:
            return key_of(self.arxiv_id)
        # A few DOIs are longer than a key may be.
        return f"doi:{self.doi}" if self.doi and len(self.doi) <= MAX_DOI // 2 else f"title:{self.title_hash}"


@dataclass(frozen=True)
class PaperRecord:
    """A paper as a source tells it, text readable and checked. None and empty mean "not told".

    `is_update` marks what is known to be old, such as a second version: it changes a paper and never makes one.
    """

    title: str
    arxiv_id: str | None = None
    doi: str | None = None
    authors: tuple[str, ...] = ()
    abstract: str = ""
    summary: str = ""
    keywords: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    published_on: date | None = None
    listed_on: date | None = None
    github_url: str = ""
    project_url: str = ""
    is_sample: bool = False
    is_update: bool = False
    readings: tuple[Reading, ...] = field(default=())

    @cached_property
    def identity(self) -> Identity:
        # Some tell several DOIs in one field; the first is the one.
        found = DOI.match(self.doi or "")
        doi = found.group(1).lower() if found and len(found.group(1)) <= MAX_DOI else None
        arxivs_own = ARXIV_DOI.fullmatch(doi) if doi else None
        if arxivs_own:
            return Identity(self.arxiv_id or arxivs_own.group(1), None, title_hash(self.title))
        return Identity(self.arxiv_id, doi, title_hash(self.title))

    @property
    def key(self) -> str:
        return self.identity.key


def title_hash(title: str) -> str:
    """Return what two spellings of one title have in common."""
    # A title of signs only has no normal form, and is like no other.
    return hashlib.sha256((normalise_title(title) or title).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Attention:
    """New counts of a paper that is known already, by its key."""

    key: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class StaleAnswer:
    """The source answered well, but with an older list than it was asked for; the text says which."""

    text: str


@dataclass(frozen=True)
class RowError:
    """A row that was refused: where it stands and why."""

    position: str
    reason: str

    def __str__(self) -> str:
        return f"{self.position}: {self.reason}"


Row = PaperRecord | Attention | RowError | StaleAnswer


class Source(Protocol):
    """One place papers come from. `every` is how often it is worth asking."""

    name: str
    every: timedelta

    def question(self, at: datetime) -> str:
        """Return what it asks for at `at`, in words."""

    def why_empty(self, at: datetime) -> str:
        """Return why there may be nothing at `at`, in a sentence."""

    def fetch(self, at: datetime) -> Iterable[Row]:
        """Yield what the source has at `at`. Raises SourceError when it cannot be read."""
