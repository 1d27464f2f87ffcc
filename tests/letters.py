"""Reads a mail as a mail program does."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

LINK = re.compile(r"https?://[^\s<>\"']+")


def read_mail(raw: bytes | str | None) -> EmailMessage:
    assert isinstance(raw, bytes)
    return message_from_bytes(raw, policy=policy.default)


def text_of(mail: EmailMessage, subtype: str = "plain") -> str:
    """The text part, or with "html" the HTML part."""
    part = mail.get_body((subtype,))
    assert part is not None
    return str(part.get_content())


def links_in(mail: EmailMessage) -> list[str]:
    return LINK.findall(text_of(mail))
