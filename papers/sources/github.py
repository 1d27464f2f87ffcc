"""Stars of the repositories that papers link to: `GET https://api.github.com/repos/{owner}/{name}`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
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
# A reading ends in good order when so little of its time is left.
ENOUGH = timedelta(seconds=10)
REFUSED = frozenset({401, 403, 429})
GONE = frozenset({404, 410, 451})


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
        """Yield the stars of every paper whose repository is read. Raises SourceError when GitHub wants no more."""
        keys = _keys_by_repository(at)
        observed_at = at.replace(minute=0, second=0, microsecond=0)
        with Visit(Service(NAME, self.url), at) as visit:
            for repository in _longest_ago(keys, at)[: self.batch]:
                if visit.remaining < ENOUGH:
                    return
                try:
                    self._read(visit, repository)
                except _NotUnderstood as err:
                    Repository.objects.filter(pk=repository.pk).update(read_at=at, stars=None)
                    yield RowError(repository.name, str(err))
                    continue
                if repository.stars is not None:
                    reading = Reading("stars", repository.stars, observed_at)
                    yield from (Attention(key, (reading,)) for key in keys[repository.name])

    def _read(self, visit: Visit, repository: Repository) -> None:
        """Ask for one repository, and keep what it is like now."""
        answer = visit.get(
            f"{self.url}/repos/{quote(repository.name)}",
            headers=self._headers(repository),
            expect={200, 304} | REFUSED | GONE,
        )
        if answer.status in REFUSED:
            self._stop_or_go_on(answer, visit.at)
        repository.read_at = visit.at
        if answer.status == 200:
            repository.stars, repository.etag = _stars(answer), answer.headers.get("ETag", "")[:120]
        elif answer.status != 304:
            repository.stars, repository.etag = None, ""
        repository.save(update_fields=["stars", "etag", "read_at"])

    def _headers(self, repository: Repository) -> dict[str, str]:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if repository.etag and repository.stars is not None:
            headers["If-None-Match"] = repository.etag
        return headers

    def _stop_or_go_on(self, answer: Answer, at: datetime) -> None:
        """Raise SourceError when GitHub refuses us; a repository that it closed to everybody is merely gone."""
        if answer.status == 401:
            raise SourceError(f"{NAME} refused the token in PAPERS_GITHUB_TOKEN.", permanent=True)
        resume_at = _resume_at(answer.headers, at)
        if resume_at is None and answer.status == 403:
            return
        until = f" until {resume_at:%Y-%m-%d %H:%M} UTC" if resume_at else ""
        raise SourceError(
            f"{NAME} answered {answer.status}: no more requests{until}.", permanent=False, resume_at=resume_at
        )


class _NotUnderstood(Exception):
    """GitHub's answer about one repository makes no sense."""


def _stars(answer: Answer) -> int:
    told = read_json(answer.body, NAME)
    stars = told.get("stargazers_count") if isinstance(told, dict) else None
    if isinstance(stars, bool) or not isinstance(stars, int) or not 0 <= stars < 2**31:
        raise _NotUnderstood("stargazers_count is not a count")
    return stars


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
    worth = Q(listed_on__gte=since) | Q(published_on__gte=since) | Q(pk__in=trending.values("paper"))
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
    # Without stars although it was read: it is gone.
    gone = Q(stars=None, read_at__gt=at - GONE_FOR)
    return Repository.objects.filter(name__in=keys).exclude(gone).order_by(F("read_at").asc(nulls_first=True), "name")
