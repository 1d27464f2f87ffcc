"""Messages for tests."""

from mail.message import Body, Message, make_message

BODY = Body(subject="Papers of today", text="One paper.\n", html="<!doctype html><p>One paper.</p>")


def make_letter(
    *,
    subject: str = BODY.subject,
    to: str = "reader@example.org",
    sender: str = "Paper Route <digest@papers.example>",
    reference: str = "delivery-1",
    unsubscribe_url: str | None = None,
) -> Message:
    body = Body(subject=subject, text=BODY.text, html=BODY.html)
    return make_message(body, to=to, sender=sender, reference=reference, tag="daily", unsubscribe_url=unsubscribe_url)
