"""Whether an answer is at all what was asked for: what is not is named, since a service may lie with status 200."""

import json
import re
from typing import Any

from papers.sources.base import SourceError

# What a proxy, a log-in or a notice of maintenance answers with.
WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
DOCUMENT_TYPE = re.compile(rb"<!(DOCTYPE|ENTITY)\b", re.IGNORECASE)


def refuse_html(body: bytes, service: str, expected: str) -> None:
    """Raise SourceError when `body` is a web page."""
    if WEB_PAGE.match(body):
        raise SourceError(f"{service} answered with HTML instead of {expected}.", permanent=False)


def read_json(body: bytes, service: str) -> Any:
    """Return `body` as JSON. Raises SourceError when it is something else.

    Bytes that are not UTF-8 become lone surrogates, and numbers beyond all counts infinite: whoever reads the rows
    refuses those that hold them, and only those.
    """
    refuse_html(body, service, "JSON")
    text = body.decode("utf-8-sig", "surrogateescape").rstrip()
    try:
        return json.loads(text, parse_int=_bounded_int)
    except (ValueError, RecursionError) as err:
        raise SourceError(f"{service} answered with {_why_not_json(text, err)}.", permanent=False) from err


def _why_not_json(text: str, err: Exception) -> str:
    if not text:
        return "nothing"
    if isinstance(err, json.JSONDecodeError) and (err.pos == len(text) or err.msg.startswith("Unterminated")):
        return "JSON that is cut off"
    return f"something that is not JSON ({err})"


def _bounded_int(digits: str) -> int | float:
    # Python refuses to read integers of thousands of digits.
    return int(digits) if len(digits) < 20 else float("inf")


def check_xml(body: bytes, service: str, root: str) -> None:
    """Raise SourceError when `body` is no whole XML document with the element `root`.

    Nor one that brings definitions of its own: feeds have none, and they are how XML is made to grow without bounds.
    """
    refuse_html(body, service, "XML")
    if not body.strip():
        raise SourceError(f"{service} answered with nothing.", permanent=False)
    if DOCUMENT_TYPE.search(body):
        raise SourceError(f"{service} answered with XML that has a document type of its own.", permanent=True)
    if f"<{root}".encode() not in body[:2000]:
        raise SourceError(f"{service} answered with something that is no <{root}>.", permanent=False)
    if not body.rstrip().endswith(f"</{root}>".encode()):
        raise SourceError(f"{service} answered with XML that is cut off.", permanent=False)
