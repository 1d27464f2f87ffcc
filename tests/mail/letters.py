"""Messages for tests."""

import socket
from datetime import UTC, datetime

from mail.headers import ListMail
from mail.message import Body, Message, make_message
from mail.transport import Mailer

READER = "reader@example.org"
LIST_MAIL = ListMail(
    edition="2026-11-23",
    unsubscribe_url="https://papers.example/u/7.abc.sig",
    archive_url="https://papers.example/editions/",
)
BODY = Body(subject="Papers of today", text="One paper.\n", html="<!doctype html><p>One paper.</p>")


def make_letter(
    *,
    subject: str = BODY.subject,
    to: str = "reader@example.org",
    sender: str = "Paper Route <digest@papers.example>",
    reference: str = "delivery-1",
    tag: str = "daily",
    list_mail: ListMail | None = None,
    body: Body | None = None,
) -> Message:
    return make_message(
        body or Body(subject=subject, text=BODY.text, html=BODY.html),
        to=to,
        sender=sender,
        reference=reference,
        tag=tag,
        at=datetime(2026, 11, 23, 18, tzinfo=UTC),
        list_mail=list_mail,
    )


def hand_over() -> str:
    """Hand a letter over to whatever is set; return the provider's id for it."""
    with Mailer() as mailer:
        return mailer.hand_over(make_letter(to=READER))


def closed_port() -> int:
    """A port at which nobody answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
