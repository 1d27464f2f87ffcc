"""Signing up over HTTP: how long it takes at a steady pace, how many fit into a second, and whether it tells."""

import random
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import count
from statistics import median
from urllib.parse import urlencode

from django.db import connections
from django.utils import timezone

from bench.measure import milliseconds, report, seconds
from bench.web import exchange, server
from subscribers.abuse import make_stamp
from subscribers.models import SignUp, Subscriber, Suppression

PACE, STEADY = 50, 1_000  # sign-ups a second, and in all
CONNECTIONS, RUSH = 8, 3_000
ROUNDS = 300
READERS = 100_000

numbers = count(1)


def bench_sign_up() -> None:
    """At 50 a second on one process; as fast as it goes on two; and each kind of address against a new one."""
    _fill()
    with server("bench.unlimited") as address:
        _post(address, _request("warm@example.org"))
        times = milliseconds(list(_steadily(address)))
        report("sign_up_steady", "p95_ms", times["p95_ms"], p50_ms=times["p50_ms"], per_second=PACE)
        kinds = {kind: median(spent) for kind, spent in _by_kind(address).items()}
    ratios = {kind: round(spent / kinds["new"], 3) for kind, spent in kinds.items()}
    report("sign_up_kinds", "times as long as a new address, at most", max(ratios.values()), **ratios)
    shares = [[_request(f"rush{n}@example.org") for n in range(k, RUSH, CONNECTIONS)] for k in range(CONNECTIONS)]
    with server("bench.unlimited", workers=2) as address, ThreadPoolExecutor(CONNECTIONS) as visitors:
        _rush(address, shares[0][:20])
        spent = seconds(lambda: list(visitors.map(lambda share: _rush(address, share), shares)))
    report("sign_up_rush", "requests/s", RUSH / spent, processes=2)
    if SignUp.objects.count() < STEADY + RUSH:
        raise SystemExit("Some sign-ups left no row.")


def _fill() -> None:
    """Readers of each status, and somebody who must not be mailed."""
    at = timezone.now() - timedelta(days=1)
    statuses = Subscriber.Status.values
    Subscriber.objects.bulk_create(
        (
            Subscriber(
                email=f"{statuses[number % 3]}{number}@example.org",
                status=statuses[number % 3],
                created_at=at,
                confirmed_at=at,
            )
            for number in range(READERS)
        ),
        batch_size=500,
    )
    Suppression.objects.suppress("suppressed@example.org", Suppression.Reason.COMPLAINT, at)
    connections.close_all()


def _steadily(address: tuple[str, int]) -> Iterator[float]:
    """Yield how long each of STEADY sign-ups took, counted from when it was due."""
    started = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as visitors:
        due = ((started + number / PACE, _request(f"steady{number}@example.org")) for number in range(STEADY))
        yield from visitors.map(lambda one: _at(one[0], address, one[1]), due)


def _at(moment: float, address: tuple[str, int], request: bytes) -> float:
    time.sleep(max(0.0, moment - time.perf_counter()))
    _post(address, request)
    return time.perf_counter() - moment


def _by_kind(address: tuple[str, int]) -> dict[str, list[float]]:
    """Return how long sign-ups of each kind took, taken in turns, so that what else happens meets all alike."""
    kinds: dict[str, Callable[[int], str]] = {
        "new": lambda number: f"new{number}@example.org",
        "pending": lambda number: f"pending{number * 3}@example.org",
        "active": lambda number: f"active{number * 3 + 1}@example.org",
        "unsubscribed": lambda number: f"unsubscribed{number * 3 + 2}@example.org",
        "suppressed": lambda number: "suppressed@example.org",
        "disposable": lambda number: f"new{number}@mailinator.com",
    }
    order = [(kind, make(number)) for number in range(ROUNDS) for kind, make in kinds.items()]
    random.Random(7).shuffle(order)  # noqa: S311  not a secret
    spent: dict[str, list[float]] = {kind: [] for kind in kinds}
    for kind, email in order:
        request = _request(email)
        spent[kind].append(seconds(partial(_post, address, request)))
    return spent


def _rush(address: tuple[str, int], requests: list[bytes]) -> None:
    for request in requests:
        _post(address, request)


def _request(email: str) -> bytes:
    """A sign-up as a browser behind a proxy sends it, each from somewhere else."""
    number = next(numbers)
    caller = f"{number % 223 + 1}.{number // 223 % 250}.{number // 55750 % 250}.1"
    stamp = make_stamp(timezone.now() - timedelta(minutes=5))
    body = urlencode({"email": email, "stamp": stamp, "website": "", "page": "/", "time_zone": "Europe/Vienna"})
    head = [
        "POST /subscribe/ HTTP/1.1",
        "Host: localhost",
        f"X-Forwarded-For: {caller}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", body]).encode()


def _post(address: tuple[str, int], request: bytes) -> None:
    with socket.create_connection(address, timeout=30) as line:
        status, _ = exchange(line, request)
    if status != 302:
        raise SystemExit(f"The server answered {status}.")
