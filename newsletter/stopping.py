"""Tells a process that sends when to stop, so that it finishes the message in hand and takes no other.

A Celery node that is asked to end tells its own main process only. One octet of memory, shared with all processes that
were forked from it, tells the others.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from mmap import mmap
from typing import Any

from celery.signals import worker_shutting_down

_node_is_ending = mmap(-1, 1)


@worker_shutting_down.connect
def note_shutdown(**_: Any) -> None:
    _node_is_ending[0] = 1


@contextmanager
def listening() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether to stop: the node is ending, or this process was sent SIGTERM.

    What the signal does otherwise, it does afterwards: a pool's child would end amid a message. Only a main thread
    hears signals; any other hears of the node.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: bool(_node_is_ending[0])
        return
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        yield lambda: bool(received or _node_is_ending[0])
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
        if received:
            signal.raise_signal(signal.SIGTERM)
