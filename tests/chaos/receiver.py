"""What takes mail and goes wrong on demand; it notes what it has taken before it says so."""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from typing import Self


class Fault(Enum):
    """What becomes of one message."""

    NONE = auto()
    LATER = auto()
    BUSY = auto()
    REFUSED = auto()
    ACCOUNT = auto()
    DROPPED_BEFORE = auto()
    DROPPED_AFTER = auto()
    NONSENSE = auto()
    SLOW = auto()


# The answer to the lost ones never comes: nobody can know of them.
Plan = Callable[[int, str], Fault]
LOST_ANSWERS = {Fault.DROPPED_BEFORE, Fault.DROPPED_AFTER, Fault.NONSENSE}


def no_fault(_number: int, _recipient: str) -> Fault:
    return Fault.NONE


class Receiver(ABC):
    """A server on a port of its own, in a thread. `plan` decides by number and recipient what becomes of a message."""

    def __init__(self, log: Path, *, delay: float = 0, plan: Plan = no_fault) -> None:
        self.delay, self.plan = delay, plan
        self.received: Counter[str] = Counter()
        self.contents_with_marker = 0
        self.lost_answers = self.begun = 0
        self._log = log.open("a", buffering=1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.start_server(self._converse, "127.0.0.1", 0, limit=10_000_000, backlog=100)
        self._server = asyncio.run_coroutine_threadsafe(started, self._loop).result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._log.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def next_fault(self, recipient: str) -> Fault:
        self.begun += 1
        fault = self.plan(self.begun, recipient)
        self.lost_answers += fault in LOST_ANSWERS
        return fault

    def take(self, reference: str) -> None:
        self._log.write(f"{reference}\n")
        self.received[reference] += 1

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self.answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side was killed, or this one ends
        finally:
            writer.close()

    @abstractmethod
    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one connection until it ends."""
