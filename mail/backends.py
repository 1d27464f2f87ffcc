"""Where mail goes when no provider is chosen: an SMTP server, or files for those who have none yet."""

import os
import secrets
import smtplib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import smtp
from django.core.mail.backends.base import BaseEmailBackend


class _NotesData:
    """Notes when the content of a message began to leave: a connection lost before that has sent nothing."""

    has_begun_data = False

    def mail(self, *arguments: Any, **options: Any) -> tuple[int, bytes]:
        self.has_begun_data = False
        return super().mail(*arguments, **options)  # type: ignore[misc, no-any-return]  # smtplib.SMTP's

    def data(self, *arguments: Any, **options: Any) -> tuple[int, bytes]:
        self.has_begun_data = True
        return super().data(*arguments, **options)  # type: ignore[misc, no-any-return]  # smtplib.SMTP's


class _Smtp(_NotesData, smtplib.SMTP):
    pass


class _SmtpOverTls(_NotesData, smtplib.SMTP_SSL):
    pass


class SmtpBackend(smtp.EmailBackend):
    """Django's SMTP backend, which can also tell how far a message came when the connection was lost."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _SmtpOverTls if self.use_ssl else _Smtp

    @property
    def may_have_sent(self) -> bool:
        """Whether the content of the last message began to leave."""
        return self.connection is None or getattr(self.connection, "has_begun_data", True)


class OutboxBackend(BaseEmailBackend):
    """Writes each message as `<reference>.eml` into MAIL_OUTBOX_DIR, its HTML part beside it as `<reference>.html`.

    A file appears whole or not at all. Writing one reference twice raises FileExistsError: a double is a defect.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder: Path = settings.MAIL_OUTBOX_DIR
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = getattr(message, "reference", None) or secrets.token_hex(16)
            # Django's own kind of message has line ends to choose, which its type does not say.
            content = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
            _write_once(folder / f"{name}.eml", content)
            for alternative, mimetype in getattr(message, "alternatives", []):
                if mimetype == "text/html":
                    _write_once(folder / f"{name}.html", str(alternative).encode())
        return len(email_messages)


def files_in_outbox() -> dict[Path, str]:
    """Return the files in MAIL_OUTBOX_DIR, each with the reference of its message."""
    folder: Path = settings.MAIL_OUTBOX_DIR
    paths = folder.iterdir() if folder.is_dir() else ()
    # A process that was killed leaves its draft behind: a dot, the name, and something random.
    return {path: path.name.removeprefix(".").partition(".")[0] for path in paths}


def _write_once(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
