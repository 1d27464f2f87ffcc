"""Stars of the repositories that papers link to: `GET https://api.github.com/repos/{owner}/{name}`."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from django.conf import settings
from django.db.models import F, Q, QuerySet

from papers.models import Paper, Repository, TrendingScore
from papers.sources.answers import read_json
from papers.sources.base import Attention, Reading, RowError, SourceError
from papers.sources.fields import repository_in
from papers.sources.http import LONGEST_REST, Answer, Service, Visit, retry_after

NAME = "github"
URL = "https://api.github.com"
# Sixty requests an hour without a token, five thousand with one. Others may use the same address or token.
BATCH, BATCH_WITH_TOKEN = 40, 500
RECENT = timedelta(days=30)
# A repository that is gone seldom comes back.
GONE_FOR = timedelta(days=7)
# In the place of its ETag, which has quotation marks: tells it from one that never answered.
GONE_MARK = "gone"
# A reading ends in good order when so little of its time is left.
ENOUGH = timedelta(seconds=10)
# One repository that fails is at fault itself; so many in a row are not.
FAILURES_IN_A_ROW = 3
REFUSED = frozenset({401, 403, 429})
GONE = frozenset({404, 410, 451})
# How GitHub words its limits; those against haste come without a time at times.
LIMIT = re.compile(rb"rate limit|abuse detection", re.IGNORECASE)


class GitHub:
    """The repositories of papers worth reading, those read longest ago first, a batch each time."""

    name = NAME
    every = timedelta(hours=1)

    def __init__(self, url: str = URL) -> None:
        self.url = url
        self.token: str = settings.PAPERS_GITHUB_TOKEN
        self.batch = BATCH_WITH_TOKEN if self.token else BATCH

    def question(self, at: datetime) -> str:
        return f"stars of up to {self.batch} repositories, those read longest ago first"

    def why_empty(self, at: datetime) -> str:
        return "No recent or trending paper links to a repository that can be read."

    def fetch(self, at: datetime) -> Iterator[Attention | RowError]:
        """Yield the stars of every paper whose repository is read, and the repositories that could not be.

        Raises SourceError when GitHub wants no more, or when it is what fails.
        """
        keys = _keys_by_repository(at)
        observed_at = at.replace(minute=0, second=0, microsecond=0)
        with Visit(Service(NAME, self.url), at) as visit:
            for repository, error in self._read_each(visit, _longest_ago(keys, at)[: self.batch]):
                if error:
                    yield RowError(repository.name, str(error))
                elif repository.stars is not None:
                    reading = Reading("stars", repository.stars, observed_at)
                    yield from (Attention(key, (reading,)) for key in keys[repository.name])

    def _read_each(
        self, visit: Visit, repositories: Iterable[Repository]
    ) -> Iterator[tuple[Repository, SourceError | None]]:
        """Yield each repository with what went wrong, as long as there is time.

        Raises SourceError after failures in a row, after none but failures, and where GitHub names a time.
        """
        in_a_row: list[SourceError] = []
        has_read = False
        for repository in repositories:
            if visit.remaining < ENOUGH:
                break
            error = self._try(visit, repository)
            yield repository, error
            if error is None:
                in_a_row, has_read = [], True
                continue
            in_a_row.append(error)
            if error.resume_at or len(in_a_row) == FAILURES_IN_A_ROW:
                raise error
        if in_a_row and not has_read:
            raise in_a_row[-1]

    def _try(self, visit: Visit, repository: Repository) -> SourceError | None:
        """Read one repository, or return why it cannot be. Either way its next turn comes after all the others'."""
        try:
            self._read(visit, repository)
        except _NoMoreRequests:
            raise
        except SourceError as err:
            repository.read_at = visit.at
            repository.save(update_fields=["read_at"])
            return err
        return None

    def _read(self, visit: Visit, repository: Repository) -> None:
        """Ask for one repository, and keep what it is like now."""
        answer = visit.get(
            f"{self.url}/repos/{quote(repository.name)}",
            headers=self._headers(repository),
            expect={200, 304} | REFUSED | GONE,
            check=_check,
        )
        if answer.status in REFUSED and not _is_blocked(answer):
            raise _refusal(answer, visit.at)
        repository.read_at = visit.at
        if answer.status == 200:
            repository.stars, repository.etag = _stars(answer), answer.headers.get("ETag", "")[:120]
        elif answer.status != 304:
            repository.stars, repository.etag = None, GONE_MARK
        repository.save(update_fields=["stars", "etag", "read_at"])

    def _headers(self, repository: Repository) -> dict[str, str]:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if repository.etag and repository.stars is not None:
            headers["If-None-Match"] = repository.etag
        return headers


