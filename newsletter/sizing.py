"""How large a digest of an edition can get. Pure: compiled pieces in, copies and bytes out."""

from collections.abc import Mapping
from typing import Any

from newsletter.joining import CompiledDigest, JoinedBody, Links
from newsletter.reasons import Basis
from newsletter.selection import ALSO

# Characters of a reason, and of a link with a token, as long as they come.
LONG_REASON, LONG_LINK = 200, 160


class Copy:
    """What a digest is made of that no reader may ever get, but that holds what is asked of it."""

    def __init__(self, shown: list[str], named: list[str], reason: str) -> None:
        bases = [Basis.TRENDING] * len(shown[1:]) + [Basis.OUTSIDE] * len(shown[:1])
        self.picks = [
            {"paper_id": paper, "reason": reason, "basis": basis} for paper, basis in zip(shown, bases, strict=True)
        ]
        self.also = [int(paper) for paper in named]


def copy_of_all(fragments: Mapping[str, Any], links: Links) -> JoinedBody:
    """Return a public copy that shows, and names, every paper of the edition."""
    papers = list(fragments["titles"])
    return CompiledDigest(fragments, is_own=False).join(Copy(papers, papers, reason=""), links)


def largest_html(fragments: Mapping[str, Any], papers: int) -> int:
    """Return the bytes of the HTML of the largest digest with up to so many papers: the longest ones of the edition."""
    pieces = fragments["html"]["papers"]
    longest = sorted(pieces, key=lambda paper: len(pieces[paper].encode()), reverse=True)
    shown, left = longest[:papers], longest[papers:]
    names = fragments["html"]["also"]
    named = sorted(left, key=lambda paper: len(names[paper].encode()), reverse=True)[:ALSO]
    link = "x" * LONG_LINK
    links = Links(*[link] * 6)
    digest = CompiledDigest(fragments, is_own=True).join(Copy(shown, named, "x" * LONG_REASON), links)
    return len(digest.html.encode())
