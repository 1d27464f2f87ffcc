"""What is logged, how, and what must not stand in a log."""

import logging
import re
from typing import Any

# A token in an address acts for its reader; Django logs the addresses of requests that went wrong.
TOKEN = re.compile(r"(/(?:u|confirm|preferences|new-address|privacy|digest|say|saved|interests)/)[^\s/?\"']+")
# Of a reader, or whose else: also as it stands in a query. A local part has at most 64 characters, and a limit keeps
# a long line without any address from being read over and over.
ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}(?:@|%40)\[?[\w-]+(?:[.:][\w-]+)*")


class PrivateFormatter(logging.Formatter):
    """Cuts tokens and addresses out of everything a record says: message, arguments, exception and stack.

    A formatter sees the whole line as it is written; a filter would not see the text of an exception.
    """

    def format(self, record: logging.LogRecord) -> str:
        return private(super().format(record))


def private(text: str) -> str:
    """Return `text` without the tokens of links and without email addresses."""
    return ADDRESS.sub("…@…", TOKEN.sub(r"\1…", text))


def logging_at(level: str) -> dict[str, Any]:
    """Return how Python logs: lines on the console from `level` on."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "private": {
                "()": "config.logs.PrivateFormatter",
                "format": "{asctime} {levelname} {name} {message}",
                "style": "{",
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "private"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Django's own handler of these would write every address of a request as it came.
            "django.server": {"handlers": []},
            # httpx logs a line a request with the full address of what it read.
            "httpx": {"level": "WARNING"},
            # The converter has something to say about every formula that is not quite TeX.
            "pylatexenc": {"level": "ERROR"},
            # A line a bounce and way of reading it.
            "flufl.bounce": {"level": "WARNING"},
        },
    }
