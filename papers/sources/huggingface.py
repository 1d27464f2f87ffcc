"""Hugging Face daily papers: `GET /api/daily_papers`."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from papers.calendar import is_holiday, is_listing_day, latest_listing_day, listing_days_ending
from papers.sources.answers import read_json
from papers.sources.base import MAX_ABSTRACT, MAX_TITLE, PaperRecord, Reading, RowError, SourceError, StaleAnswer
from papers.sources.fields import RowRefused, check_arxiv_id, check_text, check_title, link_in
from papers.sources.http import BUDGET, Answer, Service, Visit
from papers.text import readable

NAME = "huggingface"
URL = "https://huggingface.co/api/daily_papers"
HOSTS = frozenset({"huggingface.co", "www.huggingface.co"})
PAGE_SIZE = 100
MAX_PAGES = 10
DAYS = 3
# Older papers go on gaining, which the lists of the week and the month and any late burst live on. Once a day all of a
# month is read, two hours before editions close by default, so that a closing finds counts of its own day.
DAYS_ONCE_A_DAY = 20
HOUR_OF_ALL_DAYS = 15
# No further day is begun when so little time is left.
ENOUGH = timedelta(seconds=15)
# A month has some thousand papers.
BUDGET_OF_A_PERIOD = timedelta(minutes=5)
DAY_IN_NAME = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Period:
    """A stretch of days as the service takes it: the parameter and its value; and the days themselves."""

    parameter: str
    value: str
    first: date
    last: date


def day_period(day: date) -> Period:
    return Period("date", day.isoformat(), day, day)


def week_period(week: str) -> Period:
    """Return an ISO week such as 2026-W47. Raises ValueError for anything else."""
    if not re.fullmatch(r"20\d{2}-W\d{2}", week, re.ASCII):
        raise ValueError(f"{week!r} is not a week such as 2026-W47.")
    monday = date.fromisoformat(f"{week}-1")
    return Period("week", week, monday, monday + timedelta(days=6))


def month_period(month: str) -> Period:
    """Return a month such as 2026-11. Raises ValueError for anything else."""
    if not re.fullmatch(r"20\d{2}-\d{2}", month, re.ASCII):
        raise ValueError(f"{month!r} is not a month such as 2026-11.")
    first = date.fromisoformat(f"{month}-01")
    return Period("month", month, first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


class HuggingFace:
    """The live listing of the last listing days, once a day of a month of them, or of one period.

    Days before the latest are read too: their papers go on gaining attention, and an outage leaves no gap.
    """

    name = NAME
    every = timedelta(hours=1)

    def __init__(self, period: Period | None = None, url: str = URL) -> None:
        self.period = period
        self.url = url

    def question(self, at: datetime) -> str:
        periods = self._periods(at)
        if len(periods) > DAYS:
            return f"daily papers of {len(periods)} listing days, {periods[0].value} back to {periods[-1].value}"
        return f"daily papers of {', '.join(period.value for period in periods)}"

    def why_empty(self, at: datetime) -> str:
        day = at.date()
        if not is_listing_day(day):
            return "No papers: it is the weekend."
        return "No papers: a holiday at arXiv." if is_holiday(day) else "No papers yet."

    def fetch(self, at: datetime) -> Iterator[PaperRecord | RowError | StaleAnswer]:
        """Yield every paper of the days, page by page; of those before the last few as many as there is time for.

        Raises SourceError when the service cannot be read.
        """
        budget = BUDGET_OF_A_PERIOD if self.period else BUDGET
        with Visit(Service(NAME, self.url, HOSTS), at, budget=budget) as visit:
            for number, period in enumerate(self._periods(at)):
                if number >= DAYS and visit.remaining < ENOUGH:
                    return
                yield from _report_stale(period, self._fetch_period(visit, period))

    def _periods(self, at: datetime) -> list[Period]:
        """What to ask for at `at`, newest first."""
        if self.period:
            return [self.period]
        count = DAYS_ONCE_A_DAY if at.hour == HOUR_OF_ALL_DAYS else DAYS
        return [day_period(day) for day in reversed(listing_days_ending(latest_listing_day(at), count))]

    def _fetch_period(self, visit: Visit, period: Period) -> Iterator[PaperRecord | RowError]:
        observed_at = visit.at.replace(minute=0, second=0, microsecond=0)
        day = period.first if period.first == period.last else None
        for page in range(MAX_PAGES if day else 10 * MAX_PAGES):
            question: dict[str, str | int] = {period.parameter: period.value, "p": page, "limit": PAGE_SIZE}
            answer = visit.get(self.url, question, check=_check)
            rows = parse(answer.body, origin=f"{period.value} page {page}", day=day, observed_at=observed_at)
            yield from rows
            if len(rows) < PAGE_SIZE:
                return


def _check(answer: Answer) -> None:
    """Raise SourceError for an answer that is no list, while it can be asked for again."""
    _read_list(answer.body, NAME)


def _read_list(body: bytes, service: str) -> list[Any]:
    items = read_json(body, service)
    if not isinstance(items, list):
        raise SourceError(f"{service} answered with no list of papers but {type(items).__name__}.", permanent=False)
    return items


def _report_stale(
    period: Period, rows: Iterator[PaperRecord | RowError]
) -> Iterator[PaperRecord | RowError | StaleAnswer]:
    """Yield the rows, and say so when most of them are of other days than were asked for. They keep their own days."""
    days: Counter[date] = Counter()
    for row in rows:
        if isinstance(row, PaperRecord) and row.listed_on:
            days[row.listed_on] += 1
        yield row
    others = {day: count for day, count in days.items() if not period.first <= day <= period.last}
    if 2 * sum(others.values()) > days.total():
        most = max(others, key=lambda day: (others[day], day))
        yield StaleAnswer(
            f"Asked for {period.value}, answered with {sum(others.values())} of {days.total()} papers of other days, "
            f"most of {most}."
        )


def read_files(
    paths: Sequence[Path], *, day: date | None, observed_at: datetime | None
) -> Iterator[PaperRecord | RowError]:
    """Yield the papers of saved answers. A file's day is `day`, else the date in its name, else each row's own.

    Raises SourceError, naming the file, when one cannot be read as a listing at all.
    """
    for path in paths:
        named = DAY_IN_NAME.search(path.name)
        try:
            file_day = day or (date.fromisoformat(named.group()) if named else None)
            rows = parse(path.read_bytes(), origin=str(path), day=file_day, observed_at=observed_at)
        except (OSError, ValueError) as err:
            raise SourceError(f"{path}: {err}", permanent=True) from err
        except SourceError as err:
            raise SourceError(str(err), permanent=True) from err  # what was saved stays as it is
        yield from rows


def parse(body: bytes, *, origin: str, day: date | None, observed_at: datetime | None) -> list[PaperRecord | RowError]:
    """Return the rows of one answer. Counts without `observed_at` were read at midnight UTC of the listing day.

    Raises SourceError when the body is not a JSON list.
    """
    rows: list[PaperRecord | RowError] = []
    for number, item in enumerate(_read_list(body, f"{origin}:"), start=1):
        try:
            rows.append(_record(item, day, observed_at))
        except RowRefused as err:
            rows.append(RowError(f"{origin} row {number}", str(err)))
    return rows


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
        arxiv_id=check_arxiv_id(paper.get("id")),
        title=check_title(paper.get("title")),
        authors=_authors(paper),
        abstract=readable(check_text(paper.get("summary"), "summary", MAX_ABSTRACT)),
        summary=readable(check_text(paper.get("ai_summary"), "ai_summary", MAX_ABSTRACT)),
        keywords=tuple(readable(word) for word in _strings(paper, "ai_keywords")),
        published_on=published_at.date() if published_at else None,
        listed_on=listed_on,
        github_url=link_in(check_text(paper.get("githubRepo"), "githubRepo", MAX_TITLE)),
        project_url=link_in(check_text(paper.get("projectPage"), "projectPage", MAX_TITLE)),
        readings=_readings(paper, item, read_at),
    )


def _readings(paper: dict[str, Any], item: dict[str, Any], read_at: datetime) -> tuple[Reading, ...]:
    counts = {
        "upvotes": _count(paper, "upvotes"),
        "comments": _count(item, "numComments"),
        "stars": _count(paper, "githubStars"),
    }
    return tuple(Reading(kind, value, read_at) for kind, value in counts.items() if value is not None)


def _authors(paper: dict[str, Any]) -> tuple[str, ...]:
    authors = paper.get("authors") or []
    if not isinstance(authors, list) or not all(isinstance(author, dict) for author in authors):
        raise RowRefused("authors is not a list of objects")
    names = (
        readable(check_text(author.get("name"), "name", MAX_TITLE)) for author in authors if not author.get("hidden")
    )
    return tuple(name for name in names if name)


def _strings(source: dict[str, Any], name: str) -> list[str]:
    values = source.get(name) or []
    if not isinstance(values, list):
        raise RowRefused(f"{name} is not a list")
    return [check_text(value, name, MAX_TITLE) for value in values]


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
