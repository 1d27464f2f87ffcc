"""Nobody is tracked: a mail loads nothing, and its links lead where they say."""

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve

from tests.every_mail import SITE, Mail
from tests.judges.verdicts import Finding, Verdict

LOADING_ELEMENTS = {"audio", "embed", "iframe", "img", "link", "object", "picture", "script", "source", "svg", "video"}
LOADING_ATTRIBUTES = {"background", "data", "ping", "poster", "src", "srcset"}
LOADING_CSS = re.compile(r"url\s*\(|@import|@font-face|image-set", re.IGNORECASE)


class _Reader(HTMLParser):
    """Collects where links lead, and what a mail program would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = [found.group() for found in LOADING_CSS.finditer(html)]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag in LOADING_ELEMENTS:
            self.loaded.append(f"<{tag}>")
        self.loaded += [f"{tag} {name}={value}" for name, value in attrs if name in LOADING_ATTRIBUTES]


def judge(mails: Sequence[Mail]) -> Verdict:
    """Find whatever is loaded, and links that are neither a page of ours nor a paper's own address, unchanged."""
    findings: list[Finding] = []
    count = 0
    for mail in mails:
        read = _Reader(mail.html)
        count += len(read.links)
        findings += [Finding(mail.name, f"loads {what}") for what in read.loaded]
        findings += [Finding(mail.name, wrong) for link in read.links for wrong in _wrong(link, mail)]
    loading = sum(found.what.startswith("loads") for found in findings)
    return Verdict(
        findings, f"links: {loading} loaded from anywhere, {len(findings) - loading} of {count} links astray"
    )


def _wrong(link: str, mail: Mail) -> Iterator[str]:
    if link in mail.elsewhere:
        return
    if not link.startswith(f"{SITE}/"):
        yield f"leads elsewhere: {link}"
        return
    parts = urlsplit(link)
    if parts.query or parts.fragment:
        yield f"carries something: {link}"
    try:
        resolve(parts.path)
    except Resolver404:
        # So would one that lacks its last slash, and be answered with a redirect.
        yield f"leads to no page of ours: {link}"
