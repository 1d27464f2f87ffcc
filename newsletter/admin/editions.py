"""What editors do with an edition before it goes out, and what an operator sees of it afterwards."""

from typing import Any, TypedDict

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django_stubs_ext import WithAnnotations
from unfold.decorators import display

from newsletter.admin.deliveries import EditionFilter
from newsletter.admin.edition_actions import OPERATORS_ACTIONS, EditionActions, warn
from newsletter.admin.entries import EntryInline, NewEntryInline
from newsletter.admin.words import short
from newsletter.editions import close_edition, place_last
from newsletter.models import Alert, Delivery, Edition, EditionEntry, EditionQuerySet
from newsletter.progress import progress_of
from staff.pages import Kept

EDITION_COLOURS: dict[str, str] = {
    Edition.Status.DRAFT: "info",
    Edition.Status.CLOSING: "warning",
    Edition.Status.CLOSED: "success",
    Edition.Status.CANCELLED: "danger",
}


class Counted(TypedDict):
    entry_count: int


def _count(rows: QuerySet[Any]) -> Coalesce:
    """Return how many of `rows` an edition has. A subquery each: one join of entries and deliveries would multiply."""
    of_edition = rows.filter(edition=OuterRef("pk")).order_by().values("edition")
    return Coalesce(Subquery(of_edition.annotate(count=Count("pk")).values("count")), 0)


@admin.register(Edition)
class EditionAdmin(Kept, EditionActions):
    """While it is a draft, editors arrange its entries. What is there at closing goes out."""

    list_display = ["__str__", "short_status", "closes_at", "paused_at", "entry_count", "audience", "ledger"]
    list_filter = ["status", "kind"]
    search_fields = ["period"]
    list_per_page = 30
    actions = ["close_now", *OPERATORS_ACTIONS]
    change_form_outer_before_template = "admin/newsletter/progress.html"
    inlines = [NewEntryInline, EntryInline]
    readonly_fields = ["status", "closes_at", "closed_at", "paused_at", "audience", "ledger"]
    fields = [("status", "paused_at"), ("closes_at", "closed_at"), ("audience", "ledger")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Edition]:
        counts = {f"{status}_count": _count(Delivery.objects.filter(status=status)) for status in Delivery.Status}
        editions = super().get_queryset(request).defer("fragments")
        return editions.annotate(entry_count=_count(EditionEntry.objects.all()), **counts)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        edition = self.get_queryset(request).filter(pk=object_id).first() if object_id.isdecimal() else None
        progress = progress_of(edition, timezone.now()) if edition else None
        # Why it is paused stands among the next steps.
        alerts = edition and Alert.objects.standing().filter(edition=edition).exclude(text=edition.pause_reason)
        context = {"progress": progress, "alerts": alerts} | (extra_context or {})
        return super().change_view(request, object_id, form_url, context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Edition | None:
        edition = super().get_object(request, object_id, from_field)
        if edition is not None and request.method == "POST":
            # Closing and refreshing wait until what was typed is stored, or have happened and are seen here.
            edition.refresh_from_db(fields=["status"], from_queryset=Edition.objects.select_for_update())
        return edition

    def has_change_permission(self, request: HttpRequest, obj: Edition | None = None) -> bool:
        return (obj is None or obj.is_draft) and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Edition, form: forms.ModelForm[Edition], change: bool) -> None:
        """Save nothing: the form has the edition's entries only, and its other columns belong to closing."""

    def save_formset(
        self,
        request: HttpRequest,
        form: forms.ModelForm[Edition],
        formset: BaseInlineFormSet[EditionEntry, Edition, forms.ModelForm[EditionEntry]],
        change: bool,
    ) -> None:
        for entry in formset.save(commit=False):
            if entry._state.adding:
                place_last(entry)
            entry.save()

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

    @admin.action(description="Close now", permissions=["change"])
    def close_now(self, request: HttpRequest, queryset: EditionQuerySet) -> None:
        at = timezone.now()
        for edition in queryset:
            if not edition.is_draft:
                warn(self, request, f"{edition} is not a draft, and only a draft can be closed.")
                continue
            close_edition(edition.pk, at)
            edition.refresh_from_db(fields=["status", "audience"])
            if edition.status == Edition.Status.CANCELLED:
                warn(self, request, f"{edition} has no papers to show and is cancelled.")
            else:
                self.message_user(request, f"{edition} is closed. Readers: {edition.audience}.", messages.SUCCESS)
