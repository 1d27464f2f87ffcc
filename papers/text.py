"""Turns what sources write into text a person can read anywhere: one line, no TeX, no control characters."""

import re
import unicodedata

from pylatexenc.latex2text import LatexNodes2Text

# C0 and C1 controls, line and paragraph separators: all of them read as white space.
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Marks that reorder or hide text; a title may not use them to look like another one.
BIDI_CONTROLS = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# What is TeX in an abstract; all else is prose, where % & ~ are ordinary characters. A dollar sign opens mathematics
# only before a non-space and closes it only after one, so prices stay prices.
TEX = re.compile(
    r"""
      (?<!\\)\$(?=\S)(?:\\.|[^$\\])*?(?<=\S)\$(?!\d)   # mathematics
    | \{\\(?:em|it|bf|tt|sc|sl|rm)\s[^{}]*\}         # {\em words}
    | \{?\\["'`^~=.]\s?(?:\{\\?[a-zA-Z]\}|\\?[a-zA-Z])\}?   # accents
    | \\[a-zA-Z]+(?:\*?\{[^{}]*\})*                # commands with their arguments
    """,
    re.VERBOSE,
)
# Characters that TeX escapes. They become plain last, so that an escaped dollar never opens mathematics.
ESCAPED = re.compile(r"\\([%&$#_{}])")
BARE_PERCENT = re.compile(r"(?<!\\)%")
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
    return collapse(ESCAPED.sub(r"\1", text))


def _convert(match: re.Match[str]) -> str:
    source = match.group()
    try:
        # On one line a TeX comment would swallow the rest, and nobody means one: a bare % is a percent sign.
        return str(_TEX_TO_TEXT.latex_to_text(BARE_PERCENT.sub(r"\%", source))) or source
    except Exception:  # noqa: BLE001  the converter lets whatever its replacement rules raise through
        return source


def has_html(text: str) -> bool:
    """Return whether `text` holds an HTML tag."""
    return HTML_TAG.search(text) is not None


def normalise_title(title: str) -> str:
    """Return the form under which two spellings of one title are equal: case folded, letters and digits only."""
    folded = unicodedata.normalize("NFKD", title).casefold()
    return " ".join(_words("".join(char for char in folded if not unicodedata.combining(char))))


def plain(*texts: str) -> str:
    """Return the words of `texts` in a form in which a phrase stands exactly if `plain(phrase) in plain(*texts)`.

    Case is folded and a plural "s" dropped, so that "Agents" meets "agent". A phrase never spans two texts, and the
    empty phrase stands nowhere.
    """
    lines = (" ".join(_singular(word) for word in _words(text)) for text in texts)
    return f" {' | '.join(line for line in lines if line)} "


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
