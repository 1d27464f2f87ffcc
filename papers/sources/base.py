"""What every source emits, and how it fails."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from papers.text import normalise_title

MAX_TITLE = 500
MAX_ABSTRACT = 20_000


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
class PaperRecord:
    """A paper as a source tells it, text readable and checked. None and empty mean "not told"."""

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
    readings: tuple[Reading, ...] = field(default=())

    @property
    def key(self) -> str:
        """The paper's identity across sources and versions."""
        if self.arxiv_id:
            return f"arxiv:{self.arxiv_id}"
        if self.doi:
            return f"doi:{self.doi.lower()}"
        return f"title:{self.title_hash}"

    @property
    def title_hash(self) -> str:
        """What two spellings of one title have in common."""
        return hashlib.sha256(normalise_title(self.title).encode()).hexdigest()[:32]


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

    def fetch(self, at: datetime) -> Iterable[Row]:
        """Yield what the source has at `at`. Raises SourceError when it cannot be read."""
