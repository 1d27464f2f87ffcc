"""Pages over HTTP."""

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import islice

from django.db import connection

from bench.clock import AT
from bench.measure import milliseconds, report, seconds
from bench.web import get, get_on, server
from papers.models import Paper, Topic, TrendingScore

PAPERS = 100_000
KEPT = 500  # scores a window
WARM, COLD, CONNECTIONS = 5_000, 300, 4
# What is asked for where nothing is kept: the home page, and the newest of one topic among forty.
COLD_PAGES = {"pages_cold": "/", "topic_cold": "/topics/cs.1/"}


def bench_pages() -> None:
    """Requests a second while the home page is kept, and how long pages take that have to be made."""
    _fill()
    with server("config.settings") as address:
        length = len(get(address, "/"))
        with ThreadPoolExecutor(CONNECTIONS) as readers:
            spent = seconds(lambda: list(readers.map(lambda _: _read_again(address), range(CONNECTIONS))))
    report("pages", "requests/s", WARM / spent, papers=PAPERS, page_bytes=length)
    with server("bench.coldly") as address:
        for figure, path in COLD_PAGES.items():
            get(address, path)  # the first request of a process also loads code and templates
            times = milliseconds([seconds(partial(get, address, path)) for _ in range(COLD)])
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


def _read_again(address: tuple[str, int]) -> None:
    """Ask for the home page over and over on one connection."""
    with socket.create_connection(address, timeout=30) as line:
        for _ in range(WARM // CONNECTIONS):
            get_on(line, "/")
