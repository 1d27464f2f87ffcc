"""The editions for programs: read-only JSON. What a reader got is nobody's business but theirs."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.urls import reverse
from ninja import Field, P, PathEx, Query, Router, Schema

from newsletter.models import Edition
from newsletter.pages import closed_edition
from papers.api import ERRORS, NOT_FOUND, Paging, PaperOut, PartOfList, PartOut
from papers.links import absolute
from papers.trending import in_words

router = Router(tags=["editions"])


class EditionOut(Schema):
    """An edition that has closed."""

    kind: Literal["daily", "weekly"]
    period: str = Field(description="What it is about: a day, or a week (2026-W47) as in ISO 8601.")
    closed_at: datetime = Field(description="When its entries were frozen.")
    url: str = Field(description="Its page.")

    @staticmethod
    def resolve_closed_at(edition: Edition) -> datetime:
        return edition.closing_at or edition.closes_at

    @staticmethod
    def resolve_url(edition: Edition) -> str:
        return absolute(reverse("edition", args=[edition.period]))


class Editions(PartOfList):
    items: list[EditionOut]


class EntryOut(Schema):
    """A paper in an edition, as it stood when that closed."""

    rank: int
    score: float
    attention: str = Field(description="The parts in words.")
    parts: list[PartOut]
    note: str = Field(description="What an editor says of it.")
    paper: PaperOut


class EditionWithEntries(EditionOut):
    opening_line: str = Field(description="How editors opened every digest of it; mostly empty.")
    header_note: str = Field(description="What editors say above its papers, in paragraphs; mostly empty.")
    entries: list[EntryOut]

    @staticmethod
    def resolve_entries(edition: Edition) -> list[dict[str, Any]]:
        return [
            {
                "rank": rank,
                "score": entry.score,
                "attention": in_words(entry.parts),
                "parts": entry.parts,
                "note": entry.note,
                "paper": entry.paper,
            }
            for rank, entry in enumerate(edition.entries.on_page(), start=1)
        ]


@router.get("", response={200: Editions} | ERRORS, summary="All editions, newest first")
def list_editions(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    count, items = paging.cut(Edition.objects.archive())
    return {"items": items} | paging.part_of(count)


@router.get("/{period}", response={200: EditionWithEntries} | NOT_FOUND, summary="One edition with its papers")
def get_edition(request: HttpRequest, period: PathEx[str, P(pattern=r"^[0-9A-Za-z-]{1,10}$")]) -> Edition:
    return closed_edition(period)
