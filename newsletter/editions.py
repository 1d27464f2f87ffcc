"""The life of an edition: drafted while papers gain attention, then closed, once."""

import logging
from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from newsletter.audience import deliver_to_next_readers
from newsletter.models import Edition, EditionEntry
from newsletter.rendering import compile_fragments
from newsletter.schedule import closing_time
from papers.models import Paper, TrendingScore
from papers.scoring import rank_papers
from papers.trending import Score

logger = logging.getLogger(__name__)

# A daily edition ranks by the attention of the day.
WINDOW = TrendingScore.Window.DAY

Ranked = tuple[Paper, Score]


def keep_editions(at: datetime) -> None:
    """Do what is due: draft the latest day's edition, keep drafts up to date, close those whose time has come."""
    for day in days_to_publish(at):
        ensure_edition(day)
    _cancel_stale_drafts(at)
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
            _set_entries(edition, _stored_ranking(edition.day))


def place_last(entry: EditionEntry) -> None:
    """Fill in what an editor who adds an entry does not say: the score known so far, and a place after all others."""
    last = EditionEntry.objects.filter(edition=entry.edition_id).aggregate(rank=Max("rank"))["rank"] or 0
    known = TrendingScore.objects.filter(paper=entry.paper_id, window=WINDOW).order_by("-day").first()
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
    while deliver_to_next_readers(edition, at):
        pass
    with transaction.atomic():
        Edition.objects.select_for_update().get(pk=edition_id)
        # Nobody confirms between the last batch and this one: who does so later sees a closed edition.
        deliver_to_next_readers(edition, at)
        Edition.objects.filter(pk=edition_id, status=Edition.Status.CLOSING).update(
            status=Edition.Status.CLOSED, closed_at=at, audience=edition.deliveries.count()
        )
    logger.info("Edition %s closed for %s readers", edition, edition.deliveries.count())


def _cancel_stale_drafts(at: datetime) -> None:
    """Cancel drafts that were overtaken while the service was down: too old, or older than one that is due or out."""
    due = Q(status=Edition.Status.DRAFT, closes_at__lte=at)
    out = Q(status__in=[Edition.Status.CLOSING, Edition.Status.CLOSED])
    newest = Edition.objects.filter(due | out).aggregate(period=Max("period"))["period"]
    if newest is None:
        return
    overtaken = Q(period__lt=newest) | Q(closes_at__lt=at - settings.NEWSLETTER_EDITION_MAX_AGE)
    for edition in Edition.objects.filter(overtaken, status=Edition.Status.DRAFT):
        if Edition.objects.filter(pk=edition.pk, status=Edition.Status.DRAFT).update(status=Edition.Status.CANCELLED):
            logger.warning("Edition %s was overtaken and is cancelled", edition)


def _stored_ranking(day: date) -> list[Ranked]:
    """The last stored scores of the day, best first, without papers listed after `day`."""
    scored_on = TrendingScore.objects.latest_day(WINDOW)
    if scored_on is None:
        return []
    scores = TrendingScore.objects.ranked(WINDOW, scored_on).filter(paper__listed_on__lte=day)
    best = scores[: settings.NEWSLETTER_EDITION_SIZE]
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
    ranked = rank_papers(at=at, window=WINDOW)
    # Closed late, it is still about its day: what was listed since then is the next edition's news.
    ranked = [(paper, score) for paper, score in ranked if paper.listed_on and paper.listed_on <= edition.day]
    _set_entries(edition, ranked[: settings.NEWSLETTER_EDITION_SIZE])
    entries = list(edition.entries.going_out())
    edition.closing_at = at
    edition.status = Edition.Status.CLOSING if entries else Edition.Status.CANCELLED
    edition.fragments = compile_fragments(edition, entries) if entries else {}
    edition.save(update_fields=["closing_at", "status", "fragments"])
    if not entries:
        logger.warning("Edition %s has no papers to show and is cancelled", edition)
