"""What a process that sends does when it is told to end: real processes, real signals."""

import os
import signal
import subprocess
import sys

from tests.journey import ROOT, environment

CHILD = """
import signal, sys, time
from newsletter.stopping import listening
def ends(*_):
    sys.exit(7)
signal.signal(signal.SIGTERM, {before})
with listening() as is_stopping:
    print("ready", flush=True)
    while not is_stopping():
        time.sleep(0.01)
    print("finished", flush=True)
print("went on", flush=True)
"""


def told_to_end(before: str) -> tuple[str, int]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(before=before)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    os.kill(child.pid, signal.SIGTERM)
    output, _ = child.communicate(timeout=20)
    return output, child.returncode


def test_a_process_that_a_signal_ends_finishes_what_it_has_in_hand_first() -> None:
    assert told_to_end("signal.SIG_DFL") == ("finished\n", -signal.SIGTERM)


def test_a_process_that_ends_in_its_own_way_does_so_afterwards() -> None:
    assert told_to_end("ends") == ("finished\n", 7)
