"""What a reader does, over HTTP, against a running server; and how a test starts one."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def environment(**variables: str) -> dict[str, str]:
    """The environment of a process that knows nothing but these variables and where programs are."""
    return {"PATH": f"{BIN}:{os.environ['PATH']}", "LANG": "C.UTF-8"} | variables


@contextmanager
def running(*command: str, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process in a group of its own, and end the whole group after the test."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


def run(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python with `arguments` to its end."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)


def manage(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return run("manage.py", *arguments, env=env)


def wait_for(what: str, look: Callable[[], T | None], *, seconds: float = 120, log: Path) -> T:
    """Return the first thing that `look` finds; fail with the tail of `log` when nothing comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what} did not come within {seconds} s:\n{log.read_text(errors='replace')[-4000:]}")


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def sign_up(site: str, address: str) -> None:
    """Fill in the form of the home page."""
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', httpx.get(f"{site}/").text))
    assert form["stamp"]
    answer = httpx.post(f"{site}/subscribe/", data=form | {"email": address}, follow_redirects=True)
    assert answer.status_code == 200
    assert not answer.cookies


def press_the_button(site: str, mail_text: str, page: str) -> None:
    """Open the link to `page` that stands in a mail, and post the form there."""
    path = urlsplit(link_in(mail_text, page)).path
    assert httpx.get(f"{site}{path}").status_code == 200
    assert httpx.post(f"{site}{path}").status_code == 200


def link_in(mail_text: str, page: str) -> str:
    found = re.search(rf"https?://\S+/{page}/[^\s>]+", mail_text)
    assert found, f"no link to {page} in the mail"
    return found.group()
