"""A web server of our own on one core, asked from the other; raw, so that the one who asks is not what is measured."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def server(settings: str, *, workers: int = 1, threads: int = 4) -> Iterator[tuple[str, int]]:
    """A server with these settings; one worker has a core of its own where the system lets a process choose."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        address: tuple[str, int] = chosen.getsockname()
    command = ["-m", "gunicorn", "config.wsgi", f"--workers={workers}", f"--threads={threads}", "--no-control-socket"]
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    is_apart = workers == 1 and len(cores) > 1
    if is_apart:
        os.sched_setaffinity(0, cores[:1])  # which the server inherits
    command += ["--bind={}:{}".format(*address), "--log-level=error", f"--env=DJANGO_SETTINGS_MODULE={settings}"]
    server = subprocess.Popen([sys.executable, *command])  # noqa: S603  our own
    if is_apart:
        os.sched_setaffinity(0, cores[1:])
    try:
        _wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)
        if is_apart:
            os.sched_setaffinity(0, cores)


def _wait_for(address: tuple[str, int]) -> None:
    for _ in range(300):
        try:
            socket.create_connection(address, timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The server did not start within 30 seconds.")


def get(address: tuple[str, int], path: str) -> bytes:
    """Return the body at `path`, which must be there."""
    with socket.create_connection(address, timeout=30) as line:
        return get_on(line, path)


def get_on(line: socket.socket, path: str) -> bytes:
    """The same on a connection that is open, and stays so."""
    status, body = exchange(line, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    if status != 200:
        raise SystemExit(f"The server answered {status}.")
    return body


def exchange(line: socket.socket, request: bytes) -> tuple[int, bytes]:
    """Return status and body of the answer to `request`."""
    line.sendall(request)
    answer = bytearray()
    while b"\r\n\r\n" not in answer:
        answer += _more(line)
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    while len(body) < length:
        body += _more(line)
    return int(head.split()[1]), body


def _more(line: socket.socket) -> bytes:
    received = line.recv(1 << 18)
    if not received:
        raise SystemExit("The server closed the connection.")
    return received
