"""Every message is made here, so that every message has the headers it must have, and as bytes too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from email.utils import quote as quote_name
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import EmailAlternative, sanitize_address, utf8_charset_qp
from django.template.loader import render_to_string
from django.utils.encoding import punycode

from mail.headers import NAME, ListMail, exact, feedback_id, list_headers, one_line
from mail.mjml import to_html
from mail.quoted import quote

# As most are: nothing in it needs to be taken apart.
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
# Providers that take no words of ours to give back, and no message with any; they know a message by their own id.
WITHOUT_METADATA = {"mailersend", "postal"}
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

    HTTP providers read its parts, and Amazon's `message()`. Who sends bytes asks for `mime_bytes`, which say the same
    and take a tenth of the time that Django's own way from parts to bytes does. None is made before somebody asks.
    """

    # Else Django keeps lines as long as they are, when characters that end no line in mail seem to end them.
    encoding = utf8_charset_qp
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

    def message(self) -> Any:  # type: ignore[override]  # the stubs are of a newer Django
        """Return the message as Django makes it."""
        message = super().message()
        # Django believes a subject that only looks as if it were encoded.
        message.replace_header("Subject", _encoded(str(self.subject)))
        return message

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
            "Subject": _encoded(str(self.subject)),
            **self.extra_headers,
            "MIME-Version": "1.0",
        }
        return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])


def _encoded(subject: str) -> str:
    """Return a subject in ASCII (RFC 2047); one that only looks as if it were encoded is encoded."""
    return subject if subject.isascii() and "=?" not in subject else _encoded_words(subject)


@lru_cache(maxsize=1000)
def _encoded_words(subject: str) -> str:
    # Many get the same.
    return Header(subject, "utf-8", maxlinelen=76, header_name="Subject").encode(linesep="\r\n")


def encoded_address(address: str) -> str:
    """Return an address in ASCII, with or without a name before it."""
    return address if PLAIN_ADDRESS.fullmatch(address) else _sanitized(address)


@lru_cache(maxsize=100)
def _sanitized(address: str) -> str:
    # Senders, mostly, which are the same every time. A long name takes several lines.
    return sanitize_address(address, "utf-8").replace("\n", "\r\n")


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
    list_mail: ListMail | None = None,
    bounce_address: str = "",
) -> Message:
    """Return the message that says `said` to the address `to`, dated `at`; with `list_mail` as mail of the list `tag`.

    Raises ValueError when a header would have to hold what it cannot.
    """
    come_from, contact = _sender(sender), _sender(settings.REPLY_TO)
    exact(reference, NAME)
    exact(tag, NAME)
    headers = {
        "Message-ID": f"<{reference}@{come_from.domain}>",
        "Date": format_datetime(at),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Feedback-ID": feedback_id(tag, come_from.domain, list_mail),
    }
    if list_mail:
        headers |= list_headers(list_mail, f"{tag}.{come_from.domain}", contact.address)
    message = Message(said, from_email=come_from.full, to=[to], reply_to=[contact.full], headers=headers)
    message.reference = reference
    if settings.MAIL_PROVIDER not in WITHOUT_METADATA:
        message.metadata = {"reference": reference}
    message.tags = [tag]
    message.bounce_address = bounce_address
    return message


class Sender(NamedTuple):
    """Somebody with an address, and perhaps with a name before it."""

    full: str
    address: str
    domain: str


@lru_cache(maxsize=10)
def _sender(sender: str) -> Sender:
    """Return who a setting such as `Paper Route <digest@example.org>` names, with the domain in ASCII."""
    name, address = parseaddr(one_line(sender, limit=1000))
    name = one_line(name)
    local, _, domain = address.rpartition("@")
    if not (local and domain):
        raise ValueError("a sender without an address")
    address = f"{local}@{punycode(domain)}"
    # Encoded by who sends it, each in its own way: here a long name would become one long word.
    full = formataddr((name, address)) if name.isascii() else f'"{quote_name(name)}" <{address}>'
    return Sender(full, address, punycode(domain))
