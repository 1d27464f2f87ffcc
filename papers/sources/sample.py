"""The bundled catalogue: ten days of papers, shifted so that the last one is recent, and an undated library."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from papers.calendar import latest_listing_day, listing_days_ending
from papers.models import Paper
from papers.sources.base import PaperRecord, Reading

NAME = "sample"
CATALOGUE = Path(__file__).resolve().parent.parent / "sample" / "catalogue.jsonl"


class Sample:
    """The bundled catalogue as a source. Its days are shifted once: at the first import, to the latest listing day."""

    name = NAME
    every = timedelta(hours=1)

    def question(self, at: datetime) -> str:
        return "the bundled catalogue"

    def why_empty(self, at: datetime) -> str:
        return "The catalogue is empty."

    def fetch(self, at: datetime) -> Iterator[PaperRecord]:
        """Yield every paper of the catalogue, oldest day first."""
        rows = [json.loads(line) for line in CATALOGUE.read_text(encoding="utf-8").splitlines()]
        days = sorted({row["listed_on"] for row in rows if row["listed_on"]})
        shifted = dict(zip(days, listing_days_ending(_last_day(at), len(days)), strict=True))
        for row in rows:
            yield _record(row, shifted)


def _last_day(at: datetime) -> date:
    imported = Paper.objects.filter(is_sample=True, listed_on__isnull=False).order_by("-listed_on").first()
    return imported.listed_on if imported and imported.listed_on else latest_listing_day(at)


def _record(row: Mapping[str, Any], shifted: Mapping[str, date]) -> PaperRecord:
    listed_on = shifted.get(row["listed_on"])
    readings: tuple[Reading, ...] = ()
    if listed_on:
        read_at = datetime.combine(listed_on, time(), UTC)
        readings = tuple(Reading(kind, value, read_at) for kind, value in row["counts"].items())
    return PaperRecord(
        arxiv_id=row["arxiv_id"],
        title=row["title"],
        authors=tuple(row["authors"]),
        summary=row["summary"],
        keywords=tuple(row["keywords"]),
        published_on=date.fromisoformat(row["published_on"]) if row["published_on"] else None,
        listed_on=listed_on,
        github_url=row["github_url"],
        is_sample=True,
        readings=readings,
    )
