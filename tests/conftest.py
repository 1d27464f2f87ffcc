import gc
from asyncio import Server
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from newsletter import preview
from subscribers import abuse
from tests.staff.people import client_of

# Looking for cycles among what pages and queries leave behind took a sixth of all tests' time.
gc.set_threshold(50_000, 50, 50)

# A busy machine is no reason to fail.
hypothesis.settings.register_profile("patient", deadline=None)
# Where the same properties were tried on SQLite.
hypothesis.settings.register_profile("few", deadline=None, max_examples=15)
hypothesis.settings.load_profile("patient")

# A Monday, an hour after the daily edition closes.
NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(autouse=True)
def _forget_kept_pages() -> None:
    """Pages that one test made are not another's, nor are its requests counted against another's limit."""
    caches["default"].clear()
    caches["process"].clear()
    abuse._limiter.cache_clear()
    preview._read_offer.cache_clear()


@pytest.fixture(autouse=True)
def _own_text_model(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The model of one test's papers is not another's, whose papers have the same ids."""
    settings.PAPERS_TEXT_MODEL_DIR = tmp_path_factory.mktemp("text-model")


@pytest.fixture
def admin_client(admin_user: User) -> Client:
    """A client of a superuser who has given both factors."""
    return client_of(admin_user)


@pytest.fixture
def outbox(settings: Settings, tmp_path: Path) -> Path:
    """The folder of the shipped file backend, which every message of the test goes to."""
    settings.EMAIL_BACKEND = "mail.backends.OutboxBackend"
    settings.MAIL_OUTBOX_DIR = tmp_path / "outbox"
    return tmp_path / "outbox"


class MailServer:
    """A real SMTP server that keeps what it accepts. `replies` are given to the next messages instead of 250."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []
        self.replies: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        reply = self.replies.pop(0) if self.replies else "250 OK"
        if reply.startswith("250"):
            self.received.append(envelope)
        return reply


class FreePortController(Controller):
    """Runs an SMTP server on a port that the system chooses."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd's


@contextmanager
def serving_mail(settings: Settings, handler: object, **options: Any) -> Iterator[None]:
    """A local SMTP server with `handler`, set as the place mail goes to."""
    controller = FreePortController(handler, hostname="127.0.0.1", port=0, **options)
    controller.start()
    settings.EMAIL_BACKEND = "mail.backends.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    try:
        yield
    finally:
        controller.stop()


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """A local SMTP server, set as the place mail goes to."""
    handler = MailServer()
    with serving_mail(settings, handler):
        yield handler


@pytest.fixture
def esp(settings: Settings, httpserver: HTTPServer) -> HTTPServer:
    """A local server in place of an email provider (Postmark's interface), set as where mail goes to."""
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.MAIL_PROVIDER = "postmark"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": httpserver.url_for("/")}
    return httpserver
