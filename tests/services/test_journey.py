"""The whole service on PostgreSQL, Redis, a real Celery node with beat, and a real mail server."""

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import pytest
from aiosmtpd.controller import Controller
from psycopg import sql

from tests import journey
from tests.conftest import FreePortController, MailServer
from tests.letters import read_mail, text_of

POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgres://postgres:postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")

pytestmark = pytest.mark.services


@pytest.fixture
def database_url() -> Iterator[str]:
    """A PostgreSQL database of the test's own."""
    name = f"paper_route_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}"))
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def smtp() -> Iterator[Controller]:
    controller = FreePortController(MailServer(), hostname="127.0.0.1", port=0)
    controller.start()
    yield controller
    controller.stop()


def test_a_reader_who_signs_up_and_confirms_gets_a_digest(database_url: str, smtp: Controller, tmp_path: Path) -> None:
    port, log = journey.free_port(), tmp_path / "log"
    site = f"http://127.0.0.1:{port}"
    env = journey.environment(
        VAR_DIR=str(tmp_path),
        DATABASE_URL=database_url,
        REDIS_URL=REDIS,
        EMAIL_URL=f"smtp://{smtp.hostname}:{smtp.port}",
        SITE_URL=site,
        WEB_PORT=str(port),
    )
    journey.manage("migrate", env=env)
    with ExitStack() as processes, psycopg.connect(database_url, autocommit=True) as database:
        for command in (
            ("gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"),
            ("celery", "--app", "config", "worker", "--concurrency", "2", "--loglevel", "info"),
            ("celery", "--app", "config", "beat", "--loglevel", "info"),
        ):
            processes.enter_context(journey.running(*command, env=env, log=log))
        journey.wait_for("the web server", lambda: journey.answers(site), log=log)
        closed = "SELECT 1 FROM newsletter_edition WHERE status = 'closed'"
        journey.wait_for("an edition", lambda: database.execute(closed).fetchone(), log=log)

        journey.sign_up(site, "reader@example.org")
        confirmation = journey.wait_for("the confirmation", lambda: received(smtp, 1), log=log)
        journey.press_the_button(site, text_of(confirmation), "confirm")
        digest = journey.wait_for("the digest", lambda: received(smtp, 2), log=log)
        assert "papers for you" in text_of(digest)

        one_click = journey.link_in(str(digest["List-Unsubscribe"]), "u")
        answer = httpx.post(one_click, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
        assert (answer.status_code, dict(answer.cookies)) == (200, {})
        status = database.execute("SELECT status FROM subscribers_subscriber").fetchone()
        assert status == ("unsubscribed",)
        settled = database.execute("SELECT status, count(*) FROM newsletter_delivery GROUP BY status").fetchall()
        assert settled == [("accepted", 1)]
    assert "reader@example.org" not in log.read_text(errors="replace")


def received(smtp: Controller, count: int) -> EmailMessage | None:
    """The last of `count` messages, once there are that many."""
    envelopes = smtp.handler.received
    if len(envelopes) < count:
        return None
    assert len(envelopes) == count
    return read_mail(envelopes[-1].content)
