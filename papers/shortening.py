"""Cuts text where it hurts least. Pure."""

import re
import unicodedata

# What goes on with the character before it: marks, the joiner of emoji, their colours and flags of regions.
MARKS = frozenset({"Mn", "Mc", "Me"})
JOINER = "\u200d"
COLOURS_AND_TAGS = re.compile("[\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]+$")


def shorten(text: str, limit: int) -> str:
    """Return `text`, if it is longer than `limit` its beginning and "…": whole words, or of a very long one a part.

    What is seen as one character stays whole, such as an emoji of several.
    """
    if len(text) <= limit:
        return text
    blank = text.rfind(" ", limit // 2, limit)
    return text[: blank if blank > 0 else _part(text, limit - 1)].rstrip(" ,;:") + "…"


def _part(text: str, end: int) -> int:
    """Return `end`, or the last place before it that is not inside of what is seen as one character."""
    for place in range(end, 0, -1):
        if not _goes_on(text, place):
            return place
    return end


def _goes_on(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    if unicodedata.category(after) in MARKS or JOINER in (before, after) or COLOURS_AND_TAGS.match(after):
        return True
    letters = FLAG_LETTERS.search(text, 0, place)
    return bool(letters and FLAG_LETTERS.match(after) and len(letters.group()) % 2)
