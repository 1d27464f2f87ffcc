"""Every message is made here, so that every message has the headers it must have, and as bytes too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import EmailAlternative, sanitize_address
from django.template.loader import render_to_string

from mail.headers import one_line
from mail.mjml import to_html
from mail.quoted import quote

# As most are: nothing in it needs to be taken apart.
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
PART = b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'


@dataclass(frozen=True)
class Body:
    """What a message says: its subject, text and HTML."""

    subject: str
    text: str
    html: str

    @property
    def quoted_text(self) -> Sequence[bytes]:
        """The text in pieces of quoted-printable."""
        return [quote(self.text)]

    @property
    def quoted_html(self) -> Sequence[bytes]:
        return [quote(self.html)]


class Said(Protocol):
    """What a message says: its subject, text and HTML, these two also in pieces of quoted-printable."""

    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def quoted_text(self) -> Sequence[bytes]: ...
    @property
    def quoted_html(self) -> Sequence[bytes]: ...


class Message(EmailMultiAlternatives):
    """A message to one person. `reference` is its opaque identity: Message-ID, outbox file, provider metadata.

    HTTP providers read its parts. Who sends bytes asks for `mime_bytes`, which say the same and take a tenth of the
    time that Django's own way from parts to bytes does. Neither is made before somebody asks.
    """

    reference: str
    metadata: dict[str, str]
    tags: list[str]
    # Where bounces go; empty for the address it comes from.
    bounce_address: str = ""

    def __init__(self, said: Said, **fields: Any) -> None:
        self.said = said
        self._bytes = b""
        super().__init__(subject=one_line(said.subject), **fields)

    @property
    def body(self) -> str:
        return self.said.text

    @body.setter
    def body(self, _: str) -> None:
        """Ignore what Django's constructor sets."""

    @property
    def alternatives(self) -> Any:
        return [EmailAlternative(self.said.html, "text/html")]

    @alternatives.setter
    def alternatives(self, _: object) -> None:
        """Ignore what Django's constructor sets."""

    def mime_bytes(self) -> bytes:
        """Return the whole message with CRLF line ends, the same each time. Made once."""
        if not self._bytes:
            self._bytes = self._make_bytes()
        return self._bytes

    def _make_bytes(self) -> bytes:
        # No quoted-printable text has an equals sign with an underscore after it.
        boundary = f"=_{self.reference}".encode()
        part = b"--%s\r\n" % boundary + PART
        return b"".join(
            [
                self._headers().encode("ascii"),
                b'Content-Type: multipart/alternative; boundary="%s"\r\n\r\n' % boundary,
                part % b"plain",
                *self.said.quoted_text,
                b"\r\n",
                part % b"html",
                *self.said.quoted_html,
                b"\r\n--%s--\r\n" % boundary,
            ]
        )

    def _headers(self) -> str:
        headers = {
            "From": encoded_address(self.from_email),
            "To": encoded_address(self.to[0]),
            "Reply-To": encoded_address(self.reply_to[0]),
            "Subject": _encoded("Subject", str(self.subject)),
            **{name: _encoded(name, value) for name, value in self.extra_headers.items()},
            "MIME-Version": "1.0",
        }
        return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])


def _encoded(name: str, value: str) -> str:
    """Return a header's value in ASCII (RFC 2047); one that only looks as if it were encoded is encoded."""
    return value if value.isascii() and "=?" not in value else _encoded_words(name, value)


@lru_cache(maxsize=1000)
def _encoded_words(name: str, value: str) -> str:
    # Many get the same subject.
    return Header(value, "utf-8", maxlinelen=76, header_name=name).encode(linesep="\r\n")


def encoded_address(address: str) -> str:
    """Return an address in ASCII, with or without a name before it."""
    return address if PLAIN_ADDRESS.fullmatch(address) else _sanitized(address)


@lru_cache(maxsize=100)
def _sanitized(address: str) -> str:
    # Senders, mostly, which are the same every time.
    return sanitize_address(address, "utf-8")


def render_body(name: str, context: dict[str, object]) -> Body:
    """Return the mail `templates/emails/<name>.{subject.txt,txt,mjml}` with `context`."""
    return Body(
        subject=render_to_string(f"emails/{name}.subject.txt", context),
        text=render_to_string(f"emails/{name}.txt", context).strip() + "\n",
        html=to_html(render_to_string(f"emails/{name}.mjml", context)),
    )


def make_message(  # noqa: PLR0913  each is a part of a mail that somebody decides
    said: Said,
    *,
    to: str,
    sender: str,
    reference: str,
    tag: str,
    at: datetime,
    unsubscribe_url: str | None = None,
    bounce_address: str = "",
) -> Message:
    """Return the message that says `said` to the address `to`, dated `at`.

    With `unsubscribe_url` it is list mail that mail programs can leave with one click (RFC 2369, 2919, 8058).
    """
    name, address, domain = _sender(sender)
    headers = {
        "Message-ID": f"<{reference}@{domain}>",
        "Date": format_datetime(at),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    if unsubscribe_url:
        headers |= {
            "List-Id": f"Paper Route digest <{tag}.{domain}>",
            "List-Unsubscribe": f"<{unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    message = Message(
        said,
        from_email=formataddr((name, address)),
        to=[to],
        reply_to=[settings.REPLY_TO],
        headers={header: one_line(value, limit=900) for header, value in headers.items()},
    )
    message.reference = reference
    message.metadata = {"reference": reference}
    message.tags = [tag]
    message.bounce_address = bounce_address
    return message


@lru_cache(maxsize=10)
def _sender(sender: str) -> tuple[str, str, str]:
    """Return name, address and domain of a sender."""
    name, address = parseaddr(one_line(sender, limit=400))
    return name, address, address.rpartition("@")[2]
