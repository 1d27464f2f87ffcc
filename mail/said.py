"""What a mail server or provider said, as far as it may be kept: no address, no mailbox, nothing of a single case."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mail.status_codes import code_in

LONGEST = 120
CUT = "…"
ADDRESS = re.compile(r"\S*(?:@|%40|xn--)\S*", re.IGNORECASE)
UNPRINTABLE = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# The number of a message in a queue, an id of a session: they say whom it was about, and let no two answers be alike.
CASE = re.compile(r"(?=\S*\d)\S{8,}|\S{40,}")
WORD = re.compile(r"[^\W_]+")
BETWEEN = r"[\W_]*"
# A shorter word of a mailbox is an initial, or a word of every other sentence.
SHORTEST_NAME = 3
# Where providers put their words, in whatever depth.
TELLING = {"message", "error", "errormessage", "error_message", "detail", "description", "reason", "title"}


def reply_in_words(code: int, said: bytes | str, recipient: str = "") -> str:
    """Return an SMTP reply as in "SMTP 550 5.1.1 User unknown"."""
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    status = code_in(words)
    told = keepable(words.replace(status, " ") if status else words, recipient)
    return " ".join(part for part in ("SMTP", str(code), status, told) if part)


def answer_in_words(status: int, body: object, recipient: str = "") -> str:
    """Return a provider's answer as in "HTTP 422 You are sending too much"; `body` is its JSON, or nothing."""
    return f"HTTP {status} {keepable(next(_messages(body), ''), recipient)}".rstrip()


def keepable(said: str, recipient: str = "") -> str:
    """Return `said` on one short line, without addresses, names of the recipient's and numbers of single cases."""
    text = ADDRESS.sub(CUT, UNPRINTABLE.sub(" ", said))
    if names := _names(recipient):
        text = re.sub(rf"(?<![^\W_])(?:{'|'.join(names)})(?![^\W_])", CUT, text, flags=re.IGNORECASE)
    words = " ".join(CASE.sub(CUT, text).split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + CUT


def _names(recipient: str) -> list[str]:
    """Return patterns of what in an address tells whose it is, the longest first.

    A server may say a mailbox with other marks between its words, or as the name of a person, and of a domain the
    one above it.
    """
    local, _, domain = recipient.rpartition("@")
    mailbox = WORD.findall(local.partition("+")[0])
    labels = domain.split(".")
    domains = {domain, *(".".join(labels[start:]) for start in range(len(labels) - 1))}
    told = {BETWEEN.join(WORD.findall(local)), BETWEEN.join(mailbox), *map(re.escape, domains)}
    told |= {word for word in mailbox if len(word) >= SHORTEST_NAME}
    return sorted(told - {""}, key=len, reverse=True)


def _messages(body: object) -> Iterator[str]:
    if isinstance(body, Mapping):
        yield from (value for name, value in body.items() if _is_telling(name) and isinstance(value, str))
        yield from _within(body.values())
    elif isinstance(body, list):
        yield from _within(body)


def _is_telling(name: Any) -> bool:
    return str(name).lower() in TELLING


def _within(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        yield from _messages(value)
