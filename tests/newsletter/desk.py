"""The desk of a draft, for tests."""

from typing import Any

from django.test import Client

from newsletter.editions import set_places
from newsletter.models import Edition, EditionEntry
from papers.models import Paper
from tests.factories import make_edition, make_paper

EDITIONS = "/admin/newsletter/edition/"
HTMX = {"HX-Request": "true"}


def make_draft(*papers: Paper, **fields: Any) -> Edition:
    """A draft with these papers in this order, each at its place."""
    draft = make_edition(*papers, status=Edition.Status.DRAFT, **fields)
    set_places(draft)
    return draft


def draft_of(*titles: str, **fields: Any) -> Edition:
    return make_draft(*(make_paper(title=title) for title in titles), **fields)


def titles(draft: Edition) -> list[str]:
    """What goes out, in order."""
    return [entry.paper.title for entry in draft.entries.going_out()]


def entry_of(draft: Edition, title: str) -> EditionEntry:
    return draft.entries.get(paper__title=title)


def desk(edition: Edition) -> str:
    return f"{EDITIONS}{edition.pk}/change/"


def step_url(entry: EditionEntry, step: str) -> str:
    return f"{EDITIONS}{entry.edition_id}/entries/{entry.pk}/{step}/"


def press(client: Client, entry: EditionEntry, step: str, **fields: object) -> str:
    """Press a button of an entry without script; return what the page then says."""
    return said(client.post(step_url(entry, step), fields, follow=True))


def said(page: Any) -> str:
    return " ".join(str(message) for message in page.context["messages"])
