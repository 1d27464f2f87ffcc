"""The digest: compiled once per edition, cut into pieces, joined for each reader (`newsletter.joining`).

`Edition.fragments` holds, for "html" and "text" alike, a head, a foot, what stands above a paper from outside a
reader's usual, what stands around papers that are only named, and for each paper a piece that shows and one that names
it. In the pieces stand marks, random so that no paper can contain one, where a reader's own words and links go. Between
two marks "own" stands what only the reader's own copy has, between two "public" what only a copy for others has.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from mail.headers import ListMail
from mail.message import Message, make_message
from mail.mjml import to_html
from newsletter.bounces import envelope_sender
from newsletter.joining import Chosen, CompiledDigest, JoinedBody, Links
from newsletter.models import Delivery, Edition, EditionEntry
from papers.shortening import shorten
from papers.trending import in_words
from subscribers.emails import LIST_TAG
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
MARKS = ("opening", "preheader", "count", "reason", "own", "public", *OF_LINKS)
# Characters of a title that is only named.
NAMED = 90


def compile_fragments(edition: Edition, entries: Sequence[EditionEntry]) -> dict[str, Any]:
    """Return the compiled mail of `edition` in pieces, as JSON can hold them. Raises mail.mjml.MjmlError."""
    marks = {name: f"mark-{name.replace('_', '-')}-{secrets.token_hex(8)}" for name in MARKS}
    cut = f"<!--cut-{secrets.token_hex(8)}-->"
    context = {
        "edition": edition,
        "entries": [_item(entry, marks["site_url"]) for entry in entries],
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
        "opening": edition.opening_line,
        "titles": {str(entry.paper_id): entry.paper.title for entry in entries},
        "html": _pieces(to_html(render_to_string("emails/digest.mjml", context)), cut, keys),
        "text": _pieces(render_to_string("emails/digest.txt", context), cut, keys),
    }


def _item(entry: EditionEntry, site_url: str) -> dict[str, Any]:
    """Return what the templates say of a paper, besides what it says itself."""
    paper = entry.paper
    attention = in_words(entry.parts)
    facts = (paper.primary_category, attention)
    return {
        "entry": entry,
        "paper": paper,
        "facts": " · ".join(fact for fact in facts if fact),
        # The first count, for where there is no room for more.
        "gain": attention.partition(",")[0],
        "url": paper.source_url or f"{site_url}{paper.get_absolute_url()}",
        "short_title": shorten(paper.title, NAMED),
    }


def _pieces(whole: str, cut: str, keys: Sequence[str]) -> dict[str, Any]:
    parts = iter(whole.split(cut))
    return {
        "head": next(parts),
        "papers": {key: next(parts) for key in keys},
        "outside": next(parts),
        "also_head": next(parts),
        "also": {key: next(parts) for key in keys},
        "also_foot": next(parts),
        "foot": next(parts),
    }


def render_digest(fragments: Mapping[str, Any], chosen: Chosen, links: Links) -> JoinedBody:
    """Return the digest of what was chosen, in its order. A paper that is not in the edition raises KeyError."""
    return CompiledDigest(fragments, is_own=bool(links.feedback_url)).join(chosen, links)


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


def digest_message(delivery: Delivery, reader: Subscriber, compiled: CompiledDigest, at: datetime) -> Message:
    """Return the mail of a delivery as it leaves `at`: for the same time the same bytes."""
    links = personal_links(delivery, reader)
    return make_message(
        compiled.join(delivery, links),
        to=reader.email,
        sender=settings.NEWSLETTER_FROM,
        reference=str(delivery.pk),
        tag=LIST_TAG,
        at=at,
        list_mail=ListMail(delivery.edition.period, links.unsubscribe_url, f"{settings.SITE_URL}{_archive()}"),
        bounce_address=envelope_sender(delivery.pk),
    )


@cache
def _archive() -> str:
    return reverse("editions")
