"""Quoted-printable text (RFC 2045) in pieces: encoded apart and joined, it reads as if joined before."""

from binascii import b2a_qp


def quote(text: str) -> bytes:
    """Return `text` as UTF-8 in quoted-printable: lines of at most 76 octets, CRLF line ends.

    It ends with a soft line break, which means nothing and lets anything follow.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    # A character more shows whether the last line has room for the soft break.
    coded = b2a_qp(f"{lines}x".encode(), istext=True)[:-1]
    return (coded if coded.endswith(b"=\n") else coded + b"=\n").replace(b"\n", b"\r\n")
