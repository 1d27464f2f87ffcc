"""Postfix's `smtp-sink`: takes mail as fast as it comes and forgets it, so that it is not what is measured."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

BACKLOG = "2000"


@contextmanager
def sink() -> Iterator[int]:
    """The port of a sink on this machine. Raises SystemExit where it is not installed."""
    program = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/libexec/postfix")
    if program is None:
        raise SystemExit("The bench of delivery needs smtp-sink: `apt-get install postfix`; it need not run.")
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
    # It will not run as root.
    privileges = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *privileges, f"127.0.0.1:{port}", BACKLOG])  # noqa: S603  Postfix's
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("smtp-sink did not start within five seconds.")
