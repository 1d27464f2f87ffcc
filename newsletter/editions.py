"""The life of an edition: drafted while papers gain attention, closed once, delivered to everyone."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet

from newsletter.models import Delivery, Edition, EditionEntry
from newsletter.rendering import compile_fragments
from newsletter.schedule import closing_time, next_local_hour
from newsletter.selection import Candidate, Pick, Taste, choose
from papers.models import Paper, TrendingScore
from papers.scoring import rank_papers
from papers.text import plain
from papers.trending import Score, in_words
from subscribers.models import Subscriber

logger = logging.getLogger(__name__)

# Readers a transaction while closing.
BATCH = 500
# A daily edition ranks by the attention of the day.
WINDOW = TrendingScore.Window.DAY

Ranked = tuple[Paper, Score]


def keep_editions(at: datetime) -> None:
    """Do what is due: draft the latest day's edition, keep drafts up to date, close those whose time has come."""
    for day in days_to_publish(at):
        ensure_edition(day)
    for edition in Edition.objects.filter(status=Edition.Status.DRAFT):
        if edition.closes_at > at:
            refresh_draft(edition.pk)
    due = Q(status=Edition.Status.DRAFT, closes_at__lte=at) | Q(status=Edition.Status.CLOSING)
    for edition in Edition.objects.filter(due).order_by("closes_at"):
        close_edition(edition.pk, at)


def days_to_publish(at: datetime) -> list[date]:
    """Return the latest recent day with papers, and the latest one whose closing time has passed; oldest first.

    The second matters when the service was down at closing time, or is new. Days before the last edition that went
    out are never published: news does not run backwards.
    """
    recent = Paper.objects.visible().filter(
        listed_on__lte=at.date(), listed_on__gte=(at - settings.NEWSLETTER_EDITION_MAX_AGE).date()
    )
    last = Edition.objects.exclude(status=Edition.Status.DRAFT).aggregate(period=Max("period"))["period"]
    if last:
        recent = recent.filter(listed_on__gte=date.fromisoformat(last))
    days = {day for day in recent.values_list("listed_on", flat=True).distinct() if day}
    past = {day for day in days if closing_time(day, settings.NEWSLETTER_CLOSING_HOUR) <= at}
    return sorted({max(found) for found in (days, past) if found})


def ensure_edition(day: date) -> Edition | None:
    """Return the daily edition about `day`, made if there is something new; None if there is not."""
    period = day.isoformat()
    known = Edition.objects.filter(kind=Edition.Kind.DAILY, period=period).first()
    if known or not new_papers(day).exists():
        return known
    edition, _ = Edition.objects.get_or_create(
        kind=Edition.Kind.DAILY,
        period=period,
        defaults={"closes_at": closing_time(day, settings.NEWSLETTER_CLOSING_HOUR)},
    )
    return edition


def new_papers(day: date) -> QuerySet[Paper]:
    """The visible papers listed on `day` that no closed edition had."""
    published = EditionEntry.objects.filter(
        edition__status__in=[Edition.Status.CLOSING, Edition.Status.CLOSED], is_hidden=False
    )
    return Paper.objects.visible().filter(listed_on=day).exclude(pk__in=published.values("paper_id"))


def refresh_draft(edition_id: int) -> None:
    """Bring rank, score and parts of a draft's entries up to date; what an editor said about an entry stays."""
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition_id)
        if edition.is_draft:
            _set_entries(edition, _stored_ranking())


def place_last(entry: EditionEntry) -> None:
    """Fill in what an editor who adds an entry does not say: the score known so far, and a place after all others."""
    last = EditionEntry.objects.filter(edition=entry.edition_id).aggregate(rank=Max("rank"))["rank"] or 0
    known = TrendingScore.objects.filter(paper=entry.paper_id, window=WINDOW).first()
    entry.rank = last + 1
    entry.score, entry.parts = (known.score, known.parts) if known else (0.0, [])
    if not entry.is_curated:
        # An entry that no editor said anything about would leave the draft at the next scores.
        entry.position = entry.rank


