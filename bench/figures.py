"""The figures: each prints one JSON line. Rates depend on the machine; the ratios are what to compare."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from newsletter.editions import close_edition, ensure_edition
from newsletter.models import Delivery
from newsletter.rendering import compile_fragments, personal_links, render_digest
from papers.ingest import ingest
from papers.scoring import score_papers
from papers.sources.base import PaperRecord, Reading
from subscribers.models import Subscriber

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
READ_AT = AT.replace(hour=8)


def run() -> None:
    bench_ingest()
    bench_closing()
    bench_composing()


def report(figure: str, unit: str, value: float, **more: float) -> None:
    print(json.dumps({"figure": figure, "unit": unit, "value": round(value, 2)} | more))  # noqa: T201


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def bench_ingest(papers: int = 2000) -> None:
    """First import of `papers` papers with three signals each, then the same again, which changes nothing."""

    records = [
        PaperRecord(
            arxiv_id=f"2611.{number:05}",
            title=f"Paper {number} on agents and video",
            authors=("Ada Lovelace", "Alan Turing"),
            summary="What it does, and what it found. " * 4,
            listed_on=AT.date(),
            readings=tuple(Reading(kind, number % 97 + 1, READ_AT) for kind in ("upvotes", "comments", "stars")),
        )
        for number in range(papers)
    ]
    first, again = (seconds(lambda: ingest("huggingface", records)) for _ in range(2))
    report("ingest", "papers/s", papers / first, again_to_first=round(again / first, 3))


def bench_closing(readers: int = 2000) -> None:
    """Picks and deliveries of a whole audience."""

    score_papers(AT)
    Subscriber.objects.bulk_create(
        Subscriber(
            email=f"reader{number}@example.org",
            status="active",
            created_at=AT,
            confirmed_at=AT - timedelta(days=2),
            interests="agents, video, reasoning"[: number % 25],
        )
        for number in range(readers)
    )
    edition = ensure_edition(AT.date())
    if edition is None:
        raise SystemExit("The bench has no edition to close.")
    report("close", "readers/s", readers / seconds(lambda: close_edition(edition.pk, AT)))


def bench_composing(digests: int = 500, anew: int = 20) -> None:
    """Digests joined from fragments, against each one rendered and compiled anew."""

    deliveries = list(Delivery.objects.select_related("edition", "subscriber")[:digests])
    fragments = deliveries[0].edition.fragments
    entries = {entry.paper_id: entry for entry in deliveries[0].edition.entries.going_out()}

    def join() -> None:
        for delivery in deliveries:
            if delivery.subscriber:
                render_digest(fragments, delivery.picks, personal_links(delivery, delivery.subscriber))

    def render_anew() -> None:
        for delivery in deliveries[:anew]:
            compile_fragments(delivery.edition, [entries[pick["paper_id"]] for pick in delivery.picks])

    joined, compiled = len(deliveries) / seconds(join), anew / seconds(render_anew)
    report("compose", "digests/s", joined, to_rendering_anew=round(joined / compiled, 1))
