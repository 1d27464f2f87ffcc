"""Everything that a row needs, made anew for each: a copy of the database, a receiver, nodes."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import journey
from tests.chaos.ledger import SETTLED, Ledger
from tests.chaos.nodes import Nodes
from tests.chaos.outbox import Outbox
from tests.chaos.receiver import Receiver
from tests.chaos.servers import Postgres, Redis

WINDOW = 20
TEMPLATE = "seeded"


@dataclass
class World:
    """What a row breaks."""

    postgres: Postgres
    redis: Redis
    nodes: Nodes
    receiver: Receiver | Outbox
    ledger: Ledger

    def wait_for_share(self, share: float, *, patience: float = 60) -> None:
        """Wait until that much of the edition has left. Raises TimeoutError when it does not."""
        deadline = time.monotonic() + patience
        audience = self.ledger.audience()
        while self.ledger.counts()["accepted"] < share * audience:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not even {share:.0%} left")
            time.sleep(0.05)

    def is_leaving(self) -> bool:
        """Whether anything of the edition has not come to an end; also while nobody can tell."""
        counts = self.ledger.counts()
        return not counts or any(state not in SETTLED for state in counts)

    def wait_for_the_end(self, *, patience: float) -> None:
        deadline = time.monotonic() + patience
        while self.is_leaving() and time.monotonic() < deadline:
            time.sleep(0.2)


@dataclass(frozen=True)
class Ground:
    """What all rows share: the cluster with the database that is copied, and the processes' environment."""

    folder: Path
    postgres: Postgres
    env: dict[str, str]

    def copy(self, name: str) -> str:
        return self.postgres.copy(TEMPLATE, name)


@contextmanager
def ground(readers: int) -> Iterator[Ground]:
    """Give a cluster in which an edition waits to go to so many readers."""
    with tempfile.TemporaryDirectory(prefix="paper-route-chaos-") as name:
        folder = Path(name)
        # PostgreSQL's own user has to find its directory.
        folder.chmod(0o755)
        postgres = Postgres(folder)
        try:
            postgres.copy("template1", TEMPLATE)
            env = journey.environment(
                VAR_DIR=str(folder / "var"),
                DATABASE_URL=postgres.url(TEMPLATE),
                DJANGO_SETTINGS_MODULE="tests.chaos.settings",
                NEWSLETTER_WINDOW=str(WINDOW),
                PYTHONWARNINGS="ignore",
            )
            journey.manage("migrate", env=env)
            journey.run("-m", "tests.chaos.seed", str(readers), env=env)
            yield Ground(folder, postgres, env)
        finally:
            postgres.stop("immediate")
