"""The processes that send: Celery nodes and the beats that ring for them."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests import journey

SENDING_PROCESSES = 3


class Nodes:
    """A node that sends, one that sweeps, and a beat; all of them can be killed and started again."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        self.env, self._output = env, log.open("ab")
        self._running: list[subprocess.Popen[bytes]] = []
        self._beats = 0
        self.start_sender()
        self._celery("worker", "--queues", "editions", "--concurrency", "1")
        self.beat = self.start_beat()

    def start_sender(self) -> None:
        self.sender = self._celery("worker", "--queues", "send", "--concurrency", str(SENDING_PROCESSES))

    def start_beat(self) -> subprocess.Popen[bytes]:
        self._beats += 1
        return self._celery("beat", "--schedule", f"{self.env['VAR_DIR']}/beat-{self._beats}")

    def sending_processes(self) -> list[int]:
        """The processes that the node has forked."""
        children = Path(f"/proc/{self.sender.pid}/task/{self.sender.pid}/children")
        try:
            return [int(pid) for pid in children.read_text().split()]
        except OSError:
            return []

    def kill_sending_process(self, place: int) -> bool:
        """Kill one of them; return whether there was one."""
        pids = self.sending_processes()
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[place % len(pids)], signal.SIGKILL)
        return bool(pids)

    def kill_sender(self) -> None:
        os.killpg(self.sender.pid, signal.SIGKILL)
        self.sender.wait()

    def end_sender(self) -> None:
        """Ask the node to end, as a deployment does, and wait until it has."""
        self.sender.terminate()
        self.sender.wait(60)

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, cwd=journey.ROOT, env=self.env, stdout=self._output, stderr=self._output, start_new_session=True
        )
        self._running.append(process)
        return process

    def python(self, *arguments: str) -> subprocess.Popen[bytes]:
        return self.run(sys.executable, *arguments)

    def stop(self) -> None:
        """Kill what still runs: there is nothing left to do."""
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._output.close()

    def _celery(self, *arguments: str) -> subprocess.Popen[bytes]:
        return self.run("celery", "--app", "config", *arguments)
