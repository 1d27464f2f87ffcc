import quopri

from hypothesis import example, given
from hypothesis import strategies as st

from mail.quoted import quote

# What is hard: dots and blanks where lines end, coded characters where they are cut.
HARD = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("..  \t\n\n=é"), max_size=400)


def read(coded: bytes) -> str:
    return quopri.decodestring(coded).decode().replace("\r\n", "\n")


def as_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(HARD)
@example("x" * 75 + " \nmore")
@example("." * 200)
@example("é" * 80 + ".")
def test_any_text_is_read_as_it_was(text: str) -> None:
    assert read(quote(text)) == as_lines(text)


@given(HARD, HARD)
def test_what_is_encoded_apart_and_joined_reads_as_if_joined_before(one: str, other: str) -> None:
    assert read(quote(one) + quote(other)) == as_lines(one) + as_lines(other)


@given(HARD)
@example("x" * 74 + "  \nmore")
@example("x" * 75 + "\t\nmore")
@example("." * 200)
def test_lines_are_short_and_need_no_dot_doubled(text: str) -> None:
    coded = quote(text)
    lines = coded.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 76 and not line.startswith(b".") for line in lines)
    assert b"\n" not in coded.replace(b"\r\n", b"")
    assert coded.isascii()