class _NoMoreRequests(SourceError):
    """GitHub wants no more of us now, whichever repository we ask for."""


def _check(answer: Answer) -> None:
    """Raise SourceError for an answer about a repository that makes no sense."""
    if answer.status == 200:
        _stars(answer)


def _stars(answer: Answer) -> int:
    told = read_json(answer.body, NAME)
    stars = told.get("stargazers_count") if isinstance(told, dict) else None
    if isinstance(stars, bool) or not isinstance(stars, int) or not 0 <= stars < 2**31:
        raise SourceError(f"{NAME} answered with a stargazers_count that is not a count.", permanent=True)
    return stars


def _is_blocked(answer: Answer) -> bool:
    """Return whether GitHub closed this repository to everybody, which it says beside the status."""
    return answer.status == 403 and isinstance(_told(answer).get("block"), dict)


def _refusal(answer: Answer, at: datetime) -> SourceError:
    """Return why GitHub refuses: the token, a limit, or something about this repository and us."""
    if answer.status == 401:
        return _NoMoreRequests(f"{NAME} refused the token in PAPERS_GITHUB_TOKEN.", permanent=True)
    resume_at = _resume_at(answer.headers, at)
    if resume_at or answer.status == 429 or LIMIT.search(answer.body):
        until = f" until {resume_at:%Y-%m-%d %H:%M} UTC" if resume_at else ""
        return _NoMoreRequests(
            f"{NAME} answered {answer.status}: no more requests{until}.", permanent=False, resume_at=resume_at
        )
    why = str(_told(answer).get("message", "without a reason"))
    return SourceError(f"{NAME} answered {answer.status}: {why[:200]}", permanent=True)


def _told(answer: Answer) -> dict[str, Any]:
    """Return what GitHub says beside the status; nothing where that is no JSON."""
    try:
        told = read_json(answer.body, NAME)
    except SourceError:
        return {}
    return told if isinstance(told, dict) else {}


def _resume_at(headers: httpx.Headers, at: datetime) -> datetime | None:
    """Return when we may ask again: GitHub says so once the limit is used up, or when we were too quick."""
    reset = headers.get("X-RateLimit-Reset", "")
    if headers.get("X-RateLimit-Remaining") == "0" and reset.isdecimal() and len(reset) < 12:
        return min(datetime.fromtimestamp(int(reset), UTC), at + LONGEST_REST)
    wait = retry_after(headers, at)
    return None if wait is None else at + min(wait, LONGEST_REST)


def _keys_by_repository(at: datetime) -> dict[str, list[str]]:
    """Return the keys of the papers worth reading by the repository they link to, owner/name in lower case."""
    month, scores = TrendingScore.Window.MONTH, TrendingScore.objects
    day = scores.latest_day(month)
    trending = scores.filter(window=month, day=day) if day else scores.none()
    since = (at - RECENT).date()
    dated = Q(listed_on__gte=since) | Q(published_on__gte=since)
    # arXiv's announcement tells no day: a paper that nobody else told of is as recent as our knowing it.
    undated = Q(listed_on=None, published_on=None, created_at__gte=at - RECENT)
    worth = dated | undated | Q(pk__in=trending.values("paper"))
    papers = Paper.objects.visible().filter(worth, is_sample=False, github_url__contains="github.com/")
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for key, url in papers.order_by("key").values_list("key", "github_url"):
        if name := repository_in(url).lower():
            keys[name].append(key)
    return dict(keys)


def _longest_ago(keys: Mapping[str, list[str]], at: datetime) -> QuerySet[Repository]:
    """Return the repositories, known from now on if they were not, those read longest ago first."""
    known = set(Repository.objects.filter(name__in=keys).values_list("name", flat=True))
    new = [Repository(name=name) for name in sorted(keys.keys() - known)]
    Repository.objects.bulk_create(new, ignore_conflicts=True)
    gone = Q(etag=GONE_MARK, read_at__gt=at - GONE_FOR)
    return Repository.objects.filter(name__in=keys).exclude(gone).order_by(F("read_at").asc(nulls_first=True), "name")
