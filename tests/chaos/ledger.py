"""What our books say, beside what the other side has."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

SETTLED = {"accepted", "failed", "skipped", "unknown"}


class Ledger:
    """Reads the deliveries of a database that may go away at any time."""

    def __init__(self, url: str) -> None:
        self.url = url

    def counts(self) -> Counter[str]:
        """How many deliveries there are in each state; none while the database is away."""
        try:
            return Counter(dict(self._rows("SELECT status, count(*) FROM newsletter_delivery GROUP BY status")))
        except psycopg.OperationalError:
            return Counter()

    def states(self) -> dict[str, str]:
        return dict(self._rows("SELECT id::text, status FROM newsletter_delivery"))

    def audience(self) -> int:
        return int(self._rows("SELECT sum(audience) FROM newsletter_edition")[0][0])

    def paused(self) -> list[str]:
        """The periods of paused editions."""
        return [period for (period,) in self._rows("SELECT period FROM newsletter_edition WHERE paused_at IS NOT NULL")]

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, connect_timeout=5) as connection:
            return connection.execute(query.encode()).fetchall()


@dataclass(frozen=True)
class Result:
    """How an edition went out."""

    readers: int
    accepted: int
    failed: int
    skipped: int
    unknown: int
    unsettled: int
    # In our books accepted, or never settled, but not there.
    lost: int
    # There more than once.
    doubled: int
    # There, though our books say that they did not leave.
    unbooked: int

    @property
    def adds_up(self) -> bool:
        settled = self.accepted + self.failed + self.skipped + self.unknown
        return settled + self.unsettled == self.readers


def compare(ledger: Ledger, received: Mapping[str, int]) -> Result:
    states = ledger.states()
    counts = Counter(states.values())
    not_there = [key for key, state in states.items() if state == "accepted" and key not in received]
    unsettled = [key for key, state in states.items() if state not in SETTLED]
    unbooked = [key for key in received if states.get(key) not in {"accepted", "unknown"}]
    return Result(
        readers=ledger.audience(),
        accepted=counts["accepted"],
        failed=counts["failed"],
        skipped=counts["skipped"],
        unknown=counts["unknown"],
        unsettled=len(unsettled),
        lost=len(not_there) + len(unsettled),
        doubled=sum(count > 1 for count in received.values()),
        unbooked=len(unbooked),
    )
