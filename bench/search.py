"""Searching a hundred thousand papers as people type, and finding those related to one."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property

import numpy as np
from django.db import connection, transaction

from bench.clock import AT
from bench.measure import milliseconds, report, seconds
from papers.models import Paper
from papers.related import related_papers
from papers.search import search
from papers.search_index import index_papers
from papers.sources.sample import CATALOGUE

CHUNK = 2_000
VOCABULARY = 50_000
ABSTRACT = 150  # words
SHOWN = 20


def bench_search(papers: int = 100_000) -> None:
    """The first page of what some hundred queries find, and the related papers of some hundred papers."""
    text = MadeUpText(seed=5)
    filled = seconds(lambda: fill(papers, text))
    queries = list(queries_typed(papers))
    times = [seconds(lambda query=query: search(query)[:SHOWN]) for query in queries]  # type: ignore[misc]
    spent = milliseconds(times)
    report(
        "search",
        "p95_ms",
        spent["p95_ms"],
        p50_ms=spent["p50_ms"],
        slowest_ms=round(max(times) * 1000, 1),
        slowest=queries[times.index(max(times))],
        queries=len(queries),
        papers=papers,
        filled_in_s=round(filled),
    )
    some = Paper.objects.filter(pk__in=range(1, papers, papers // 100))
    spent = milliseconds([seconds(lambda paper=paper: related_papers(paper)) for paper in some])  # type: ignore[misc]
    report("related", "p95_ms", spent["p95_ms"], p50_ms=spent["p50_ms"], papers=papers)


class MadeUpText:
    """Text of the words of the bundled catalogue and many made-up ones, as frequent as words are."""

    def __init__(self, seed: int, vocabulary: int = VOCABULARY) -> None:
        self._vocabulary = vocabulary
        self._random = np.random.default_rng(seed)
        self._rows = [json.loads(line) for line in CATALOGUE.read_text(encoding="utf-8").splitlines()]
        weights = 1 / (np.arange(vocabulary) + 2.7)
        self._cumulated = np.cumsum(weights / weights.sum())

    @cached_property
    def _words(self) -> np.ndarray:
        counted = Counter(word for row in self._rows for word in f"{row['title']} {row['summary']}".split())
        words = [word for word, _ in counted.most_common()]
        syllables = sorted({word[:2].lower() for word in words if word.isalpha()})
        lengths = self._random.integers(2, 6, self._vocabulary - len(words))
        words += ["".join(self._random.choice(syllables, length)) for length in lengths]
        return np.array(words, dtype=object)

    @cached_property
    def names(self) -> list[str]:
        """Everybody's given name with everybody's family name would be too many; these are some thousands of people."""
        given, family = zip(
            *(name.split(" ", 1) for row in self._rows for name in row["authors"] if " " in name), strict=True
        )
        chosen = self._random.integers(0, len(given), (2, 20_000))
        return [f"{given[one]} {family[other]}" for one, other in chosen.T]

    def take(self, texts: int, words: int) -> list[str]:
        """Return so many texts of so many words."""
        drawn = np.searchsorted(self._cumulated, self._random.random((texts, words)))
        return [" ".join(row) for row in self._words[drawn.clip(max=self._vocabulary - 1)]]

    def take_numbers(self, numbers: int, below: int) -> list[int]:
        return list(map(int, self._random.integers(0, below, numbers)))

    def take_counts(self, numbers: int) -> list[int]:
        """Return counts of which a few are very large."""
        return list(map(int, self._random.pareto(1.2, numbers) * 5))


def fill(papers: int, text: MadeUpText) -> None:
    """Store and index so many papers, chunk by chunk as a source does."""
    for start in range(0, papers, CHUNK):
        size = min(CHUNK, papers - start)
        with transaction.atomic():
            index_papers(Paper.objects.bulk_create(_papers(start, size, text)))
    if connection.vendor == "postgresql":
        # As autovacuum would within a minute.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE papers_searchentry, papers_paper")


def _papers(start: int, size: int, text: MadeUpText) -> Iterator[Paper]:
    titles, abstracts = text.take(size, 9), text.take(size, ABSTRACT)
    upvotes, authors = text.take_counts(size), text.take_numbers(4 * size, len(text.names))
    for i in range(size):
        number = start + i
        arxiv_id = f"{2001 + number // 20_000}.{number % 20_000:05}"
        yield Paper(
            key=f"arxiv:{arxiv_id}",
            arxiv_id=arxiv_id,
            title=f"ACR{number}: {titles[i]}" if number % 5 == 0 else titles[i],
            authors=[text.names[author] for author in authors[4 * i : 4 * i + 4]],
            abstract=abstracts[i],
            keywords=titles[i].split()[:3],
            listed_on=AT.date() - timedelta(days=(start - i) % 700),
            counts={"upvotes": upvotes[i]},
        )


def queries_typed(papers: int) -> Iterator[str]:
    """Yield what people type, with all the beginnings that search is asked for on the way."""
    chosen = Paper.objects.filter(pk__in=range(1, papers, papers // 60)).order_by("pk")
    for number, paper in enumerate(chosen):
        words = paper.title.split()
        one, other = words[number % len(words)], words[(5 * number + 1) % len(words)]
        if number % 2:
            yield from (one[:length] for length in range(2, len(one) + 1))
        yield f"{one} {other}"
        yield f"{one} {other[:2]}"
        yield paper.authors[0]
        yield paper.authors[1].split()[-1][:4]
        if number % 4 == 0:
            yield paper.arxiv_id or ""
            yield paper.title
            yield one[:1]
            yield f"{paper.authors[2].split()[-1]} {one}"
