"""When a source that fails is asked again. Pure: what came of the last runs in, a moment out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

# So many failures in a row may be chance; after them the source is left alone for a while.
TOLERATED = 2
FIRST_PAUSE = timedelta(hours=2)
LONGEST_PAUSE = timedelta(hours=6)
# A reading that was due asks for a minute at most. If it has not ended by now, the process that began it is dead.
DEAD_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Outcome:
    """How a run ended: when it was due, whether it failed and why, and until when the source wants to be left alone."""

    due_at: datetime
    has_failed: bool
    why: str = ""
    resume_at: datetime | None = None


@dataclass(frozen=True)
class Rest:
    """Why a source is not asked, and until when."""

    why: str
    resume_at: datetime


def rest_after(outcomes: Sequence[Outcome], at: datetime) -> Rest | None:
    """Return whether the source rests at `at`, after `outcomes`, the latest first; None when it may be asked.

    From the third failure in a row it rests for two hours after the last, then for four, then for six each time. A
    moment that the source itself named counts from the first failure on. Whatever it answers well ends the row.
    """
    failures = list(takewhile(lambda outcome: outcome.has_failed, outcomes))
    if not failures:
        return None
    last, count = failures[0], len(failures)
    doublings = count - TOLERATED - 1
    pause = min(FIRST_PAUSE * 2 ** min(doublings, 10), LONGEST_PAUSE) if doublings >= 0 else timedelta()
    resume_at = max(last.due_at + pause, last.resume_at or last.due_at)
    if resume_at <= at:
        return None
    times = "1 failure" if count == 1 else f"{count} failures in a row, the last"
    return Rest(f"not asked: {times}: {last.why}", resume_at)
