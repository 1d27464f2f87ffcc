from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsletter.models import ON_PAGE, Delivery, Edition, EditionEntry
from newsletter.pages import closed_edition
from newsletter.rendering import public_links, render_digest
from papers.keeping import public_page
from papers.links import absolute
from papers.models import Paper
from papers.paging import address_of, page_of
from papers.trending import in_words
from subscribers.pages import page_by_token
from subscribers.tokens import LinkInvalid, Purpose, read_token

PAGE_SIZE = 20
LEADS = 3


class Shown(NamedTuple):
    """An entry of an edition as its page shows it."""

    paper: Paper
    attention: str
    note: str


class Summary(NamedTuple):
    """An edition in the archive: the titles of its first papers, and how many more its page has."""

    edition: Edition
    leads: list[str]
    more: int


@public_page(reads=["page"])
def show_editions(request: HttpRequest) -> HttpResponse:
    page = page_of(Edition.objects.archive(), PAGE_SIZE, request)
    titles = EditionEntry.objects.filter(edition__in=list(page)).titles()
    summaries = [_summarise(edition, titles[edition.pk][:ON_PAGE]) for edition in page]
    context = {"page": page, "editions": summaries, "canonical": address_of(page, request.path)}
    return render(request, "newsletter/editions.html", context)


def _summarise(edition: Edition, titles: list[str]) -> Summary:
    return Summary(edition, titles[:LEADS], len(titles[LEADS:]))


@public_page()
def show_edition(request: HttpRequest, period: str) -> HttpResponse:
    edition = closed_edition(period)
    entries = [Shown(entry.paper, in_words(entry.parts), entry.note) for entry in edition.entries.on_page()]
    of_kind = Edition.objects.archive().filter(kind=edition.kind)
    context = {
        "edition": edition,
        "entries": entries,
        "lead": "; ".join(entry.paper.title for entry in entries[:LEADS]),
        "before": of_kind.filter(period__lt=period).first(),
        "after": of_kind.filter(period__gt=period).last(),
        "has_sample": any(entry.paper.is_sample for entry in entries),
        "canonical": absolute(request.path),
    }
    return render(request, "newsletter/edition.html", context)


@page_by_token
@require_safe
def web_copy(request: HttpRequest, token: str) -> HttpResponse:
    delivery_id = read_token(Purpose.WEB_COPY, token, timezone.now())
    delivery = Delivery.objects.filter(pk=delivery_id).select_related("edition").first()
    if delivery is None or not delivery.picks:
        raise LinkInvalid(Purpose.WEB_COPY)
    # Such links are passed on, so the page holds none that acts for the reader.
    return HttpResponse(render_digest(delivery.edition.fragments, delivery, public_links()).html)