def close_edition(edition_id: int, at: datetime) -> None:
    """Freeze a draft and make everyone's delivery. Called again, it resumes where a crash left it, or does nothing."""
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition_id)
        if edition.is_draft:
            _freeze(edition, at)
    if edition.status != Edition.Status.CLOSING:
        return
    while _deliver_to_next_readers(edition):
        pass
    with transaction.atomic():
        Edition.objects.select_for_update().get(pk=edition_id)
        # Nobody confirms between the last batch and this one: who does so later sees a closed edition.
        _deliver_to_next_readers(edition)
        Edition.objects.filter(pk=edition_id, status=Edition.Status.CLOSING).update(
            status=Edition.Status.CLOSED, closed_at=at, audience=edition.deliveries.count()
        )
    logger.info("Edition %s closed for %s readers", edition, edition.deliveries.count())


def current_edition(at: datetime) -> Edition | None:
    """Return the edition that somebody who confirms at `at` gets at once: the last closed one, if it is recent."""
    closed = Edition.objects.closed().filter(closing_at__gt=at - settings.NEWSLETTER_EDITION_MAX_AGE)
    return closed.order_by("-closing_at").first()


def welcome_late_readers(at: datetime) -> int:
    """Give the current edition to readers who confirmed after it began to close; return how many got one."""
    edition = current_edition(at)
    if edition is None:
        return 0
    late = _without_delivery(edition).filter(confirmed_at__gte=edition.closing_at)
    return sum(_welcome(edition, reader, at) for reader in late[:BATCH])


def choose_again(subscriber_id: int, at: datetime) -> None:
    """Choose the picks of a reader's queued deliveries again, after the preferences changed."""
    queued = Delivery.objects.queued().filter(subscriber_id=subscriber_id, edition__status=Edition.Status.CLOSED)
    for delivery in queued.select_related("edition", "subscriber"):
        reader = delivery.subscriber
        if reader is None:
            continue
        picks = _choose_for([reader], candidates(delivery.edition), besides=delivery)[reader.pk]
        due_at = next_local_hour(at, reader.hour, reader.time_zone) if delivery.due_at > at else delivery.due_at
        # Claimed in the meantime: it goes out as it was.
        Delivery.objects.queued().filter(pk=delivery.pk).update(
            picks=[pick.as_json() for pick in picks], due_at=due_at, next_attempt_at=due_at
        )


def candidates(edition: Edition) -> list[Candidate]:
    """Return the papers of an edition as the selection sees them, in the edition's order."""
    return [
        Candidate(
            paper_id=entry.paper_id,
            score=entry.score,
            attention=in_words(entry.parts),
            text=plain(entry.paper.title, entry.paper.summary, *entry.paper.keywords),
            topics={topic.pk: topic.name for topic in entry.paper.topics.all()},
            is_pinned=entry.is_pinned,
        )
        for entry in EditionEntry.objects.filter(edition=edition).going_out()
    ]


def choose_picks(reader: Subscriber, edition: Edition) -> list[Pick]:
    """Return what `reader` would get from `edition` now."""
    return _choose_for([reader], candidates(edition))[reader.pk]


def _stored_ranking() -> list[Ranked]:
    """The last stored scores of the day, best first."""
    scores = TrendingScore.objects.filter(window=WINDOW, paper__is_hidden=False).select_related("paper")
    best = scores.order_by("-score", "paper__key")[: settings.NEWSLETTER_EDITION_SIZE]
    return [(score.paper, Score(score.score, score.parts)) for score in best]


def _set_entries(edition: Edition, ranked: Sequence[Ranked]) -> None:
    """Make the entries follow `ranked`; what an editor said about one stays, and an entry with it stays too."""
    entries = {entry.paper_id: entry for entry in edition.entries.all()}
    new, changed = [], []
    for rank, (paper, score) in enumerate(ranked, start=1):
        entry = entries.pop(paper.pk, None)
        if entry is None:
            new.append(EditionEntry(edition=edition, paper=paper, rank=rank, score=score.value, parts=score.parts))
        elif (entry.rank, entry.score, entry.parts) != (rank, score.value, score.parts):
            entry.rank, entry.score, entry.parts = rank, score.value, score.parts
            changed.append(entry)
    EditionEntry.objects.filter(pk__in=[entry.pk for entry in entries.values() if not entry.is_curated]).delete()
    EditionEntry.objects.bulk_update(changed, ["rank", "score", "parts"])
    EditionEntry.objects.bulk_create(new)


