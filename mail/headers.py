"""What may stand in a mail header: one line, no control characters, a bounded length."""

import re
import unicodedata

# Control characters, line ends, marks that turn the direction of text, and halves of characters, which no encoding has.
FORBIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def one_line(text: str, limit: int = 200) -> str:
    """Return `text` as one line of at most `limit` characters, cut at a word where it can be.

    Some backends hand control characters to the provider as they are, so nothing reaches a header without this.
    """
    line = " ".join(unicodedata.normalize("NFC", FORBIDDEN.sub(" ", text)).split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut else cut}…"
