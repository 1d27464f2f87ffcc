"""The one way out to a source: bounded in time, in bytes, in tries and in where it may be led.

Nothing that answers can hold a reading up, fill the memory, or send us elsewhere; it can only make it fail, with a
SourceError that says in words what happened.
"""

import re
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx
import stamina
from django.conf import settings

from papers.sources.base import SourceError
from papers.sources.deadline import Line

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 15.0
# For one answer from the first byte sent to the last one read, however slowly they come.
ANSWER_TIMEOUT = timedelta(seconds=30)
# For all of one reading.
BUDGET = timedelta(seconds=60)
MAX_BYTES = 20_000_000
MAX_REDIRECTS = 3
ATTEMPTS = 3
# A source may ask us to wait; for longer than this the reading ends and says until when.
LONGEST_WAIT = timedelta(seconds=10)
# No source is believed when it asks for more than this.
LONGEST_REST = timedelta(hours=24)
OK = frozenset({httpx.codes.OK})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})

Turns = Callable[[float], AbstractContextManager[None]]


@dataclass(frozen=True)
class Answer:
    """What a service answered, decoded and whole."""

    status: int
    headers: httpx.Headers
    body: bytes


@dataclass(frozen=True)
class Service:
    """Whom we ask: by the name in our words, at the address `base`.

    Redirects may lead to the origin of `base` and, over https, to `hosts`. `turns` makes each request wait for its
    turn, for at most so many seconds.
    """

    name: str
    base: str
    hosts: frozenset[str] = frozenset()
    turns: Turns | None = None


