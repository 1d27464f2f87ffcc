"""Where mail goes when no provider is chosen: an SMTP server, or files for those who have none yet."""

import logging
import os
import secrets
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import smtp
from django.core.mail.backends.base import BaseEmailBackend

from mail.message import Message, encoded_address

logger = logging.getLogger(__name__)

Reply = tuple[int, bytes]

CLOSING = 421


class _OneByOne:
    """Takes one message to one address at a time, in as few round trips as the server allows (RFC 2920).

    Mixed into smtplib's classes. It notes when the content began to leave, since a connection lost before that has
    sent nothing; and whether both sides still agree on where they are, since then the connection can be kept.
    """

    has_begun_data = False
    is_in_order = False

    def transmit(self: Any, sender: str, recipient: str, content: bytes) -> None:
        """Send `content`: lines that end with CRLF, none of which begins with a dot.

        Raises as smtplib's sendmail does, and OSError.
        """
        self.has_begun_data = self.is_in_order = False
        self.ehlo_or_helo_if_needed()
        size = f" SIZE={len(content)}" if self.has_extn("size") else ""
        commands = [f"MAIL FROM:<{sender}>{size}\r\n", f"RCPT TO:<{recipient}>\r\n", "DATA\r\n"]
        self._refuse(self._talk(commands), sender, recipient)
        self.send(content + b".\r\n")
        # Not before: without its last line nobody takes a message.
        self.has_begun_data = True
        code, text = self.getreply()
        self.is_in_order = 200 <= code < 600 and code != CLOSING
        if not 200 <= code < 300:
            raise smtplib.SMTPDataError(code, text)

    def _talk(self: Any, commands: Sequence[str]) -> list[Reply]:
        """Return the replies to `commands`, or to those up to the first that was refused."""
        replies: list[Reply] = []
        if self.has_extn("pipelining"):
            self.send("".join(commands))
            commands = [""] * len(commands)
        for command in commands:
            if command:
                self.send(command)
            try:
                replies.append(self.getreply())
            except (OSError, smtplib.SMTPServerDisconnected):
                if not any(map(_is_no, replies)):
                    raise
                break  # it said no, and hung up
            if replies[-1][0] == CLOSING or (command and _is_no(replies[-1])):
                break
        return replies

    def _refuse(self: Any, replies: Sequence[Reply], sender: str, recipient: str) -> None:
        """Raise what the first refusal among `replies` means, with the connection ready for the next message."""
        refused = next((place for place, reply in enumerate(replies) if _is_no(reply)), None)
        if refused is None:
            if replies[-1][0] != 354:
                raise smtplib.SMTPServerDisconnected("an answer that makes no sense")
            return
        code, text = replies[refused]
        try:
            if replies[-1][0] == 354:
                # It waits for a content that nobody is to get (RFC 2920, 3.1).
                self.send(".\r\n")
                self.getreply()
            self.is_in_order = code != CLOSING and self.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            self.is_in_order = False
        if refused == 0:
            raise smtplib.SMTPSenderRefused(code, text, sender)
        if refused == 1:
            raise smtplib.SMTPRecipientsRefused({recipient: (code, text)})
        raise smtplib.SMTPDataError(code, text)


def _is_no(reply: Reply) -> bool:
    return 400 <= reply[0] < 600


class _Smtp(_OneByOne, smtplib.SMTP):
    pass


class _SmtpOverTls(_OneByOne, smtplib.SMTP_SSL):
    pass


class SmtpBackend(smtp.EmailBackend):
    """Django's SMTP backend for our own messages: ready bytes, an envelope sender, and no doubt what went wrong."""

    sends_bytes = True

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _SmtpOverTls if self.use_ssl else _Smtp

    @property
    def may_have_sent(self) -> bool:
        """Whether the content of the last message began to leave."""
        return self.connection is None or getattr(self.connection, "has_begun_data", True)

    @property
    def is_in_order(self) -> bool:
        """Whether the connection can be used for another message, whatever became of the last."""
        return getattr(self.connection, "is_in_order", False)

    def _send(self, email_message: EmailMessage) -> bool:
        if not isinstance(email_message, Message):
            return bool(super()._send(email_message))  # type: ignore[misc]  # Django's own, which has no types
        sender = email_message.bounce_address or _bare(email_message.from_email)
        recipient = encoded_address(email_message.to[0])
        content = email_message.mime_bytes()
        self.connection.transmit(sender, recipient, content)  # type: ignore[union-attr]  # _OneByOne
        return True


@lru_cache(maxsize=100)
def _bare(sender: str) -> str:
    """Return the address of a sender in ASCII, without the name."""
    return parseaddr(encoded_address(sender))[1]


class OutboxBackend(BaseEmailBackend):
    """Writes each message as `<reference>.eml` into MAIL_OUTBOX_DIR, its HTML part beside it as `<reference>.html`.

    A file appears whole or not at all, and a message has appeared once its `.eml` has. Writing one reference twice
    raises FileExistsError: a double is a defect. Any other OSError means that nothing has appeared.
    """

    may_have_sent = False
    sends_bytes = True

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder: Path = settings.MAIL_OUTBOX_DIR
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = getattr(message, "reference", None) or secrets.token_hex(16)
            _put(folder, name, _content(message), _html(message))
        return len(email_messages)


def files_in_outbox() -> dict[Path, str]:
    """Return the files in MAIL_OUTBOX_DIR, each with the reference of its message."""
    folder: Path = settings.MAIL_OUTBOX_DIR
    paths = folder.iterdir() if folder.is_dir() else ()
    # A process that was killed leaves its draft behind: a dot, the name, and something random.
    return {path: path.name.removeprefix(".").partition(".")[0] for path in paths}


def _content(message: EmailMessage) -> bytes:
    if isinstance(message, Message):
        return message.mime_bytes()
    # Django's own kind of message has line ends to choose, which its type does not say.
    return message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]


def _html(message: EmailMessage) -> bytes:
    alternatives = getattr(message, "alternatives", [])
    return b"".join(str(content).encode() for content, mimetype in alternatives if mimetype == "text/html")


def _put(folder: Path, name: str, content: bytes, html: bytes) -> None:
    mail, page = folder / f"{name}.eml", folder / f"{name}.html"
    if mail.exists():
        raise FileExistsError(mail.name)
    with _draft(mail, content) as mail_draft, _draft(page, html) as page_draft:
        if html:
            # What a process that died here leaves behind is not a message yet.
            page_draft.replace(page)
        os.link(mail_draft, mail)
    try:
        _sync(folder)
    except OSError as err:
        # It is there all the same.
        logger.warning("The names in the outbox may not outlive a power cut: %s", type(err).__name__)


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """A file with `content`, on the disk, beside `path`; removed afterwards."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """See to it that the names in `folder` outlive a power cut."""
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)
