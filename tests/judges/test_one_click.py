"""Leaving with one click (RFC 8058), as a mail provider asks for it, at a server that runs as in production."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests import journey
from tests.letters import read_mail

pytestmark = pytest.mark.judge

SITE = "https://papers.example.org"
SETTINGS = {
    "SECRET_KEY": "secret-of-production-0123456789-abcdefghijklmnopqrstuvwxyz",
    "LINK_KEYS": "link-key",
    "SUPPRESSION_KEY": "suppression-key",
    "SITE_URL": SITE,
    "POSTAL_ADDRESS": "1 Printer's Lane, Papertown",
    "NEWSLETTER_FROM": "Paper Route <digest@papers.example.org>",
    "PAPERS_SOURCES": "sample",
}
PRODUCTION = {"PRODUCTION": "1", "EMAIL_URL": "smtp://127.0.0.1:9"}
# The server is reached through a proxy that ends TLS, on another machine: the word of one on this machine is taken by
# gunicorn itself, whatever the settings say.
THROUGH_PROXY = {"Host": "papers.example.org", "X-Forwarded-Proto": "https"}


@dataclass(frozen=True)
class Server:
    """A server at `address`, its database, and the links to leave by the addresses of those who got a digest."""

    address: str
    database: Path
    links: dict[str, str]

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        return httpx.request(method, f"{self.address}{path}", headers=THROUGH_PROXY, **more)  # type: ignore[arg-type]

    def rows(self) -> str:
        with closing(sqlite3.connect(self.database)) as connection:
            return "\n".join(connection.iterdump())

    def left(self) -> set[str]:
        question = "SELECT email FROM subscribers_subscriber WHERE status = 'unsubscribed'"
        with closing(sqlite3.connect(self.database)) as connection:
            return {email for (email,) in connection.execute(question)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("one-click")
    env = journey.environment(VAR_DIR=str(folder), **SETTINGS)
    journey.manage("migrate", env=env)
    journey.manage("demo", env=env)
    env |= PRODUCTION
    journey.manage("collectstatic", "--no-input", env=env)
    port, log = journey.free_port(), folder / "log"
    command = f"gunicorn config.wsgi --bind 127.0.0.1:{port} --threads 4 --no-control-socket".split()
    with journey.running(*command, "--forwarded-allow-ips", "", env=env, log=log):
        running = Server(f"http://127.0.0.1:{port}", folder / "paper_route.sqlite3", _links(folder / "outbox"))
        journey.wait_for("the server", lambda: _answers(running), seconds=30, log=log)
        yield running


def _answers(server: Server) -> bool:
    try:
        return server.ask("GET", "/").status_code == 200
    except httpx.TransportError:
        return False


def _links(outbox: Path) -> dict[str, str]:
    mails = [read_mail(path.read_bytes()) for path in outbox.glob("????????-*-*-*-*.eml")]
    return {str(mail["To"]): _one_link(str(mail["List-Unsubscribe"])) for mail in mails}


def _one_link(header: str) -> str:
    (link,) = re.findall(r"<(https?://[^>]+)>", header)
    return str(link)


def test_the_link_of_the_header_leads_to_the_site_by_https(server: Server) -> None:
    assert len(server.links) == 3
    assert all(link.startswith(f"{SITE}/") for link in server.links.values())
    # What came to the proxy without TLS is sent there, so that the answers below are not due to a lax server.
    plain = httpx.get(f"{server.address}/", headers={"Host": "papers.example.org"})
    assert (plain.status_code, plain.headers["Location"]) == (301, f"{SITE}/")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_the_link_changes_nothing(server: Server, method: str) -> None:
    before = server.rows()
    for link in server.links.values():
        answer = server.ask(method, urlsplit(link).path)
        assert (answer.status_code, answer.headers.get("Set-Cookie")) == (200, None)
    assert server.rows() == before


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("ada@example.org", {"data": {"List-Unsubscribe": "One-Click"}}),
        ("bhaskara@example.org", {"files": {"List-Unsubscribe": (None, "One-Click")}}),
    ],
    ids=["urlencoded", "multipart"],
)
def test_one_post_is_enough_to_leave(server: Server, address: str, body: dict[str, object]) -> None:
    before = server.left()
    answer = server.ask("POST", urlsplit(server.links[address]).path, **body)
    assert (answer.status_code, answer.headers.get("Set-Cookie")) == (200, None)
    assert server.left() - before == {address}
