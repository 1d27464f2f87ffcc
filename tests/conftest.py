from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django.fixtures import SettingsWrapper

# A Monday, an hour after the daily edition closes.
NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def outbox(settings: SettingsWrapper, tmp_path: Path) -> Path:
    """The folder of the shipped file backend, which every message of the test goes to."""
    settings.EMAIL_BACKEND = "mail.backends.OutboxBackend"
    settings.MAIL_OUTBOX_DIR = tmp_path / "outbox"
    return tmp_path / "outbox"


class MailServer:
    """A real SMTP server that keeps what it accepts. `replies` are given to the next messages instead of 250."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []
        self.replies: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        reply = self.replies.pop(0) if self.replies else "250 OK"
        if reply.startswith("250"):
            self.received.append(envelope)
        return reply


@pytest.fixture
def mail_server(settings: SettingsWrapper) -> Iterator[MailServer]:
    """A local SMTP server, set as the place mail goes to."""
    handler = MailServer()
    controller = Controller(handler, hostname="127.0.0.1", port=0)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.server.sockets[0].getsockname()[:2]
    yield handler
    controller.stop()
