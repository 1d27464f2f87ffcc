"""What is going out, and what goes out next: of each kind the draft, and the edition that closed last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from newsletter.models import Edition
from newsletter.progress import Progress, progress_of


@dataclass(frozen=True)
class GoingOut:
    """One kind of edition: what editors are at, and what readers get."""

    kind: Edition.Kind
    draft: Edition | None
    progress: Progress | None
    at: datetime

    @property
    def title(self) -> str:
        return f"{self.kind.label} edition"

    @property
    def closes_in(self) -> timedelta | None:
        """How long editors have; negative when it should have closed."""
        return self.draft.closes_at - self.at if self.draft else None

    @property
    def is_overdue(self) -> bool:
        return self.closes_in is not None and self.closes_in < timedelta()


@dataclass(frozen=True)
class Round:
    """What goes out of each kind, the daily one first; of the weekly one only when there is any."""

    kinds: list[GoingOut]

    @property
    def is_moving(self) -> bool:
        """Whether anything is on its way, so that a look in some seconds tells something new."""
        return any(one.progress and one.progress.unsettled for one in self.kinds)


def going_out(at: datetime) -> Round:
    """Return what goes out at `at`: a few queries, however many readers there are."""
    found = [_of_kind(kind, at) for kind in Edition.Kind]
    return Round([one for one in found if one.kind == Edition.Kind.DAILY or one.draft or one.progress])


def _of_kind(kind: Edition.Kind, at: datetime) -> GoingOut:
    editions = Edition.objects.filter(kind=kind).defer("fragments")
    # What closes next, not a draft of days ahead.
    draft = editions.filter(status=Edition.Status.DRAFT).order_by("closes_at").first()
    # One that was cancelled after it had closed too: some readers may have it.
    was_closed = Q(status=Edition.Status.CANCELLED, closing_at__isnull=False)
    under_way = editions.filter(Q(status__in=[Edition.Status.CLOSING, Edition.Status.CLOSED]) | was_closed)
    last = under_way.order_by("-closes_at").first()
    return GoingOut(kind, draft, progress_of(last, at) if last else None, at)
