"""The embedded queue: kombu's transport over files, but no process ever sees half a message.

kombu writes a message where others already look for it. A worker that reads it too early, or finds what a process that
died left behind, would end, and the web server of `make run` with it.
"""

import json
import logging
import time
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as kombu itself does
        folder, name = Path(self.data_folder_out), f"{time.monotonic_ns() // 1_000_000}_{uuid4()}"
        draft = folder / f"{name}.draft"
        draft.write_text(json.dumps(payload))
        draft.rename(folder / f"{name}.{queue}.msg")

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        try:
            return super()._get(queue)
        except ValueError as err:
            # The file is gone already; whatever it rang for, the next ring asks the database about it too.
            logger.warning("A message that cannot be read was dropped: %s", err)
            raise Empty from err


class Transport(filesystem.Transport):
    Channel = Channel
