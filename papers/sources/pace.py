"""Turns at a service that wants to be asked slowly: one request at a time, and a pause after each, for all processes.

The database is where the processes meet, and its clock is the only one that counts.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

from django.db.models.functions import Now

from papers.models import Pace
from papers.sources.base import SourceError

# A process that dies while it asks keeps its turn for so long. Longer than any answer may take.
LEASE = timedelta(seconds=45)
# A turn may end before its lease, so who waits looks now and then.
LOOK_AGAIN = 0.25
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def take_turns(
    service: str, pause: timedelta, lease: timedelta = LEASE
) -> Callable[[float], AbstractContextManager[None]]:
    """Return what gives turns at `service`: called with how many seconds to wait at most, a context manager.

    Raises SourceError when no turn came in that time. Not for use inside a transaction: others would not see the turn.
    """

    @contextmanager
    def turn(patience: float) -> Iterator[None]:
        leased_until = _wait(service, lease, patience)
        try:
            yield
        finally:
            _release(service, leased_until, pause)

    return turn


def _wait(service: str, lease: timedelta, patience: float) -> datetime:
    """Return until when the turn is ours, as soon as it is."""
    Pace.objects.get_or_create(service=service, defaults={"free_at": LONG_AGO})
    gives_up_at = time.monotonic() + patience
    while True:
        free_at, now = _look(service)
        # Whoever changes the row first has the turn; the others see that it is no longer what they saw.
        if free_at <= now and Pace.objects.filter(service=service, free_at=free_at).update(free_at=now + lease):
            return now + lease
        left = gives_up_at - time.monotonic()
        if left <= 0:
            raise SourceError(f"{service} is being asked by other processes; no turn came in time.", permanent=False)
        wait = max((free_at - now).total_seconds(), 0.0) + random.uniform(0.0, 0.05)  # noqa: S311  spreads, not hides
        time.sleep(min(wait, LOOK_AGAIN, left))


def _release(service: str, leased_until: datetime, pause: timedelta) -> None:
    _, now = _look(service)
    # A turn that outlived its lease is somebody else's by now.
    Pace.objects.filter(service=service, free_at=leased_until).update(free_at=now + pause)


def _look(service: str) -> tuple[datetime, datetime]:
    """Return when the service is free, and what time it is."""
    return Pace.objects.annotate(now=Now()).values_list("free_at", "now").get(service=service)
