"""Editions that are hard to set in a mail. The same name makes the same bytes, whatever was made before."""

from datetime import timedelta
from itertools import cycle
from uuid import NAMESPACE_URL, uuid5

from mail.message import Message
from newsletter.joining import CompiledDigest
from newsletter.models import Delivery, Edition, EditionEntry
from newsletter.reasons import Kind, Why, basis_of, in_words
from newsletter.rendering import compile_fragments, digest_message
from papers.models import Paper, Topic
from tests.factories import NOW, TODAY, make_delivery, make_paper, make_reader
from tests.hard_papers import PAPERS, WORDS, HardPaper, named_also

NAMES = tuple(PAPERS)
# Far above what the database counts up to in a test, since ids stand in links.
FIRST_ID = 900_000
LIKED = {1: "Attention Is All You Need", 2: "Denoising Diffusion Probabilistic Models: A Long Account of a Short Idea"}
# Each kind of reason, alone or as they come together.
USUAL_WHYS = (
    (Why(Kind.MATCHES, "world models"), Why(Kind.TOPIC, "Robotics")),
    (Why(Kind.TRENDING, "+84 upvotes since yesterday, 6× usual for cs.CL at this age"),),
    (Why(Kind.AUTHOR, "Ada Lovelace"),),
    (Why(Kind.LIKED, 1),),
    (Why(Kind.SAVED, 2),),
    (Why(Kind.MEANT, "agents that use tools"),),
    (Why(Kind.TASTE),),
    (Why(Kind.EDITION),),
)


def make_hard_edition(name: str) -> Delivery:
    """A queued delivery to an active reader of a closed edition of PAPERS[name]: one of them at a time in a database,
    since all are of today."""
    edition, picked, named = _make_edition(name), PAPERS[name], named_also(name)
    papers = [_add_paper(edition, rank, told) for rank, told in enumerate([*picked, *named], start=1)]
    edition.opening_line, edition.header_note = WORDS.get(name, ("", ""))
    edition.fragments = compile_fragments(edition, list(edition.entries.going_out()))
    edition.save()
    reader = make_reader(pk=FIRST_ID, email="ada@example.org", cadence="weekly" if name == "weekly" else "daily")
    picks = [_pick(*facts) for facts in zip(papers, picked, cycle(USUAL_WHYS))]
    also = [paper.pk for paper in papers[len(picked) :]]
    return make_delivery(edition, reader, pk=uuid5(NAMESPACE_URL, name), picks=picks, also=also)


def mail_of(delivery: Delivery) -> Message:
    """The mail as it leaves."""
    assert delivery.subscriber
    return digest_message(delivery, delivery.subscriber, CompiledDigest(delivery.edition.fragments, is_own=True), NOW)


def _make_edition(name: str) -> Edition:
    kind, period = ("weekly", "2026-W48") if name == "weekly" else ("daily", TODAY.isoformat())
    closing_at = NOW - timedelta(hours=1)
    return Edition.objects.create(
        pk=FIRST_ID, kind=kind, period=period, status="closed", closes_at=closing_at, closing_at=closing_at, audience=1
    )


def _add_paper(edition: Edition, rank: int, told: HardPaper) -> Paper:
    """Make the paper, and its entry at this rank."""
    paper = _make_paper(rank, told)
    since = "in the last week" if edition.kind == Edition.Kind.WEEKLY else "since yesterday"
    gains = [
        {"kind": "upvotes", "gain": 100 - rank, "since": since, "times": 6.0, "cohort": "cs.CL"},
        {"kind": "stars", "gain": 1234, "since": since},
    ]
    EditionEntry.objects.create(
        edition=edition,
        paper=paper,
        rank=rank,
        score=5.0 - rank / 10,
        parts=[part | {"points": 1.0} for part in gains] if told.attention else [],
        note=told.note,
        is_pinned=told.is_pinned,
    )
    return paper


def _make_paper(rank: int, told: HardPaper) -> Paper:
    arxiv_id = f"2611.9{rank:04}" if told.has_id else None
    paper = make_paper(
        pk=FIRST_ID + rank,
        key=f"arxiv:{arxiv_id}" if arxiv_id else f"title:{rank:032}",
        arxiv_id=arxiv_id,
        title=told.title,
        authors=list(told.authors),
        summary=told.summary,
        abstract=told.abstract,
        github_url=told.github_url,
        upvotes=None,
    )
    if told.has_id:
        paper.topics.set(Topic.objects.filter(slug__in=["agents", "robotics"]))
    return paper


def _pick(paper: Paper, told: HardPaper, usual: tuple[Why, ...]) -> dict[str, object]:
    why = told.why or usual
    return {"paper_id": paper.pk, "score": 1.0, "reason": in_words(why, LIKED), "basis": basis_of(why)}
