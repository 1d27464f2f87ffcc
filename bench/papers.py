"""Ingesting ten thousand papers, and scoring a hundred thousand with a million signals."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import islice

from django.db import connection

from bench.clock import AT, READ_AT
from bench.measure import report, resident_megabytes, seconds, traced_megabytes
from papers.ingest import ingest
from papers.models import Paper, Signal, TrendingScore
from papers.scoring import score_papers
from papers.sources.base import PaperRecord, Reading

PAPERS = 100_000
SIGNALS_A_PAPER = 10


def bench_ingest(papers: int = 10_000) -> None:
    """First import of `papers` papers with three signals each; again, which changes nothing; and what it holds."""
    first, again = (seconds(lambda: ingest("huggingface", records(papers))) for _ in range(2))
    few, many = (
        traced_megabytes(partial(ingest, "huggingface", records(count, prefix=count)))
        for count in (papers // 5, papers)
    )
    report(
        "ingest",
        "seconds",
        first,
        papers_per_second=round(papers / first),
        again_to_first=round(again / first, 3),
        memory_of_five_times_as_many=round(many / few, 2),
    )


def records(count: int, *, prefix: int = 2611) -> Iterator[PaperRecord]:
    """Yield records as a source does, one after the other."""
    for number in range(count):
        yield PaperRecord(
            arxiv_id=f"{prefix}.{number:05}",
            title=f"Paper {prefix}-{number} on agents, video and {number % 977} kinds of reasoning",
            authors=("Ada Lovelace", "Alan Turing", f"Author {number % 499}"),
            abstract="What it is about, what it does, how it was done and what was found. " * 15,
            summary="What it does, and what it found. " * 4,
            categories=(f"cs.{number % 40}",),
            listed_on=AT.date() - timedelta(days=number % 5),
            readings=tuple(Reading(kind, number % 97 + 1, READ_AT) for kind in ("upvotes", "comments", "stars")),
        )


def bench_scoring() -> None:
    """Scores of all windows, over half a year of papers that were each read ten times."""
    _fill()
    spent = seconds(lambda: score_papers(AT))
    report(
        "score",
        "seconds",
        spent,
        papers=Paper.objects.count(),
        signals=Signal.objects.count(),
        kept=TrendingScore.objects.count(),
        peak_megabytes=round(resident_megabytes()),
    )


def _fill() -> None:
    papers = (
        Paper(
            key=f"arxiv:{number}",
            title=f"Paper {number}",
            primary_category=f"cs.{number % 40}",
            listed_on=AT.date() - timedelta(days=number % 140),
        )
        for number in range(PAPERS)
    )
    while chunk := list(islice(papers, 2000)):
        Paper.objects.bulk_create(chunk)
    # The database makes the signals itself: a million objects would be the slowest part of all, and are not measured.
    hours_after = {
        "sqlite": "strftime('%Y-%m-%d %H:%M:%S', p.listed_on, '+' || (8 + n.i * 5) || ' hours')",
        "postgresql": "p.listed_on::timestamptz + make_interval(hours => 8 + n.i * 5)",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {SIGNALS_A_PAPER})
            INSERT INTO papers_signal (paper_id, source, kind, value, observed_at)
            SELECT p.id, 'huggingface', CASE n.i % 3 WHEN 0 THEN 'upvotes' WHEN 1 THEN 'comments' ELSE 'stars' END,
                   (p.id * 31 % 97) + n.i * (p.id * 17 % 23), {hours_after}
            FROM papers_paper p CROSS JOIN n
            """  # noqa: S608  nothing in it comes from outside
        )
