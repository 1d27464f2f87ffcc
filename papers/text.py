"""Turns what sources write into text a person can read anywhere: one line, no TeX, no control characters."""

import re
import unicodedata
from collections.abc import Sequence

from pylatexenc.latex2text import LatexNodes2Text

# C0 and C1 controls, line and paragraph separators: all of them read as white space.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Marks that reorder or hide text; a title may not use them to look like another one.
BIDI_CONTROLS = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# What is TeX in an abstract; all else is prose, where % & ~ are ordinary characters. A dollar sign opens mathematics
# only before a non-space and closes it only after one, so prices stay prices.
TEX = re.compile(
    r"""
      \$(?=\S)[^$]*?(?<=\S)\$(?!\d)                 # mathematics
    | \{\\(?:em|it|bf|tt|sc|sl|rm)\s[^{}]*\}         # {\em words}
    | \{?\\["'`^~=.]\s?(?:\{\\?[a-zA-Z]\}|\\?[a-zA-Z])\}?   # accents
    | \\[a-zA-Z]+(?:\*?\{[^{}]*\})*                # commands with their arguments
    | \\[%&$#_{}]                                  # characters that TeX escapes
    """,
    re.VERBOSE,
)
# Named on purpose: "<think>" or "x<y" in a title is text, "<i>" is markup that a source should have declared.
HTML_TAG = re.compile(
    r"</?(?:a|abbr|b|body|br|code|div|em|font|form|h[1-6]|head|html|i|iframe|img|input|li|link|mark|math|meta|ol|p|pre"
    r"|s|script|small|span|strong|style|sub|sup|svg|table|td|tr|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)

# Commands within commands are converted from the inside out.
MAX_NESTING = 3

_TEX_TO_TEXT = LatexNodes2Text(math_mode="text", keep_comments=True)


def collapse(text: str) -> str:
    """Return `text` as one line in Unicode normal form C, without control or bidirectional control characters."""
    text = BIDI_CONTROLS.sub("", CONTROLS.sub(" ", text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def readable(text: str) -> str:
    """Return `text` collapsed, with TeX as Unicode where there is any; what cannot be converted stays as it is."""
    text = collapse(text)
    for _ in range(MAX_NESTING):
        text = TEX.sub(_convert, text)
    return collapse(text)


def _convert(match: re.Match[str]) -> str:
    source = match.group()
    try:
        return str(_TEX_TO_TEXT.latex_to_text(source)) or source
    except Exception:  # noqa: BLE001  the converter lets whatever its replacement rules raise through
        return source


def has_html(text: str) -> bool:
    """Return whether `text` holds an HTML tag."""
    return HTML_TAG.search(text) is not None


def normalise_title(title: str) -> str:
    """Return the form under which two spellings of one title are equal: case folded, letters and digits only."""
    folded = unicodedata.normalize("NFKD", title).casefold()
    return " ".join(re.findall(r"[^\W_]+", "".join(char for char in folded if not unicodedata.combining(char))))


def words(text: str) -> list[str]:
    """Return the words of `text`, case folded, in order; a plural "s" is dropped so that "agents" meets "agent"."""
    found = re.findall(r"[^\W_]+", text.casefold())
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in found]


def has_phrase(text: Sequence[str], phrase: Sequence[str]) -> bool:
    """Return whether the words of `phrase` stand in `text` in one run; an empty phrase stands nowhere."""
    size = len(phrase)
    return size > 0 and any(text[i : i + size] == phrase for i in range(len(text) - size + 1))
