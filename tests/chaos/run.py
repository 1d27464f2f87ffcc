"""Runs a row: an edition goes out while things break, and the books are compared with what arrived."""

import re
import time
from dataclasses import dataclass

from tests.chaos.esp import Esp
from tests.chaos.ledger import Ledger, Result, compare
from tests.chaos.nodes import Nodes
from tests.chaos.outbox import Outbox
from tests.chaos.receiver import Receiver
from tests.chaos.rows import Row
from tests.chaos.servers import Redis
from tests.chaos.world import WINDOW, Ground, World

BEGUN = 0.05
PATIENCE = 150


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    name: str
    result: Result
    allowed_unknown: int
    seconds: float
    has_marker: bool

    @property
    def trouble(self) -> str:
        """What is wrong with it; empty when nothing is."""
        result = self.result
        found = {
            f"{result.lost} lost ({result.unsettled} of them unsettled)": result.lost,
            f"{result.doubled} doubled": result.doubled,
            f"{result.unbooked} arrived that the books say did not leave": result.unbooked,
            f"{result.unknown} unknown, {self.allowed_unknown} allowed": result.unknown > self.allowed_unknown,
            "the audience does not add up": not result.adds_up,
            "what left is not what was closed": self.has_marker,
        }
        return "; ".join(text for text, is_so in found.items() if is_so)

    def __str__(self) -> str:
        result = self.result
        numbers = [result.readers, result.accepted, result.failed, result.skipped, result.lost, result.doubled]
        numbers += [result.unknown, self.allowed_unknown]
        figures = " ".join(f"{number:>8}" for number in numbers)
        return f"{self.name:<32} {figures} {self.seconds:>7.1f}  {self.trouble or 'ok'}"


HEADER = f"{'':<32} " + " ".join(
    f"{name:>8}" for name in ("readers", "accepted", "failed", "skipped", "lost", "doubled", "unknown", "allowed")
)
HEADER += f" {'seconds':>7}"


def run(row: Row, ground: Ground) -> Line:
    """Return how the edition went out while `row` happened."""
    name = re.sub(r"\W+", "_", row.name.lower())
    folder = ground.folder / name
    folder.mkdir()
    ledger = Ledger(ground.copy(name))
    redis = Redis(folder)
    try:
        with row.kind(folder / "received", delay=row.delay, plan=row.plan) as receiver:
            env = ground.env | {"DATABASE_URL": ledger.url, "REDIS_URL": redis.url} | _addressed(receiver)
            started = time.monotonic()
            nodes = Nodes(env, folder / "log")
            try:
                cut_off = _break(row, World(ground.postgres, redis, nodes, receiver, ledger))
            finally:
                nodes.stop()
            seconds = time.monotonic() - started
            allowed = WINDOW * cut_off + receiver.lost_answers
            result = compare(ledger, receiver.received)
            return Line(row.name, result, allowed, seconds, receiver.contents_with_marker > 0)
    finally:
        redis.kill()


def _break(row: Row, world: World) -> int:
    """Let the edition go out while `row` happens; return how many sending processes that cost."""
    world.wait_for_share(BEGUN if row.delay else 0)
    cut_off = row.act(world)
    world.wait_for_the_end(patience=PATIENCE)
    return cut_off


def _addressed(receiver: Receiver | Outbox) -> dict[str, str]:
    """The variables that make a process hand its mail to `receiver`."""
    if isinstance(receiver, Outbox):
        return {"VAR_DIR": str(receiver.var)}
    if isinstance(receiver, Esp):
        url = f"http://127.0.0.1:{receiver.port}/"
        return {"ANYMAIL_PROVIDER": "postmark", "ANYMAIL_POSTMARK_SERVER_TOKEN": "x", "ANYMAIL_POSTMARK_API_URL": url}
    return {"EMAIL_URL": f"smtp://127.0.0.1:{receiver.port}"}
