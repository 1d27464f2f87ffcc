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
    """Return `body` as JSON. Raises SourceError when it is something else."""
    refuse_html(body, service, "JSON")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as err:
        raise SourceError(f"{service} answered with JSON that is broken or cut off.", permanent=False) from err


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
