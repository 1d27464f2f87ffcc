"""Every message is made here, so that every message has the headers it must have."""

from dataclasses import dataclass
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from mail.headers import one_line
from mail.mjml import to_html


class Message(EmailMultiAlternatives):
    """A message to one person. `reference` is its opaque identity: Message-ID, outbox file, provider metadata."""

    reference: str
    metadata: dict[str, str]
    tags: list[str]


@dataclass(frozen=True)
class Body:
    """What a message says, in its three forms."""

    subject: str
    text: str
    html: str


def render_body(name: str, context: dict[str, object]) -> Body:
    """Return the mail `templates/emails/<name>.{subject.txt,txt,mjml}` with `context`."""
    return Body(
        subject=render_to_string(f"emails/{name}.subject.txt", context),
        text=render_to_string(f"emails/{name}.txt", context).strip() + "\n",
        html=to_html(render_to_string(f"emails/{name}.mjml", context)),
    )


def make_message(  # noqa: PLR0913  each is a part of a mail that somebody decides
    body: Body, *, to: str, sender: str, reference: str, tag: str, unsubscribe_url: str | None = None
) -> Message:
    """Return the message with `body` to the address `to`.

    With `unsubscribe_url` it is list mail that mail programs can leave with one click (RFC 2369, 2919, 8058).
    """
    name, address = parseaddr(one_line(sender, limit=400))
    domain = address.rpartition("@")[2]
    headers = {
        "Message-ID": f"<{reference}@{domain}>",
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
        subject=one_line(body.subject),
        body=body.text,
        from_email=formataddr((name, address)),
        to=[to],
        reply_to=[settings.REPLY_TO],
        headers={header: one_line(value, limit=900) for header, value in headers.items()},
    )
    message.attach_alternative(body.html, "text/html")
    message.reference = reference
    message.metadata = {"reference": reference}
    message.tags = [tag]
    return message