def _freeze(edition: Edition, at: datetime) -> None:
    # As of the closing time, also when it is long past: what was read since then is another day's news.
    ranked = rank_papers(at=min(at, edition.closes_at), window=WINDOW)
    _set_entries(edition, ranked[: settings.NEWSLETTER_EDITION_SIZE])
    entries = list(edition.entries.going_out())
    edition.closing_at = at
    edition.status = Edition.Status.CLOSING if entries else Edition.Status.CANCELLED
    edition.fragments = compile_fragments(edition, entries) if entries else {}
    edition.save(update_fields=["closing_at", "status", "fragments"])
    if not entries:
        logger.warning("Edition %s has no papers to show and is cancelled", edition)


def _without_delivery(edition: Edition) -> QuerySet[Subscriber]:
    return Subscriber.objects.active().exclude(deliveries__edition=edition).prefetch_related("topics").order_by("pk")


def _deliver_to_next_readers(edition: Edition) -> int:
    """Make the deliveries of the next batch of readers; return how many there were."""
    with transaction.atomic():
        readers = list(_without_delivery(edition)[:BATCH])
        chosen = _choose_for(readers, candidates(edition))
        Delivery.objects.bulk_create(
            [_delivery(edition, reader, chosen[reader.pk], _due_at(edition, reader)) for reader in readers],
            ignore_conflicts=True,
        )
    return len(readers)


def _welcome(edition: Edition, reader: Subscriber, at: datetime) -> bool:
    with transaction.atomic():
        Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.deliveries.filter(subscriber=reader).exists():
            return False
        _delivery(edition, reader, choose_picks(reader, edition), at).save(force_insert=True)
        Edition.objects.filter(pk=edition.pk).update(audience=F("audience") + 1)
    return True


def _due_at(edition: Edition, reader: Subscriber) -> datetime:
    if edition.closing_at is None:
        raise ValueError(f"Edition {edition} is not closing.")
    return next_local_hour(edition.closing_at, reader.hour, reader.time_zone)


def _delivery(edition: Edition, reader: Subscriber, picks: Sequence[Pick], due_at: datetime) -> Delivery:
    return Delivery(
        edition=edition,
        subscriber=reader,
        due_at=due_at,
        next_attempt_at=due_at,
        picks=[pick.as_json() for pick in picks],
        status=Delivery.Status.QUEUED if picks else Delivery.Status.SKIPPED,
        skip_reason="" if picks else Delivery.SkipReason.NOTHING_RELEVANT,
    )


def _choose_for(
    readers: Sequence[Subscriber], offered: Sequence[Candidate], besides: Delivery | None = None
) -> dict[int, list[Pick]]:
    seen = _seen(readers, besides)
    return {
        reader.pk: choose(
            offered,
            Taste(
                interests=tuple(reader.interest_phrases),
                muted=tuple(reader.muted_phrases),
                topics=frozenset(topic.pk for topic in reader.topics.all()),
                size=reader.size,
                seen=frozenset(seen[reader.pk]),
            ),
        )
        for reader in readers
    }


def _seen(readers: Iterable[Subscriber], besides: Delivery | None) -> dict[int, set[int]]:
    had = Delivery.objects.not_to_repeat().filter(subscriber__in=[reader.pk for reader in readers])
    if besides is not None:
        had = had.exclude(pk=besides.pk)
    seen: dict[int, set[int]] = defaultdict(set)
    for subscriber_id, picks in had.values_list("subscriber_id", "picks"):
        seen[subscriber_id].update(pick["paper_id"] for pick in picks)
    return seen
