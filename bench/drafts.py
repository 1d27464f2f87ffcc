"""Drafts, of the day at which everything is measured or of another one."""

from collections.abc import Sequence
from datetime import datetime

from bench.clock import AT
from newsletter.models import Edition, EditionEntry
from papers.models import Paper


def make_draft(papers: Sequence[Paper], closes_at: datetime = AT) -> Edition:
    """Return a draft with these papers, the most wanted first."""
    edition = Edition.objects.create(period=closes_at.date().isoformat(), closes_at=closes_at)
    EditionEntry.objects.bulk_create(
        EditionEntry(
            edition=edition,
            paper=paper,
            rank=rank,
            score=10 - rank / 20,
            parts=[{"kind": "upvotes", "points": 1.0, "gain": 200 - rank, "since": "since yesterday"}],
        )
        for rank, paper in enumerate(papers, start=1)
    )
    return edition
