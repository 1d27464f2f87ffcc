"""Pages over HTTP: one worker of gunicorn on one core, asked from the other."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import islice

from django.db import connection

from bench.clock import AT
from bench.measure import milliseconds, report, seconds
from papers.models import Paper, Topic, TrendingScore

PAPERS = 100_000
KEPT = 500  # scores a window
WARM, COLD, CONNECTIONS = 5_000, 300, 4
# What is asked for where nothing is kept: the home page, and the newest of one topic among forty.
COLD_PAGES = {"pages_cold": "/", "topic_cold": "/topics/cs.1/"}


def bench_pages() -> None:
    """Requests a second while the home page is kept, and how long pages take that have to be made."""
    _fill()
    with _server("config.settings") as address:
        length = len(_ask(address, "/"))
        with ThreadPoolExecutor(CONNECTIONS) as readers:
            spent = seconds(lambda: list(readers.map(lambda _: _read_again(address), range(CONNECTIONS))))
    report("pages", "requests/s", WARM / spent, papers=PAPERS, page_bytes=length)
    with _server("bench.coldly") as address:
        for figure, path in COLD_PAGES.items():
            _ask(address, path)  # the first request of a process also loads code and templates
            times = milliseconds([seconds(partial(_ask, address, path)) for _ in range(COLD)])
            report(figure, "p95_ms", times["p95_ms"], p50_ms=times["p50_ms"])


def _fill() -> None:
    _fill_papers()
    _fill_lists()
    if connection.vendor == "postgresql":
        # What its autovacuum does within a minute of such a change.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _fill_papers() -> None:
    """Papers of two topics each; two in three are known from arXiv alone, and no list ever had them."""
    topics = Topic.objects.bulk_create(
        Topic(slug=f"cs.{number}", name=f"cs.{number}", kind=Topic.Kind.CATEGORY) for number in range(40)
    )
    papers = (
        Paper(
            key=f"arxiv:{number}",
            arxiv_id=f"2611.{number:06}",
            title=f"Paper {number} on agents, video and reasoning",
            authors=["Ada Lovelace", "Alan Turing", "Grace Hopper", "Barbara Liskov"],
            abstract="What it is about, what it does, how it was done and what was found. " * 15,
            summary="What it does, and what it found. " * 6,
            listed_on=None if number % 3 else AT.date() - timedelta(days=number % 140),
        )
        for number in range(PAPERS)
    )
    while chunk := list(islice(papers, 2_000)):
        Paper.objects.bulk_create(chunk)
        through = Paper.topics.through
        through.objects.bulk_create(
            through(paper_id=paper.pk, topic_id=topics[(paper.pk + more) % 40].pk) for paper in chunk for more in (0, 7)
        )


def _fill_lists() -> None:
    """Thirty days of lists, of each window."""
    best = list(Paper.objects.order_by("-pk")[:KEPT])
    for back in range(30):
        TrendingScore.objects.bulk_create(
            TrendingScore(
                paper=paper,
                window=window,
                day=AT.date() - timedelta(days=back),
                score=KEPT - place,
                parts=[{"kind": "upvotes", "points": 1.0, "gain": 84, "since": "since yesterday"}],
                version="bench",
                scored_at=AT,
            )
            for window in TrendingScore.Window.values
            for place, paper in enumerate(best)
        )


@contextmanager
def _server(settings: str) -> Iterator[tuple[str, int]]:
    """A server with these settings, on a core of its own where the system lets a process choose."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        address: tuple[str, int] = chosen.getsockname()
    command = ["-m", "gunicorn", "config.wsgi", "--workers=1", f"--threads={CONNECTIONS}", "--no-control-socket"]
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[:1])  # which the server inherits
    command += ["--bind={}:{}".format(*address), "--log-level=error", f"--env=DJANGO_SETTINGS_MODULE={settings}"]
    server = subprocess.Popen([sys.executable, *command])  # noqa: S603  our own
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[1:])
    try:
        _wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)
        if cores:
            os.sched_setaffinity(0, cores)


def _wait_for(address: tuple[str, int]) -> None:
    for _ in range(300):
        try:
            socket.create_connection(address, timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The server did not start within 30 seconds.")


def _read_again(address: tuple[str, int]) -> None:
    """Ask for the home page over and over on one connection."""
    with socket.create_connection(address, timeout=30) as line:
        for _ in range(WARM // CONNECTIONS):
            _exchange(line, "/")


def _ask(address: tuple[str, int], path: str) -> bytes:
    with socket.create_connection(address, timeout=30) as line:
        return _exchange(line, path)


def _exchange(line: socket.socket, path: str) -> bytes:
    """Return the body at `path`, which must be there. Raw, so that the one who asks is not what is measured."""
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = bytearray()
    while b"\r\n\r\n" not in answer:
        answer += _more(line)
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"The server answered {head.splitlines()[0].decode()}.")
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    while len(body) < length:
        body += _more(line)
    return body


def _more(line: socket.socket) -> bytes:
    received = line.recv(1 << 18)
    if not received:
        raise SystemExit("The server closed the connection.")
    return received
