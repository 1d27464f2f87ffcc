import socket
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import stamina
from pytest_httpserver import HTTPServer

from papers.sources import SOURCES
from papers.sources.huggingface import HuggingFace, day_period
from tests.factories import TODAY


@pytest.fixture
def _one_attempt() -> Iterator[None]:
    """A source that fails is not asked again, so that failing takes no time."""
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture
def _three_attempts() -> Iterator[None]:
    """A source that fails is asked again at once."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause that arXiv asks for has a test of its own."""
    monkeypatch.setattr("papers.sources.arxiv.PAUSE", timedelta())


@pytest.fixture
def unused_tcp_url() -> str:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/"


@pytest.fixture
def read_from(monkeypatch: pytest.MonkeyPatch, _one_attempt: None) -> Callable[[str], None]:
    """Give the live listing another address, and one day to read."""

    def change(url: str) -> None:
        monkeypatch.setitem(SOURCES, "huggingface", lambda: HuggingFace(day_period(TODAY), url=url))

    return change


@pytest.fixture
def listing(httpserver: HTTPServer, read_from: Callable[[str], None]) -> HTTPServer:
    """A local server in the place of the live listing, at /daily_papers."""
    read_from(httpserver.url_for("/daily_papers"))
    return httpserver
