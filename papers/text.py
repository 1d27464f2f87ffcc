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
# Commands that the converter does not know, or makes signs of: the words in them stay, a citation goes.
WORDS = re.compile(r"\\(?:texttt|textsf|mbox|url)\{([^{}]*)\}|\\href\{[^{}]*\}\{([^{}]*)\}")
CITATION = re.compile(r"(?<![\s~])[\s~]*\\cite[a-z]*\*?(?:\[[^\[\]]*\])*\{[^{}]*\}")
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

# A raised or lowered character, command or group in mathematics; a group may hold groups.
SCRIPT = re.compile(r"(?<!\\)([\^_])(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(\\[a-zA-Z]+|[^\s{}\\$^_]))")
# The signs themselves where they stay: TeX would read them once more.
KEPT_SIGNS = {"^": "\ue000", "_": "\ue001"}
# What Unicode has raised and lowered; the rest of the alphabet it has not.
RAISED = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ∗*′⊤∘",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ**′ᵀ°",
        strict=True,
    )
)
LOWERED = dict(zip("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))

_TEX_TO_TEXT = LatexNodes2Text(math_mode="text", keep_comments=True)


def collapse(text: str) -> str:
    """Return `text` as one line in Unicode normal form C, without control or bidirectional control characters."""
    text = BIDI_CONTROLS.sub("", CONTROLS.sub(" ", text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def collapse_lines(text: str) -> str:
    """Return `text` with each of its lines collapsed."""
    return "\n".join(map(collapse, text.splitlines()))


def readable(text: str) -> str:
    """Return `text` collapsed, with TeX as Unicode where there is any; what cannot be converted stays as it is."""
    text = CITATION.sub("", WORDS.sub(r"\1\2", collapse(text)))
    for _ in range(MAX_NESTING):
        text = TEX.sub(_convert, text)
    return collapse(ESCAPED.sub(r"\1", text))


def _convert(match: re.Match[str]) -> str:
    source = match.group()
    try:
        raised = SCRIPT.sub(_set_script, source) if source.startswith("$") else source
        # On one line a TeX comment would swallow the rest, and nobody means one: a bare % is a percent sign.
        text = str(_TEX_TO_TEXT.latex_to_text(BARE_PERCENT.sub(r"\%", raised)))
        for sign, kept in KEPT_SIGNS.items():
            text = text.replace(kept, sign)
        # A broken command may leave the place where its argument should be.
        return source if "%s" in text else text or source
    except Exception:  # noqa: BLE001  the converter lets whatever its replacement rules raise through
        return source


def _set_script(match: re.Match[str]) -> str:
    """Return a superscript or subscript in Unicode; where it has no such letters the sign stays."""
    sign, group, single = match.groups()
    source = SCRIPT.sub(_set_script, single if group is None else group)
    words = str(_TEX_TO_TEXT.latex_to_text(source)).strip()
    letters = RAISED if sign == "^" else LOWERED
    if all(char in letters or char == " " for char in words):
        # The empty group ends a command that stands before, such as \alpha.
        return "{}" + "".join(letters[char] for char in words if char != " ")
    return KEPT_SIGNS[sign] + (words if words.isalnum() or len(words) == 1 else f"({words})")


def has_html(text: str) -> bool:
    """Return whether `text` holds an HTML tag."""
    return HTML_TAG.search(text) is not None


def normalise_title(title: str) -> str:
    """Return the form under which two spellings of one title are equal: case folded, letters and digits only."""
    # Some write x^2 and x_i where others raise and lower the letter.
    return " ".join(_words(fold(title).replace("^", "").replace("_", "")))


def fold(text: str) -> str:
    """Return `text` case folded and without marks, so that "Życzkowski" and "zyczkowski" are one."""
    if text.isascii():
        return text.casefold()  # most text, and ten times as fast
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in folded if not unicodedata.combining(char))


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
