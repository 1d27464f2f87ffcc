"""Reads a feed as strictly as RFC 4287 (Atom) and the RSS 2.0 specification ask, with nothing but an XML parser."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Checked:
    """What a valid feed says."""

    title: str
    own_address: str
    page: str
    changed_at: datetime
    entries: list["Entry"]


@dataclass(frozen=True)
class Entry:
    id: str
    title: str
    page: str
    html: str
    at: datetime
    authors: list[str]


def check(body: bytes) -> Checked:
    """Return what the feed says. Raises AssertionError where it breaks a rule, ParseError where it is no XML."""
    assert CONTROLS.search(body) is None
    root = ET.fromstring(body)  # noqa: S314  our own answer
    return _check_atom(root) if root.tag == f"{ATOM}feed" else _check_rss(root)


def _one(element: ET.Element, tag: str) -> str:
    """The text of an element that must be there exactly once, and say something."""
    found = element.findall(tag)
    assert len(found) == 1, (tag, len(found))
    text = found[0].text or ""
    assert text.strip(), tag
    return text


def _link(element: ET.Element, rel: str) -> str:
    found = [link.attrib["href"] for link in element.findall(f"{ATOM}link") if link.get("rel", "alternate") == rel]
    assert len(found) == 1, rel
    return _address(found[0])


def _address(text: str) -> str:
    parts = urlsplit(text)
    assert parts.scheme in {"http", "https"}, text
    assert parts.netloc, text
    assert text.isascii(), text
    assert not re.search(r"\s", text), text
    return text


def _time(text: str) -> datetime:
    assert RFC_3339.fullmatch(text), text
    return datetime.fromisoformat(text)


def _check_atom(feed: ET.Element) -> Checked:
    # RFC 4287, 4.1.1: one id, one title, one updated; an author on the feed or on every entry; a self link.
    assert _address(_one(feed, f"{ATOM}id"))
    has_author = feed.find(f"{ATOM}author") is not None
    entries = [_atom_entry(entry, has_author) for entry in feed.findall(f"{ATOM}entry")]
    ids = [entry.id for entry in entries]
    assert len(set(ids)) == len(ids), "two entries with one id"
    return Checked(
        title=_one(feed, f"{ATOM}title"),
        own_address=_link(feed, "self"),
        page=_link(feed, "alternate"),
        changed_at=_time(_one(feed, f"{ATOM}updated")),
        entries=entries,
    )


def _atom_entry(entry: ET.Element, feed_has_author: bool) -> Entry:
    # 4.1.2: one id, one title, one updated; an alternate link where there is no content.
    authors = [_one(author, f"{ATOM}name") for author in entry.findall(f"{ATOM}author")]
    assert authors or feed_has_author
    title = entry.find(f"{ATOM}title")
    assert title is not None
    assert title.get("type", "text") == "text"
    summaries = entry.findall(f"{ATOM}summary")
    assert len(summaries) <= 1
    assert all(summary.get("type") == "html" for summary in summaries)
    _time(_one(entry, f"{ATOM}published"))
    return Entry(
        id=_address(_one(entry, f"{ATOM}id")),
        title=_one(entry, f"{ATOM}title"),
        page=_link(entry, "alternate"),
        html=(summaries[0].text or "") if summaries else "",
        at=_time(_one(entry, f"{ATOM}updated")),
        authors=authors,
    )


def _check_rss(rss: ET.Element) -> Checked:
    assert (rss.tag, rss.get("version")) == ("rss", "2.0")
    channels = rss.findall("channel")
    assert len(channels) == 1
    channel = channels[0]
    _one(channel, "description")
    items = [_rss_item(item) for item in channel.findall("item")]
    ids = [item.id for item in items]
    assert len(set(ids)) == len(ids), "two items with one guid"
    return Checked(
        title=_one(channel, "title"),
        own_address=_link(channel, "self"),
        page=_address(_one(channel, "link")),
        changed_at=parsedate_to_datetime(_one(channel, "lastBuildDate")),
        entries=items,
    )


def _rss_item(item: ET.Element) -> Entry:
    # An author of RSS is an address of mail, which nobody here has; dc:creator is a name.
    assert item.find("author") is None
    guid = item.find("guid")
    assert guid is not None
    if guid.get("isPermaLink", "true") == "true":
        _address(guid.text or "")
    published = _one(item, "pubDate")
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", published), published
    return Entry(
        id=_one(item, "guid"),
        title=_one(item, "title"),
        page=_address(_one(item, "link")),
        html=item.findtext("description") or "",
        at=parsedate_to_datetime(published),
        authors=[creator.text or "" for creator in item.findall(f"{DC}creator")],
    )