class Visit:
    """One reading of a service, which began `at`. A context manager; its connections end with it."""

    def __init__(self, service: Service, at: datetime, *, budget: timedelta = BUDGET) -> None:
        self.service = service
        self.at = at
        self.budget = budget
        self._began = time.monotonic()
        self._origin = _origin(httpx.URL(service.base))
        self._turns = service.turns or (lambda _patience: nullcontext())
        self._line = Line()
        # A service with turns allows one connection at a time, so none is left open after an answer.
        self._client = httpx.Client(
            timeout=httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0 if service.turns else 1),
            headers={"User-Agent": settings.PAPERS_USER_AGENT, "Accept-Encoding": "gzip"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, tb: TracebackType | None) -> None:
        self._client.close()

    @property
    def remaining(self) -> timedelta:
        """The time that is left of the budget."""
        return self.budget - timedelta(seconds=time.monotonic() - self._began)

    def get(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = OK,
        check: Callable[[Answer], object] = lambda _: None,
    ) -> Answer:
        """Return the answer to a GET; its status is one of `expect`. Raises SourceError for anything else.

        `check` may raise SourceError too. What may pass is tried again after a while, or when the service says so, as
        long as that is soon.
        """
        address = httpx.URL(url, params=params) if params else httpx.URL(url)
        attempts = stamina.retry_context(on=self._wait_before_retry, attempts=ATTEMPTS, timeout=None, wait_initial=0.5)
        for attempt in attempts:
            with attempt:
                answer = self._follow(address, dict(headers or {}), expect)
                check(answer)
                return answer
        raise AssertionError("The last attempt returns or raises.")

    def _wait_before_retry(self, err: Exception) -> bool | timedelta:
        if not isinstance(err, SourceError) or err.permanent or self.remaining < LONGEST_WAIT:
            return False
        if err.resume_at is None:
            return True
        wait = err.resume_at - self._now()
        return max(wait, timedelta()) if wait <= LONGEST_WAIT else False

    def _follow(self, address: httpx.URL, headers: dict[str, str], expect: Collection[int]) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._ask(address, headers)
            if answer.status in expect:
                return answer
            if answer.status not in REDIRECTS or "Location" not in answer.headers:
                raise self._refusal(answer)
            target = self._redirected(address, answer.headers["Location"])
            if _origin(target) != _origin(address):
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
            address = target
        raise self._error(f"redirected more than {MAX_REDIRECTS} times", permanent=True)

    def _redirected(self, address: httpx.URL, location: str) -> httpx.URL:
        try:
            target = address.join(location)
        except httpx.InvalidURL as err:
            raise self._error("redirected to an address that is none", permanent=True) from err
        is_base = _origin(target) == self._origin
        is_allowed = target.scheme == "https" and target.port is None and target.host in self.service.hosts
        if target.userinfo or not (is_base or is_allowed):
            raise self._error(f"redirected to {target.scheme}://{target.host}, which is not allowed", permanent=True)
        return target

    def _ask(self, address: httpx.URL, headers: Mapping[str, str]) -> Answer:
        if self.remaining <= timedelta():
            raise self._error(f"took longer than {_seconds(self.budget)} in all", permanent=False)
        with self._turns(self.remaining.total_seconds()):
            return self._ask_now(address, headers)

    def _ask_now(self, address: httpx.URL, headers: Mapping[str, str]) -> Answer:
        limit = min(ANSWER_TIMEOUT, self.remaining)
        with self._line.within(limit):
            try:
                extensions = {"trace": self._line.watch}
                with self._client.stream("GET", address, headers=headers, extensions=extensions) as response:
                    answer = Answer(response.status_code, response.headers, b"".join(self._decode(response)))
                if self._line.is_cut:
                    # A body that ends with its connection looks whole when we are the one who ended it.
                    raise httpx.ReadError("The line was cut.")
                return answer
            except httpx.TimeoutException as err:
                raise self._error(f"did not answer: {_reason(err)}", permanent=False) from err
            except (httpx.TransportError, httpx.InvalidURL) as err:
                if self._line.is_cut:
                    raise self._error(f"took longer than {_seconds(limit)} to answer", permanent=False) from err
                raise self._broken(err) from err

    def _decode(self, response: httpx.Response) -> Iterator[bytes]:
        """Yield the body, unpacked piece by piece, so that a small answer never unpacks to more than we allow."""
        is_packed = response.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}
        unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32) if is_packed else None
        size = 0
        for raw in response.iter_raw():
            data = self._unpack(unpack, raw, MAX_BYTES - size + 1) if unpack else raw
            size += len(data)
            if size > MAX_BYTES:
                raise self._error(f"answered with more than {MAX_BYTES:,} bytes", permanent=True)
            yield data
        if unpack and size and not unpack.eof:
            raise self._error("answered with gzip that is cut off", permanent=False)

    def _unpack(self, unpack: "zlib._Decompress", raw: bytes, limit: int) -> bytes:
        try:
            return unpack.decompress(raw, limit)
        except zlib.error as err:
            raise self._error("answered with gzip that is broken", permanent=False) from err

    def _broken(self, err: Exception) -> SourceError:
        if isinstance(err, httpx.RemoteProtocolError) and "complete message body" in str(err):
            return self._error("answered with a body that is cut off", permanent=False)
        return self._error(f"did not answer: {_reason(err)}", permanent=False)

    def _refusal(self, answer: Answer) -> SourceError:
        resume_at = self._resume_at(answer.headers) if answer.status in TEMPORARY else None
        asks = f", and asks us to wait until {resume_at:%Y-%m-%d %H:%M:%S} UTC" if resume_at else ""
        return self._error(
            f"answered {answer.status}{asks}", permanent=answer.status not in TEMPORARY, resume_at=resume_at
        )

    def _resume_at(self, headers: httpx.Headers) -> datetime | None:
        now = self._now()
        wait = retry_after(headers, now)
        return None if wait is None else now + min(wait, LONGEST_REST)

    def _now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self._began)

    def _error(self, what: str, *, permanent: bool, resume_at: datetime | None = None) -> SourceError:
        return SourceError(f"{self.service.name} {what}.", permanent=permanent, resume_at=resume_at)


def retry_after(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """Return how long a service asks us to wait: Retry-After in seconds or as a date, or RateLimit's `t`."""
    told = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", told, re.ASCII):
        return timedelta(seconds=int(told))
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        reset = re.search(r"\bt=(\d{1,9})\b", headers.get("RateLimit", ""), re.ASCII)
        return timedelta(seconds=int(reset.group(1))) if reset else None
    return max((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now, timedelta())


def _origin(address: httpx.URL) -> tuple[str, str, int | None]:
    return address.scheme, address.host, address.port


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"


def _reason(err: Exception) -> str:
    """Return what went wrong in the words of the library: a name that is not known and a refusal are told apart."""
    return f"{type(err).__name__} ({err})" if str(err) else type(err).__name__
