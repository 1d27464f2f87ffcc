"""Rows for tests: plain functions with keyword defaults."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

from newsletter.models import Delivery, Edition, EditionEntry
from newsletter.rendering import compile_fragments
from papers.models import Paper, Signal
from papers.search_index import index_papers
from papers.sources.base import PaperRecord, Reading
from subscribers.models import Subscriber

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
TODAY = NOW.date()

_numbers = count(1)


def make_record(
    *, arxiv_id: str | None = "2611.00001", title: str = "A Paper", upvotes: int | None = 10, listed_on: date = TODAY
) -> PaperRecord:
    readings = () if upvotes is None else (Reading("upvotes", upvotes, datetime(2026, 11, 23, tzinfo=UTC)),)
    return PaperRecord(arxiv_id=arxiv_id, title=title, listed_on=listed_on, readings=readings)


def make_paper(*, title: str = "", upvotes: int | None = 10, listed_on: date | None = TODAY, **fields: object) -> Paper:
    """A paper that search knows, with one reading of its upvotes, at midnight UTC of the listing day."""
    number = next(_numbers)
    arxiv_id = f"2611.{number:05}"
    facts = {
        "key": f"arxiv:{arxiv_id}",
        "arxiv_id": arxiv_id,
        "title": title or f"Paper Number {number}",
        "authors": ["Ada Lovelace", "Alan Turing"],
        "summary": f"Summary of paper {number}.",
        "listed_on": listed_on,
    }
    paper = Paper.objects.create(**(facts | fields))
    index_papers([paper])
    if upvotes is not None and listed_on is not None:
        observed_at = datetime(listed_on.year, listed_on.month, listed_on.day, tzinfo=UTC)
        Signal.objects.create(paper=paper, source="huggingface", kind="upvotes", value=upvotes, observed_at=observed_at)
    return paper


def make_arxiv_paper(arxiv_id: str, *, title: str = "", is_hidden: bool = False) -> Paper:
    return make_paper(arxiv_id=arxiv_id, key=f"arxiv:{arxiv_id}", title=title, is_hidden=is_hidden)


def make_reader(*, email: str = "", status: str = Subscriber.Status.ACTIVE, **fields: object) -> Subscriber:
    """An active reader who confirmed two days ago, unless told otherwise."""
    confirmed_at = NOW - timedelta(days=2) if status != Subscriber.Status.PENDING else None
    facts = {"email": email or f"reader{next(_numbers)}@example.org", "status": status, "created_at": NOW}
    return Subscriber.objects.create(**(facts | {"confirmed_at": confirmed_at} | fields))


def make_edition(*papers: Paper, day: date = TODAY, status: str = Edition.Status.CLOSED, **fields: object) -> Edition:
    """An edition with these papers in this order; closed at 17:00 UTC of its day, fragments compiled."""
    closes_at = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
    facts: dict[str, object] = {"period": day.isoformat(), "status": status, "closes_at": closes_at}
    if status in {Edition.Status.CLOSING, Edition.Status.CLOSED}:
        facts["closing_at"] = closes_at
    edition = Edition.objects.create(**(facts | fields))
    for rank, paper in enumerate(papers, start=1):
        parts = [{"kind": "upvotes", "gain": 100 - rank, "points": 5.0 - rank / 10, "since": "since yesterday"}]
        EditionEntry.objects.create(edition=edition, paper=paper, rank=rank, score=5.0 - rank / 10, parts=parts)
    if status in {Edition.Status.CLOSING, Edition.Status.CLOSED}:
        edition.fragments = compile_fragments(edition, list(edition.entries.going_out()))
        edition.save()
    return edition


def make_delivery(
    edition: Edition, reader: Subscriber | None, *papers: Paper, due_at: datetime = NOW, **fields: object
) -> Delivery:
    """A queued delivery of these papers, due now."""
    picks = [{"paper_id": paper.pk, "score": 1.0, "reason": "trending: +99 upvotes"} for paper in papers]
    facts = {"due_at": due_at, "next_attempt_at": due_at, "picks": picks, "chosen_at": NOW}
    return Delivery.objects.create(edition=edition, subscriber=reader, **(facts | fields))
