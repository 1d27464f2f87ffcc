import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.headers import one_line

# Every character that Unicode says steers the direction of text.
BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
ANY_TEXT = st.text(st.characters(exclude_categories=()) | st.sampled_from("\r\n\x00\u2028" + BIDI_CONTROLS))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Papers of today", "Papers of today"),
        ("  two\n  lines \t", "two lines"),
        ("Hello\r\nBcc: other@example.org", "Hello Bcc: other@example.org"),
        ("a\x00b\x1b[31mc\x7fd\x85e", "a b [31mc d e"),
        ("one\u2028two\u2029three", "one two three"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ("e\u0301tude", "étude"),
        ("", ""),
        ("\r\n", ""),
    ],
)
def test_text_becomes_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_a_long_line_is_cut_at_a_word() -> None:
    assert one_line("one two three four", limit=12) == "one two…"
    assert one_line("one two three", limit=13) == "one two three"


def test_a_long_word_is_cut_where_it_must_be() -> None:
    assert one_line("x" * 300) == "x" * 199 + "…"


@given(ANY_TEXT)
def test_no_control_character_of_any_kind_is_left(text: str) -> None:
    line = one_line(text)
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in line)
    assert not any(character in BIDI_CONTROLS for character in line)


@given(ANY_TEXT, st.integers(2, 100))
def test_a_line_keeps_to_its_limit_and_can_be_encoded(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line.encode().decode() == line


@given(ANY_TEXT)
def test_a_line_stays_as_it_is(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
