"""What editors do with an edition before it goes out, and what an operator sees of it afterwards."""

from itertools import chain
from typing import Any, TypedDict

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django_stubs_ext import WithAnnotations
from unfold.decorators import display

from newsletter.admin.deliveries import EditionFilter
from newsletter.admin.desk import adding, checking, entries, operating, page, previewing
from newsletter.admin.desk.answering import edition_at
from newsletter.admin.desk.page import show_desk
from newsletter.admin.edition_actions import OPERATORS_ACTIONS, EditionActions
from newsletter.admin.words import short
from newsletter.models import Delivery, Edition, EditionEntry
from staff.pages import Kept
from staff.paging import FiguredList
from subscribers.forms.start import is_row

EDITION_COLOURS: dict[str, str] = {
    Edition.Status.DRAFT: "info",
    Edition.Status.CLOSING: "warning",
    Edition.Status.CLOSED: "success",
    Edition.Status.CANCELLED: "danger",
}


class Counted(TypedDict):
    entry_count: int


def _count(rows: QuerySet[Any]) -> Coalesce:
    """Return how many of `rows` an edition has, counted as rows, so that the index alone is read.

    A subquery each: one join of entries and deliveries would multiply.
    """
    of_edition = rows.filter(edition=OuterRef("pk")).order_by().values("edition")
    return Coalesce(Subquery(of_edition.annotate(count=Count("*")).values("count")), 0)


@admin.register(Edition)
class EditionAdmin(Kept, EditionActions):
    """While it is a draft, editors arrange its entries. What is there at closing goes out."""

    list_display = ["__str__", "short_status", "closes_at", "paused_at", "entry_count", "audience", "ledger"]
    list_filter = ["status", "kind"]
    search_fields = ["period"]
    list_per_page = 30
    actions = OPERATORS_ACTIONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Edition]:
        return super().get_queryset(request).defer("fragments")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FiguredList]:
        return FiguredList

    def with_figures(self, editions: QuerySet[Edition]) -> QuerySet[Edition]:
        counts = {f"{status}_count": _count(Delivery.objects.filter(status=status)) for status in Delivery.Status}
        return editions.defer("fragments").annotate(entry_count=_count(EditionEntry.objects.all()), **counts)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The desk; what is changed there is sent to addresses of its own."""
        edition = edition_at(self, request, int(object_id) if is_row(object_id) else 0)
        return show_desk(request, edition, admin=self)

    def get_urls(self) -> list[URLPattern]:
        desk = (page, entries, adding, previewing, checking, operating)
        return [*chain.from_iterable(part.urls(self) for part in desk), *super().get_urls()]

    @display(description="status", ordering="status", label=EDITION_COLOURS)
    def short_status(self, edition: Edition) -> tuple[str, str]:
        return edition.status, short(edition.get_status_display())

    @admin.display(description="entries")
    def entry_count(self, edition: "WithAnnotations[Edition, Counted]") -> int:
        return edition.entry_count

    @admin.display(description="deliveries")
    def ledger(self, edition: Edition) -> str:
        counts = {short(status.label).lower(): getattr(edition, f"{status}_count") for status in Delivery.Status}
        words = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        if not words:
            return ""
        url = reverse("admin:newsletter_delivery_changelist", query={EditionFilter.parameter_name: edition.period})
        return format_html('<a href="{}" class="text-link">{}</a>', url, words)
