"""Whether a bounce is for good. Each provider says so in words of its own, somewhere in what it sends."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mail.status_codes import is_permanent_status

# Where the words stand, in lower case and without underscores.
TELLING = {"type", "event", "eventname", "severity", "bouncetype", "status"}
HARD = re.compile(r"hard|permanent|invalid_email", re.IGNORECASE)
SOFT = re.compile(r"soft|transient|temporary|undetermined|blocked", re.IGNORECASE)
# SparkPost counts kinds of bounces: these mean that there is no such mailbox.
SPARKPOST_HARD = {"10", "30", "90"}


def is_permanent(said: object, *texts: str) -> bool | None:
    """Return whether the mailbox will never take a message; None when nobody says.

    `said` is the provider's event as it came; `texts` are what it and the other server said in words.
    """
    words = list(_words(said))
    if any(HARD.search(word) for word in words):
        return True
    if any(SOFT.search(word) for word in words):
        return False
    codes = (code for text in texts if (code := is_permanent_status(text)) is not None)
    return next(codes, None)


def _words(said: object) -> Iterator[str]:
    """What is said under a telling name, at any depth."""
    if isinstance(said, Mapping):
        for name, value in said.items():
            yield from _told(str(name).lower().replace("_", ""), value)
    elif isinstance(said, list):
        for value in said:
            yield from _words(value)


def _told(name: str, value: Any) -> Iterator[str]:
    if name == "hardbounce" and isinstance(value, bool):  # Mailjet's
        yield "hard" if value else "soft"
    elif name == "bounceclass":
        yield "hard" if str(value) in SPARKPOST_HARD else "soft"
    elif isinstance(value, str):
        if name in TELLING:
            yield value
    else:
        yield from _words(value)
