"""The digest as bytes: compiled once per edition, cut into pieces, joined for each reader.

`Edition.fragments` holds, for "html" and "text" alike, a head, a foot and a piece for each paper; in the pieces stand
marks, random so that no paper can contain one, where a reader's own words and links go. Between two marks "own" stands
what only the reader's own copy has.
"""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from mail.message import Body, Message, make_message
from mail.mjml import to_html
from newsletter.models import Delivery, Edition, EditionEntry
from papers.text import shorten
from papers.trending import in_words
from subscribers.links import absolute, preferences_token, unsubscribe_url
from subscribers.models import Subscriber
from subscribers.tokens import Purpose, make_token

OF_LINKS = (
    "site_url",
    "unsubscribe_url",
    "preferences_url",
    "web_copy_url",
    "saved_url",
    "interests_url",
    "feedback_url",
)
MARKS = ("reason", "count", "own", *OF_LINKS)
LIST_TAG = "daily"


@dataclass(frozen=True)
class Links:
    """Where the links of one copy lead. A public copy has none to say something of a paper, or to what was said.

    A paper's link to say something goes on, from `feedback_url`, with `/<paper>/<kind>`.
    """

    unsubscribe_url: str
    preferences_url: str
    web_copy_url: str
    saved_url: str = ""
    interests_url: str = ""
    feedback_url: str = ""


def compile_fragments(edition: Edition, entries: Sequence[EditionEntry]) -> dict[str, Any]:
    """Return the compiled mail of `edition` in pieces, as JSON can hold them. Raises mail.mjml.MjmlError."""
    marks = {name: f"mark-{name.replace('_', '-')}-{secrets.token_hex(8)}" for name in MARKS}
    cut = f"<!--cut-{secrets.token_hex(8)}-->"
    context = {
        "edition": edition,
        "entries": [{"entry": entry, "paper": entry.paper, "attention": in_words(entry.parts)} for entry in entries],
        "mark": marks,
        "cut": cut,
        # A mark too: the site may move before everybody has the mail.
        "site_url": marks["site_url"],
        "postal_address": settings.POSTAL_ADDRESS,
        "is_sample": any(entry.paper.is_sample for entry in entries),
    }
    keys = [str(entry.paper_id) for entry in entries]
    return {
        "marks": marks,
        "titles": {str(entry.paper_id): entry.paper.title for entry in entries},
        "html": _pieces(to_html(render_to_string("emails/digest.mjml", context)), cut, keys),
        "text": _pieces(render_to_string("emails/digest.txt", context), cut, keys),
    }


def _pieces(whole: str, cut: str, keys: Sequence[str]) -> dict[str, Any]:
    head, *papers, foot = whole.split(cut)
    return {"head": head, "papers": dict(zip(keys, papers, strict=True)), "foot": foot}


def render_digest(fragments: Mapping[str, Any], picks: Sequence[Mapping[str, Any]], links: Links) -> Body:
    """Return the digest with these picks, in their order. A pick that is not in the edition raises KeyError."""
    first = fragments["titles"][str(picks[0]["paper_id"])]
    more = len(picks) - 1
    return Body(
        subject=f"{shorten(first, 80)}, and {more} more" if more else shorten(first, 90),
        text=_join(fragments["text"], fragments["marks"], picks, links, str).strip() + "\n",
        html=_join(fragments["html"], fragments["marks"], picks, links, escape),
    )


def _join(
    pieces: Mapping[str, Any],
    marks: Mapping[str, str],
    picks: Sequence[Mapping[str, Any]],
    links: Links,
    encode: Callable[[str], str],
) -> str:
    count = "one paper" if len(picks) == 1 else f"{len(picks)} papers"
    papers = [
        pieces["papers"][str(pick["paper_id"])].replace(marks["reason"], encode(pick["reason"])) for pick in picks
    ]
    whole = "".join([pieces["head"], *papers, pieces["foot"]])
    values = {**vars(links), "own": "", "count": count, "site_url": settings.SITE_URL}
    # An edition that was compiled by an earlier version lacks some marks.
    known = {marks[name]: encode(value) for name, value in values.items() if name in marks}
    if "own" in marks and not links.feedback_url:
        whole = "".join(whole.split(marks["own"])[::2])
    # All at once: to go through the whole again for each mark would take more than twice as long.
    return re.compile("|".join(known)).sub(lambda found: known[found[0]], whole)


def personal_links(delivery: Delivery, reader: Subscriber) -> Links:
    """Return the links of the mailed copy. Their time is the edition's, so rendering again gives the same bytes."""
    at = delivery.edition.closing_at or delivery.due_at
    # Each signature takes time.
    preferences = preferences_token(reader, at)
    feedback = make_token(Purpose.FEEDBACK, f"{delivery.pk.hex}-{reader.link_version}", at)
    return Links(
        unsubscribe_url=unsubscribe_url(reader, at),
        preferences_url=absolute("preferences", preferences),
        web_copy_url=absolute("web_copy", make_token(Purpose.WEB_COPY, str(delivery.pk), at)),
        saved_url=absolute("saved", preferences),
        interests_url=absolute("interests", preferences),
        feedback_url=absolute("feedback", feedback, 0, "more").removesuffix("/0/more"),
    )


def public_links() -> Links:
    """Return the links of a copy that anybody may be looking at: none of them acts for the reader."""
    home = f"{settings.SITE_URL}/"
    return Links(unsubscribe_url=home, preferences_url=home, web_copy_url=home)


def digest_message(delivery: Delivery, reader: Subscriber) -> Message:
    """Return the mail of a delivery: each time the same parts and headers, but for the date it leaves."""
    links = personal_links(delivery, reader)
    return make_message(
        render_digest(delivery.edition.fragments, delivery.picks, links),
        to=reader.email,
        sender=settings.NEWSLETTER_FROM,
        reference=str(delivery.pk),
        tag=LIST_TAG,
        unsubscribe_url=links.unsubscribe_url,
    )
