"""Tells a process that sends when to stop, so that it finishes the message in hand and takes no other.

A Celery node that is asked to end tells its own main process only. One octet of memory, shared with all processes that
were forked from it, tells the others.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from mmap import mmap
from types import FrameType
from typing import Any

from celery.signals import worker_shutting_down

_node_is_ending = mmap(-1, 1)


@worker_shutting_down.connect
def note_shutdown(**_: Any) -> None:
    _node_is_ending[0] = 1


@contextmanager
def listening() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether to stop: the node is ending, or this process was sent SIGTERM.

    Whatever the signal would have done, it does; where it would have ended the process, only afterwards.
    """
    received: list[int] = []
    before = signal.getsignal(signal.SIGTERM)

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, note)
    try:
        yield lambda: bool(received or _node_is_ending[0])
    finally:
        signal.signal(signal.SIGTERM, before)
        if received and before == signal.SIG_DFL:
            os.kill(os.getpid(), signal.SIGTERM)
