"""The life of an edition: drafted while papers gain attention, then closed, once."""

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from newsletter.arranging import arrange
from newsletter.audience import deliver_to_readers
from newsletter.choosing import make_offer
from newsletter.models import Edition, EditionEntry
from newsletter.periods import Period
from newsletter.preflight import Report, preflight
from newsletter.rendering import compile_fragments
from newsletter.schedule import closing_time
from papers.modelling import ensure_text_model_holds
from papers.models import Paper, TrendingScore
from papers.scoring import rank_papers
from papers.trending import Score

logger = logging.getLogger(__name__)

# What has gone out, or is about to.
OUT = [Edition.Status.CLOSING, Edition.Status.CLOSED]
# The attention that each kind ranks by.
WINDOWS: dict[str, str] = {
    Edition.Kind.DAILY: TrendingScore.Window.DAY,
    Edition.Kind.WEEKLY: TrendingScore.Window.WEEK,
}

# A text model that is not made by then is not waited for: there may not be time enough in a task.
MODEL_WITHIN = timedelta(minutes=4)

Ranked = tuple[Paper, Score]


class NotReady(Exception):
    """A draft is not closed by hand as it is; `report` says why."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{len(report.blocking)} findings")
        self.report = report


def keep_editions(at: datetime) -> None:
    """Do what is due: draft the latest editions, keep drafts up to date, close those whose time has come."""
    for day in days_to_publish(at):
        ensure_edition(day)
    _keep_drafts(Edition.Kind.DAILY, at)
    # After the daily ones, whose closing is what makes a week worth an edition.
    for week in weeks_to_publish(at):
        ensure_weekly_edition(week)
    _keep_drafts(Edition.Kind.WEEKLY, at)


def _keep_drafts(kind: Edition.Kind, at: datetime) -> None:
    editions = Edition.objects.filter(kind=kind)
    _cancel_stale_drafts(kind, at)
    for edition in editions.filter(status=Edition.Status.DRAFT):
        if edition.closes_at > at:
            refresh_draft(edition.pk)
    due = Q(status=Edition.Status.DRAFT, closes_at__lte=at) | Q(status=Edition.Status.CLOSING)
    for edition in editions.filter(due).order_by("closes_at"):
        close_edition(edition.pk, at)


def days_to_publish(at: datetime) -> list[date]:
    """Return the latest recent day with papers, and the latest one whose closing time has passed; oldest first.

    The second matters when the service was down at closing time, or is new. Days before the last edition that went
    out are never published: news does not run backwards.
    """
    recent = Paper.objects.visible().filter(
        listed_on__lte=at.date(), listed_on__gte=(at - Edition.Kind.DAILY.max_age).date()
    )
    if last := _last_that_was_out(Edition.Kind.DAILY):
        recent = recent.filter(listed_on__gte=last.first)
    days = recent.values_list("listed_on", flat=True).distinct()
    return [period.first for period in _latest({Period.of_day(day) for day in days if day}, at)]


def weeks_to_publish(at: datetime) -> list[Period]:
    """Return the latest recent week that had a daily edition, and the latest one whose closing time has passed."""
    oldest = Period.of_week((at - Edition.Kind.WEEKLY.max_age).date())
    last = _last_that_was_out(Edition.Kind.WEEKLY)
    since = max(oldest.first, last.first) if last else oldest.first
    published = Edition.objects.filter(kind=Edition.Kind.DAILY, status__in=OUT, period__gte=since.isoformat())
    return _latest({Period.of_week(edition.about.first) for edition in published.defer("fragments")}, at)


def _last_that_was_out(kind: Edition.Kind) -> Period | None:
    known = Edition.objects.filter(kind=kind).exclude(status=Edition.Status.DRAFT)
    last = known.aggregate(period=Max("period"))["period"]
    return Period.parse(last) if last else None


def _latest(periods: set[Period], at: datetime) -> list[Period]:
    """The latest of `periods`, and the latest of those whose closing time has passed; oldest first."""
    past = {period for period in periods if _closing_time(period) <= at}
    return sorted({max(found) for found in (periods, past) if found})


def _closing_time(period: Period) -> datetime:
    return closing_time(period.last, settings.NEWSLETTER_CLOSING_HOUR)


def ensure_edition(day: date) -> Edition | None:
    """Return the daily edition about `day`, made if there is something new; None if there is not."""
    return _ensure(Edition.Kind.DAILY, Period.of_day(day), is_news=new_papers(day).exists)


def ensure_weekly_edition(week: Period) -> Edition | None:
    """Return the edition about `week`, made if a daily one of that week went out; None if there is none."""
    published = Edition.objects.filter(kind=Edition.Kind.DAILY, status__in=OUT)
    within = published.filter(period__range=(week.first.isoformat(), week.last.isoformat()))
    return _ensure(Edition.Kind.WEEKLY, week, is_news=within.exists)


def _ensure(kind: Edition.Kind, about: Period, is_news: Callable[[], bool]) -> Edition | None:
    period = str(about)
    known = Edition.objects.filter(kind=kind, period=period).first()
    if known or not is_news():
        return known
    edition, _ = Edition.objects.get_or_create(kind=kind, period=period, defaults={"closes_at": _closing_time(about)})
    return edition


def new_papers(day: date) -> QuerySet[Paper]:
    """The visible papers listed on `day` that no closed daily edition had."""
    published = EditionEntry.objects.filter(edition__kind=Edition.Kind.DAILY, edition__status__in=OUT, is_hidden=False)
    return Paper.objects.visible().filter(listed_on=day).exclude(pk__in=published.values("paper_id"))


def refresh_draft(edition_id: int) -> None:
    """Bring rank, score and parts of a draft's entries up to date; what an editor said about an entry stays."""
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition_id)
        if edition.is_draft:
            _set_entries(edition, _stored_ranking(edition))


