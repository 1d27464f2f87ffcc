"""Scores the papers in the database: reads their signals, asks the formula, keeps the result."""

from collections import defaultdict
from datetime import datetime

from django.db import transaction

from papers.models import Paper, Signal, TrendingScore
from papers.trending import REACH, VERSION, Reading, Score, score

BATCH = 500


def rank_papers(*, at: datetime, window: str) -> list[tuple[Paper, Score]]:
    """Return the visible papers that gained attention in `window` before `at`, best first, ties by key.

    Papers enter through a signal inside the window's reach; all their earlier signals count as the starting point.
    """
    recent = Signal.objects.filter(observed_at__gt=at - REACH[window], observed_at__lte=at).values("paper_id")
    papers = {paper.pk: paper for paper in Paper.objects.visible().filter(pk__in=recent)}
    readings: dict[int, list[Reading]] = defaultdict(list)
    signals = Signal.objects.filter(paper_id__in=recent, observed_at__lte=at)
    for signal in signals.iterator():
        readings[signal.paper_id].append(Reading(signal.source, signal.kind, signal.value, signal.observed_at))
    ranked = [(paper, score(readings[pk], at=at, window=window)) for pk, paper in papers.items()]
    return sorted(
        ((paper, scored) for paper, scored in ranked if scored.value > 0),
        key=lambda item: (-item[1].value, item[0].key),
    )


def score_papers(at: datetime) -> int:
    """Replace the stored scores of every window by those at `at`; return how many papers have one today."""
    kept = 0
    for window in TrendingScore.Window.values:
        ranked = rank_papers(at=at, window=window)
        with transaction.atomic():
            # Written over rather than deleted first: two processes may score at the same time.
            TrendingScore.objects.bulk_create(
                [
                    TrendingScore(
                        paper=paper,
                        window=window,
                        day=at.date(),
                        score=scored.value,
                        parts=scored.parts,
                        version=VERSION,
                        scored_at=at,
                    )
                    for paper, scored in ranked
                ],
                batch_size=BATCH,
                update_conflicts=True,
                unique_fields=["paper", "window", "day"],
                update_fields=["score", "parts", "version", "scored_at"],
            )
            TrendingScore.objects.filter(window=window, day=at.date(), scored_at__lt=at).delete()
        kept = max(kept, len(ranked))
    return kept
