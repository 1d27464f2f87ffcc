"""The editions as feeds."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from newsletter.header_note import paragraphs_of
from newsletter.models import Edition, EditionEntry
from newsletter.pages import closed_edition
from papers.feeds import Item, Listing, about, answer, paragraphs
from papers.keeping import public_page
from papers.trending import in_words

SIZE = 30


@public_page()
def editions(request: HttpRequest, form: str) -> HttpResponse:
    found = list(Edition.objects.archive()[:SIZE])
    titles = EditionEntry.objects.filter(edition__in=found).titles()
    listing = Listing(
        title="Paper Route: editions",
        description="What the digests were chosen from.",
        path=reverse("editions"),
        items=[_item(edition, titles[edition.pk]) for edition in found],
    )
    return answer(listing, request, form)


def _item(edition: Edition, titles: list[str]) -> Item:
    return Item(
        title=edition.title,
        path=reverse("edition", args=[edition.period]),
        html=paragraphs(edition.opening_line, *paragraphs_of(edition.header_note), *titles),
        at=edition.closing_at or edition.closes_at,
    )


@public_page()
def edition(request: HttpRequest, period: str, form: str) -> HttpResponse:
    found = closed_edition(period)
    closed_at = found.closing_at or found.closes_at
    entries = found.entries.on_page()
    listing = Listing(
        title=f"Paper Route: {found.title}",
        description="The papers of this edition, as they stood when it closed.",
        path=reverse("edition", args=[found.period]),
        items=[about(entry.paper, attention=in_words(entry.parts), note=entry.note, at=closed_at) for entry in entries],
    )
    return answer(listing, request, form)
