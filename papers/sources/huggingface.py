"""Hugging Face daily papers: `GET /api/daily_papers`."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from papers.calendar import latest_listing_day, listing_days_ending
from papers.sources.base import MAX_ABSTRACT, MAX_TITLE, PaperRecord, Reading, RowError, SourceError
from papers.text import has_html, readable

NAME = "huggingface"
URL = "https://huggingface.co/api/daily_papers"
PAGE_SIZE = 100
MAX_PAGES = 10
DAYS = 3
MAX_BYTES = 20_000_000
ARXIV_ID = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z-]{2,20}(?:\.[A-Z]{2})?/\d{7})(?:v\d{1,3})?", re.ASCII)
DAY_IN_NAME = re.compile(r"\d{4}-\d{2}-\d{2}")


class RowRefused(Exception):
    """This row cannot become a paper; the message says why."""


class HuggingFace:
    """The live listing of the last listing days, or of one named day.

    Days before the latest are read too: their papers go on gaining attention, and an outage leaves no gap.
    """

    name = NAME
    every = timedelta(hours=1)

    def __init__(self, day: date | None = None, url: str = URL) -> None:
        self.day = day
        self.url = url

    def fetch(self, at: datetime) -> Iterator[PaperRecord | RowError]:
        """Yield every paper of the days, page by page. Raises SourceError when the service cannot be read."""
        observed_at = at.replace(minute=0, second=0, microsecond=0)
        days = [self.day] if self.day else listing_days_ending(latest_listing_day(at), DAYS)
        for day in reversed(days):
            yield from self._fetch_day(day, observed_at)

    def _fetch_day(self, day: date, observed_at: datetime) -> Iterator[PaperRecord | RowError]:
        for page in range(MAX_PAGES):
            body = _get(self.url, {"date": day.isoformat(), "p": page, "limit": PAGE_SIZE})
            rows = parse(body, origin=f"{day} page {page}", day=day, observed_at=observed_at)
            yield from rows
            if len(rows) < PAGE_SIZE:
                return


def read_files(
    paths: Sequence[Path], *, day: date | None, observed_at: datetime | None
) -> Iterator[PaperRecord | RowError]:
    """Yield the papers of saved answers. A file's day is `day`, else the date in its name, else each row's own.

    Raises SourceError, naming the file, when one cannot be read as a listing at all.
    """
    for path in paths:
        named = DAY_IN_NAME.search(path.name)
        try:
            body = path.read_bytes()
            file_day = day or (date.fromisoformat(named.group()) if named else None)
        except (OSError, ValueError) as err:
            raise SourceError(f"{path}: {err}", permanent=True) from err
        yield from parse(body, origin=str(path), day=file_day, observed_at=observed_at)


def parse(body: bytes, *, origin: str, day: date | None, observed_at: datetime | None) -> list[PaperRecord | RowError]:
    """Return the rows of one answer. Counts without `observed_at` were read at midnight UTC of the listing day.

    Raises SourceError when the body is not a JSON list.
    """
    try:
        # Bytes that are not UTF-8 become lone surrogates, so that only the rows that hold them are refused.
        items = json.loads(body.decode("utf-8-sig", "surrogateescape"), parse_int=_bounded_int)
    except (ValueError, RecursionError) as err:
        what = "the answer is empty" if not body.strip() else f"not JSON ({err})"
        raise SourceError(f"{origin}: {what}.", permanent=True) from err
    if not isinstance(items, list):
        raise SourceError(f"{origin}: expected a list of papers, found {type(items).__name__}.", permanent=True)
    rows: list[PaperRecord | RowError] = []
    for number, item in enumerate(items, start=1):
        try:
            rows.append(_record(item, day, observed_at))
        except RowRefused as err:
            rows.append(RowError(f"{origin} row {number}", str(err)))
    return rows


def _bounded_int(digits: str) -> int | float:
    # Python refuses to read integers of thousands of digits; as a float such a number is refused with its row.
    return int(digits) if len(digits) < 20 else float("inf")


def _record(item: Any, day: date | None, observed_at: datetime | None) -> PaperRecord:
    paper = item.get("paper") if isinstance(item, dict) else None
    if not isinstance(paper, dict):
        raise RowRefused("no paper object")
    listed_at = _moment(paper, "submittedOnDailyAt")
    listed_on = listed_at.date() if listed_at else day
    if listed_on is None:
        raise RowRefused("no listing day: neither the row nor the file says which day this is")
    read_at = observed_at or datetime.combine(listed_on, time(), UTC)
    published_at = _moment(paper, "publishedAt")
    return PaperRecord(
        arxiv_id=_arxiv_id(paper),
        title=_title(paper),
        authors=_authors(paper),
        abstract=readable(_text(paper, "summary", MAX_ABSTRACT)),
        summary=readable(_text(paper, "ai_summary", MAX_ABSTRACT)),
        keywords=tuple(readable(word) for word in _strings(paper, "ai_keywords")),
        published_on=published_at.date() if published_at else None,
        listed_on=listed_on,
        github_url=_url(paper, "githubRepo"),
        project_url=_url(paper, "projectPage"),
        readings=_readings(paper, item, read_at),
    )


def _readings(paper: dict[str, Any], item: dict[str, Any], read_at: datetime) -> tuple[Reading, ...]:
    counts = {
        "upvotes": _count(paper, "upvotes"),
        "comments": _count(item, "numComments"),
        "stars": _count(paper, "githubStars"),
    }
    return tuple(Reading(kind, value, read_at) for kind, value in counts.items() if value is not None)


def _arxiv_id(paper: dict[str, Any]) -> str:
    value = paper.get("id")
    if not isinstance(value, str) or not ARXIV_ID.fullmatch(value):
        raise RowRefused("missing id" if value in (None, "") else "id is not an arXiv id")
    return re.sub(r"v\d+$", "", value)


def _title(paper: dict[str, Any]) -> str:
    title = readable(_text(paper, "title", MAX_TITLE))
    if not title:
        raise RowRefused("missing title")
    if len(title) > MAX_TITLE:  # normal form C may be longer than what was sent
        raise RowRefused(f"title has {len(title):,} characters, more than {MAX_TITLE:,}")
    if has_html(title):
        raise RowRefused("HTML in the title")
    return title


def _authors(paper: dict[str, Any]) -> tuple[str, ...]:
    authors = paper.get("authors") or []
    if not isinstance(authors, list) or not all(isinstance(author, dict) for author in authors):
        raise RowRefused("authors is not a list of objects")
    names = (readable(_text(author, "name", MAX_TITLE)) for author in authors if not author.get("hidden"))
    return tuple(name for name in names if name)


def _text(source: dict[str, Any], name: str, limit: int) -> str:
    value = source.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowRefused(f"{name} is not text")
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise RowRefused(f"{name} is not UTF-8")
    if len(value) > limit:
        raise RowRefused(f"{name} has {len(value):,} characters, more than {limit:,}")
    return value


def _strings(source: dict[str, Any], name: str) -> list[str]:
    values = source.get(name) or []
    if not isinstance(values, list):
        raise RowRefused(f"{name} is not a list")
    return [_text({name: value}, name, MAX_TITLE) for value in values]


def _url(source: dict[str, Any], name: str) -> str:
    # As a browser does: line breaks and tabs inside an address are not part of it.
    value = re.sub(r"[\t\r\n]", "", _text(source, name, MAX_TITLE)).strip()
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        return ""
    # A link is an extra: one that a browser should not follow is left out, the paper stays.
    return value if scheme in {"http", "https"} and not re.search(r"[\s<>\"\x00-\x1f\x7f]", value) else ""


def _count(source: dict[str, Any], name: str) -> int | None:
    value = source.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise RowRefused(f"{name} is not a count")
    return value


def _moment(source: dict[str, Any], name: str) -> datetime | None:
    value = source.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError) as err:
        raise RowRefused(f"{name} is not a date") from err


def _is_temporary(err: Exception) -> bool:
    return isinstance(err, SourceError) and not err.permanent


@stamina.retry(on=_is_temporary, attempts=3, timeout=30)
def _get(url: str, params: dict[str, str | int]) -> bytes:
    try:
        response = httpx.get(url, params=params, timeout=20, headers={"User-Agent": "PaperRoute/0.1"})
    except httpx.RequestError as err:
        raise SourceError(f"{NAME} did not answer: {type(err).__name__}.", permanent=False) from err
    if response.status_code != httpx.codes.OK:
        temporary = response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error
        raise SourceError(f"{NAME} answered {response.status_code}.", permanent=not temporary)
    if len(response.content) > MAX_BYTES:
        raise SourceError(f"{NAME} answered with more than {MAX_BYTES:,} bytes.", permanent=True)
    return response.content
