"""What must not stand in a log."""

import logging
import re

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
