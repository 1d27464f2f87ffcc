"""A time limit for a whole answer. Time-outs of single reads are not enough: a server that sends a byte every few
seconds meets each of them and never ends.
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any


class Line:
    """The connection of an HTTP client that has one at a time; it is cut when the time is up."""

    def __init__(self) -> None:
        self.is_cut = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of a new connection. Given to httpx as the extension `trace`, which is called at every step."""
        stream = info.get("return_value")
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")) and stream is not None:
            with self._lock:
                self._socket = stream.get_extra_info("socket")
                if self.is_cut:
                    self._shut_down()

    @contextmanager
    def within(self, limit: timedelta) -> Iterator[None]:
        """Cut the connection after `limit`; whoever reads from it then gets an error at once."""
        self.is_cut = False
        timer = threading.Timer(limit.total_seconds(), self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        with self._lock:
            self.is_cut = True
            self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is None:
            return
        try:
            # The socket's own method: that of a TLS socket would wait for the other side.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            return  # closed already, which is all that is wanted