def place_last(entry: EditionEntry) -> None:
    """Fill in what an editor who adds an entry does not say: the score known so far, and a place after all others."""
    last = EditionEntry.objects.filter(edition=entry.edition_id).aggregate(rank=Max("rank"))["rank"] or 0
    window = WINDOWS[entry.edition.kind]
    known = TrendingScore.objects.filter(paper=entry.paper_id, window=window).order_by("-day").first()
    entry.rank = last + 1
    entry.score, entry.parts = (known.score, known.parts) if known else (0.0, [])
    if not entry.is_curated:
        # An entry that no editor said anything about would leave the draft at the next scores.
        entry.position = entry.rank


def freeze_by_hand(edition_id: int, at: datetime) -> bool:
    """Freeze a draft before its time; return whether this call did it. `close_edition` does the rest.

    Raises NotReady, with nothing changed, when what would go out has a fault that is certain to do harm. At its closing
    time an edition is not held up: nobody may be there, and none at all is worse.
    """
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition_id)
        if not edition.is_draft:
            return False
        _freeze(edition, at)
        report = preflight(edition)
        if report.blocking:
            raise NotReady(report)
    return True


def close_edition(edition_id: int, at: datetime) -> None:
    """Freeze a draft and make everyone's delivery. Called again, it resumes where a crash left it, or does nothing."""
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition_id)
        if edition.is_draft:
            _freeze(edition, at)
            if edition.status == Edition.Status.CANCELLED:
                logger.warning("Edition %s has no papers to show and is cancelled", edition)
    if edition.status != Edition.Status.CLOSING:
        return
    if edition.closing_at and at - edition.closing_at < MODEL_WITHIN:
        ensure_text_model_holds(edition.entries.values_list("paper_id", flat=True), at)
    offer = make_offer(edition)
    deliver_to_readers(edition, offer, at)
    with transaction.atomic():
        Edition.objects.select_for_update().get(pk=edition_id)
        # Nobody confirms between the last batch and this one: who does so later sees a closed edition.
        deliver_to_readers(edition, offer, at)
        Edition.objects.filter(pk=edition_id, status=Edition.Status.CLOSING).update(
            status=Edition.Status.CLOSED, closed_at=at, audience=edition.deliveries.count()
        )
    logger.info("Edition %s closed for %s readers", edition, edition.deliveries.count())


def _cancel_stale_drafts(kind: Edition.Kind, at: datetime) -> None:
    """Cancel drafts that were overtaken while the service was down: too old, or older than one that is due or out."""
    editions = Edition.objects.filter(kind=kind)
    due = Q(status=Edition.Status.DRAFT, closes_at__lte=at)
    newest = editions.filter(due | Q(status__in=OUT)).aggregate(period=Max("period"))["period"]
    if newest is None:
        return
    overtaken = Q(period__lt=newest) | Q(closes_at__lt=at - kind.max_age)
    for edition in editions.filter(overtaken, status=Edition.Status.DRAFT):
        if Edition.objects.filter(pk=edition.pk, status=Edition.Status.DRAFT).update(status=Edition.Status.CANCELLED):
            logger.warning("Edition %s was overtaken and is cancelled", edition)


def _stored_ranking(edition: Edition) -> list[Ranked]:
    """The last stored scores of its window, best first, without papers listed after what it is about."""
    window = WINDOWS[edition.kind]
    scored_on = TrendingScore.objects.latest_day(window)
    if scored_on is None:
        return []
    scores = TrendingScore.objects.ranked(window, scored_on).filter(paper__listed_on__lte=edition.about.last)
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
    set_places(edition)


def set_places(edition: Edition) -> None:
    """Store where each entry stands: whoever changes ranks, pins or positions calls this, holding the edition.

    A paper that is hidden everywhere is left out at once, by `going_out`; its place is set when drafts are next kept.
    """
    moved = []
    for place, entry in enumerate(arrange(edition.entries.select_related("paper")), start=1):
        if entry.place != place:
            entry.place = place
            moved.append(entry)
    EditionEntry.objects.bulk_update(moved, ["place"])


def _freeze(edition: Edition, at: datetime) -> None:
    ranked = rank_papers(at=at, window=WINDOWS[edition.kind])
    # Closed late, it is still about its day or week: what was listed since then is the next edition's news.
    ranked = [(paper, score) for paper, score in ranked if paper.listed_on and paper.listed_on <= edition.about.last]
    _set_entries(edition, ranked[: settings.NEWSLETTER_EDITION_SIZE])
    entries = list(edition.entries.going_out())
    edition.closing_at = at
    edition.status = Edition.Status.CLOSING if entries else Edition.Status.CANCELLED
    edition.fragments = compile_fragments(edition, entries) if entries else {}
    edition.save(update_fields=["closing_at", "status", "fragments"])
