"""Messages for tests."""

from datetime import UTC, datetime

from mail.message import Body, Message, make_message

BODY = Body(subject="Papers of today", text="One paper.\n", html="<!doctype html><p>One paper.</p>")


def make_letter(
    *,
    subject: str = BODY.subject,
    to: str = "reader@example.org",
    sender: str = "Paper Route <digest@papers.example>",
    reference: str = "delivery-1",
    unsubscribe_url: str | None = None,
    body: Body | None = None,
) -> Message:
    return make_message(
        body or Body(subject=subject, text=BODY.text, html=BODY.html),
        to=to,
        sender=sender,
        reference=reference,
        tag="daily",
        at=datetime(2026, 11, 23, 18, tzinfo=UTC),
        unsubscribe_url=unsubscribe_url,
    )
