"""A real Celery node that sends, and the bell that it is rung with."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from celery import Celery

from newsletter.models import Delivery, Edition

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/14")
# As beat does; each of the processes, so that no time passes until the last has work.
RING_EVERY = 5
Status = Delivery.Status
LEAVING = [Status.QUEUED, Status.CLAIMED, Status.HANDED_OVER]


@dataclass(frozen=True)
class Node:
    """A running node with so many sending processes."""

    main: subprocess.Popen[bytes]
    processes: int

    def send(self, edition: Edition, *, patience: float = 600) -> None:
        """Let the node send all that waits. Raises SystemExit when it ends, or takes longer than `patience` seconds."""
        rung_at = float("-inf")
        started = time.monotonic()
        while edition.deliveries.filter(status__in=LEAVING).exists():
            now = time.monotonic()
            if now - started > patience or self.main.poll() is not None:
                raise SystemExit("The node did not send everything.")
            if now - rung_at >= RING_EVERY:
                rung_at = now
                self._ring()
            time.sleep(0.2)

    def _ring(self) -> None:
        with Celery(broker=REDIS) as bell:
            for _ in range(self.processes):
                bell.send_task("newsletter.tasks.send_due_task", queue="send", expires=RING_EVERY)

    def megabytes(self) -> float:
        """Return what the largest of the sending processes holds in memory now."""
        listed = subprocess.run(["ps", "-A", "-o", "ppid=,rss="], capture_output=True, text=True, check=True)  # noqa: S607
        processes = (line.split() for line in listed.stdout.splitlines())
        return max(int(rss) for parent, rss in processes if int(parent) == self.main.pid) / 1e3


@contextmanager
def node(*, processes: int, window: int, port: int) -> Iterator[Node]:
    """A node that hands over to the SMTP server at `port`, on the database and with the keys of this process."""
    variables = {
        "REDIS_URL": REDIS,
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "NEWSLETTER_WINDOW": str(window),
    }
    command = [
        "-W",
        "ignore",
        "-m",
        "celery",
        "--app",
        "config",
        "worker",
        "--queues",
        "send",
        "--concurrency",
        str(processes),
    ]
    command += ["--without-gossip", "--without-mingle", "--loglevel", "error"]
    # Its greeting is no figure.
    process = subprocess.Popen([sys.executable, *command], env=os.environ | variables, stdout=subprocess.DEVNULL)  # noqa: S603  our own
    try:
        yield Node(process, processes)
    finally:
        process.terminate()
        process.wait(timeout=60)
