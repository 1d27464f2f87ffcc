"""Quoted-printable text (RFC 2045) in pieces: encoded apart and joined, it reads as if joined before."""

from binascii import b2a_qp
from collections.abc import Iterator
from itertools import chain

WIDTH = 76
# A dot at the beginning of a line, which SMTP would want doubled; a blank at its end, which may be a column too far.
ODD = (b"\n.", b"=20\r\n", b"=09\r\n")


def quote(text: str) -> bytes:
    """Return `text` as UTF-8 in quoted-printable: lines of at most 76 octets, CRLF line ends.

    It ends with a soft line break, which means nothing and lets anything follow. No line begins with a dot.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    # A character more shows whether the last line has room for the soft break.
    coded = b2a_qp(f"{lines}x".encode(), istext=True)[:-1]
    coded = (coded if coded.endswith(b"=\n") else coded + b"=\n").replace(b"\n", b"\r\n")
    is_odd = coded.startswith(b".") or any(mark in coded for mark in ODD)
    return b"\r\n".join(chain.from_iterable(map(_fitted, coded.split(b"\r\n")))) if is_odd else coded


def _fitted(line: bytes) -> Iterator[bytes]:
    """Yield `line`, which has at most 78 octets, as lines that are short enough and have no dot at the beginning."""
    while line.startswith(b".") or len(line) > WIDTH:
        if line.startswith(b"."):
            line = b"=2E" + line[1:]
        if len(line) > WIDTH:
            # Not within a coded character.
            cut = next(place for place in (75, 74, 73) if b"=" not in line[place - 2 : place])
            yield line[:cut] + b"="
            line = line[cut:]
    yield line
