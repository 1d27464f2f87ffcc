"""What must not stand in a log."""

import logging
import re

# A token in an address acts for its reader; Django logs the addresses of requests that went wrong.
TOKEN = re.compile(r"(/(?:u|confirm|preferences|new-address|privacy|digest)/)[^\s/?\"']+")


class TokenFilter(logging.Filter):
    """Cuts the tokens out of the addresses in a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(TOKEN.sub(r"\1…", arg) if isinstance(arg, str) else arg for arg in record.args)
        return True
