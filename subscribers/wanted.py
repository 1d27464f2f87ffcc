"""Papers that readers like and that we did not know: read from arXiv in the background, then liked as any other.

arXiv learns which papers are asked for, and never for whom.
"""

import logging
from collections import defaultdict
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from papers.arxiv_ids import key_of
from papers.ingest import read_on_request
from papers.models import Paper, SourceRun
from papers.sources.arxiv_search import ArxivPapers
from subscribers.models import Subscriber, WantedPaper
from subscribers.pasted import known_papers, looks_up_papers
from subscribers.preferences import change_preferences, like

logger = logging.getLogger(__name__)

# Papers in one question. arXiv wants to be asked once in three seconds; this is at most once a minute.
AT_A_TIME = 100
ANSWERED = frozenset({SourceRun.Status.READ, SourceRun.Status.EMPTY})


def look_up_wanted(at: datetime) -> int:
    """Let active readers like what they wished for, and ask arXiv for what we do not know yet; twice is once.

    Return how many wishes came true. What arXiv does not know either is dropped; what could not be asked waits.
    """
    fulfilled = _fulfil_known(at)
    arxiv_ids = _to_ask_for() if looks_up_papers() else []
    run = read_on_request(ArxivPapers(arxiv_ids), at) if arxiv_ids else None
    if run and run.status in ANSWERED:
        fulfilled += _fulfil_known(at)
        _drop_unknown(arxiv_ids)
    return fulfilled


def _wishes() -> QuerySet[WantedPaper]:
    """What active readers wish for; `key` is that of the paper."""
    wishes = WantedPaper.objects.filter(subscriber__status=Subscriber.Status.ACTIVE)
    return wishes.alias(key=Concat(Value(key_of("")), F("arxiv_id")))


def _fulfil_known(at: datetime) -> int:
    known = Exists(Paper.objects.visible().filter(key=OuterRef("key")))
    readers = _wishes().filter(known).order_by("subscriber").values_list("subscriber", flat=True).distinct()
    return sum(_fulfil(reader_id, at) for reader_id in list(readers))


def _fulfil(reader_id: int, at: datetime) -> int:
    """Let a reader like the papers they wished for that we know by now, as of when they wished for them."""
    with transaction.atomic():
        reader = Subscriber.objects.active().select_for_update().filter(pk=reader_id).first()
        if reader is None:
            return 0  # left or erased just now
        wishes = list(reader.wanted_papers.all())
        known = known_papers([wish.arxiv_id for wish in wishes])
        papers_at: dict[datetime, list[int]] = defaultdict(list)
        for wish in wishes:
            if wish.arxiv_id in known:
                papers_at[wish.asked_at].append(known[wish.arxiv_id])
        for asked_at, papers in papers_at.items():
            like(reader, papers, asked_at)
        if known:
            reader.wanted_papers.filter(arxiv_id__in=known).delete()
            change_preferences(reader, at)
    return len(known)


def _to_ask_for() -> list[str]:
    """Return the ids that were wished for first, without those of papers that an editor took down."""
    unknown = _wishes().exclude(Exists(Paper.objects.filter(key=OuterRef("key"))))
    oldest = unknown.order_by().values("arxiv_id").annotate(first_at=Min("asked_at")).order_by("first_at", "arxiv_id")
    return list(oldest.values_list("arxiv_id", flat=True)[:AT_A_TIME])


def _drop_unknown(arxiv_ids: list[str]) -> None:
    known = known_papers(arxiv_ids)
    unknown = [arxiv_id for arxiv_id in arxiv_ids if arxiv_id not in known]
    dropped, _ = WantedPaper.objects.filter(arxiv_id__in=unknown).delete()
    if dropped:
        logger.info("%s wishes dropped: arXiv has no paper with %s ids", dropped, len(unknown))
