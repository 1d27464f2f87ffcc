"""Quoted-printable text (RFC 2045) in pieces: encoded apart and joined, it reads as if joined before."""

from binascii import b2a_qp

WIDTH = 76


def quote(text: str) -> bytes:
    """Return `text` as UTF-8 in quoted-printable: lines of at most 76 octets, CRLF line ends.

    It ends with a soft line break, which means nothing and lets anything follow. No line begins with a dot.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    # A character more shows whether the last line has room for the soft break.
    coded = b2a_qp(f"{lines}x".encode(), istext=True)[:-1]
    coded = (coded if coded.endswith(b"=\n") else coded + b"=\n").replace(b"\n", b"\r\n")
    return _without_first_dots(coded) if coded.startswith(b".") or b"\n." in coded else coded


def _without_first_dots(coded: bytes) -> bytes:
    """Return the same with no dot at the beginning of a line, which SMTP would want doubled."""
    lines: list[bytes] = []
    for line in coded.split(b"\r\n"):
        rest = line
        while rest.startswith(b"."):
            rest = b"=2E" + rest[1:]
            if len(rest) > WIDTH:
                # Not within a coded character.
                cut = next(place for place in (75, 74, 73) if b"=" not in rest[place - 2 : place])
                lines.append(rest[:cut] + b"=")
                rest = rest[cut:]
        lines.append(rest)
    return b"\r\n".join(lines)
