"""Closing an edition for its whole audience, and composing digests."""

from datetime import timedelta

from bench.clock import AT
from bench.measure import report, seconds
from bench.papers import records
from newsletter.editions import close_edition, ensure_edition
from newsletter.joining import CompiledDigest
from newsletter.models import Delivery
from newsletter.rendering import compile_fragments, personal_links
from papers.ingest import ingest
from papers.scoring import score_papers
from subscribers.models import Subscriber


def bench_closing(readers: int = 2000) -> None:
    """Picks and deliveries of a whole audience."""

    ingest("huggingface", records(2000))
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
        compiled = CompiledDigest(fragments, is_own=True)
        for delivery in deliveries:
            if delivery.subscriber:
                body = compiled.join(delivery, personal_links(delivery, delivery.subscriber))
                _ = body.html, body.text

    def render_anew() -> None:
        for delivery in deliveries[:anew]:
            compile_fragments(delivery.edition, [entries[pick["paper_id"]] for pick in delivery.picks])

    joined, compiled = len(deliveries) / seconds(join), anew / seconds(render_anew)
    report("compose", "digests/s", joined, to_rendering_anew=round(joined / compiled, 1))
