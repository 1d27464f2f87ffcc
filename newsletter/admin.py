"""What editors do with an edition before it goes out, and what an operator sees of it afterwards."""

from collections.abc import Iterable
from typing import Any, TypedDict

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django_stubs_ext import WithAnnotations
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from newsletter.editions import close_edition, place_last
from newsletter.models import Delivery, Edition, EditionEntry, EditionQuerySet, RetentionRun
from newsletter.retention import in_words as removed_in_words
from newsletter.undoing import undo_import
from papers.admin import Kept, ReadOnly
from papers.models import Paper
from papers.trending import in_words
from subscribers.models import ImportBatch, Subscriber

EDITION_COLOURS: dict[str, str] = {
    Edition.Status.DRAFT: "info",
    Edition.Status.CLOSING: "warning",
    Edition.Status.CLOSED: "success",
    Edition.Status.CANCELLED: "danger",
}
DELIVERY_COLOURS: dict[str, str] = {
    Delivery.Status.QUEUED: "info",
    Delivery.Status.CLAIMED: "info",
    Delivery.Status.HANDED_OVER: "warning",
    Delivery.Status.ACCEPTED: "success",
    Delivery.Status.FAILED: "danger",
    Delivery.Status.UNKNOWN: "danger",
    Delivery.Status.SKIPPED: "warning",
}

# Readers of an import that is undone: more takes longer than a request may.
MAX_UNDONE = 10_000


class EntryForm(forms.ModelForm[EditionEntry]):
    def clean(self) -> None:
        # A draft follows the scores, also while somebody has the page open.
        if self.instance._state.adding:
            self.errors.pop("id", None)
            if set(self.changed_data) - {"id"}:
                raise forms.ValidationError("This paper has left the draft; add it again.")


class EntryInline(Kept, TabularInline[EditionEntry, Edition]):
    model = EditionEntry
    form = EntryForm
    verbose_name_plural = "papers, in the order in which they go out"
    fields = ["paper", "rank", "points", "attention", "goes_out", "position", "is_pinned", "is_hidden", "note"]
    readonly_fields = ["paper", "rank", "points", "attention", "goes_out"]
    extra = 0
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[EditionEntry]:
        return EditionEntry.objects.in_order().select_related("paper")

    @admin.display(description="score")
    def points(self, entry: EditionEntry) -> str:
        # A row whose paper has left the draft is shown without one.
        return "" if entry._state.adding else f"{entry.score:.2f}"

    @admin.display(description="attention")
    def attention(self, entry: EditionEntry) -> str:
        return in_words(entry.parts)

    @admin.display(description="goes out", boolean=True)
    def goes_out(self, entry: EditionEntry) -> bool:
        return not (entry.is_hidden or entry.paper.is_hidden)


class NewEntryForm(forms.ModelForm[EditionEntry]):
    def clean_paper(self) -> Paper:
        paper: Paper = self.cleaned_data["paper"]
        if EditionEntry.objects.filter(edition=self.instance.edition_id, paper=paper).exists():
            raise forms.ValidationError("The edition has this paper already.")
        if paper.is_hidden:
            raise forms.ValidationError("This paper is hidden everywhere; unhide it first.")
        return paper


class NewEntryInline(TabularInline[EditionEntry, Edition]):
    """A place of its own for new entries, so that a paper is chosen here and never exchanged below."""

    model = EditionEntry
    form = NewEntryForm
    verbose_name = "paper"
    verbose_name_plural = "add papers"
    fields = ["paper", "position", "is_pinned", "note"]
    autocomplete_fields = ["paper"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[EditionEntry]:
        return EditionEntry.objects.none()

    def has_add_permission(self, request: HttpRequest, obj: Edition | None = None) -> bool:
        return obj is not None and obj.is_draft and super().has_add_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Edition | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Edition | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Edition | None = None) -> bool:
        return False


class Counted(TypedDict):
    entry_count: int


def _count(rows: QuerySet[Any]) -> Coalesce:
    """Return how many of `rows` an edition has. A subquery each: one join of entries and deliveries would multiply."""
    of_edition = rows.filter(edition=OuterRef("pk")).order_by().values("edition")
    return Coalesce(Subquery(of_edition.annotate(count=Count("pk")).values("count")), 0)


@admin.register(Edition)
class EditionAdmin(Kept, ModelAdmin[Edition]):
    """While it is a draft, editors arrange its entries. What is there at closing goes out."""

    list_display = ["__str__", "short_status", "closes_at", "paused_at", "entry_count", "audience", "ledger"]
    list_filter = ["status", "kind"]
    search_fields = ["period"]
    list_per_page = 30
    actions = ["close_now", "pause", "resume"]
    inlines = [NewEntryInline, EntryInline]
    readonly_fields = ["status", "closes_at", "closed_at", "paused_at", "audience", "ledger"]
    fields = [("status", "paused_at"), ("closes_at", "closed_at"), ("audience", "ledger")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Edition]:
        counts = {f"{status}_count": _count(Delivery.objects.filter(status=status)) for status in Delivery.Status}
        editions = super().get_queryset(request).defer("fragments")
        return editions.annotate(entry_count=_count(EditionEntry.objects.all()), **counts)

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
        return edition.status, _short(edition.get_status_display())

    @admin.display(description="entries")
    def entry_count(self, edition: "WithAnnotations[Edition, Counted]") -> int:
        return edition.entry_count

    @admin.display(description="deliveries")
    def ledger(self, edition: Edition) -> str:
        counts = {_short(status.label).lower(): getattr(edition, f"{status}_count") for status in Delivery.Status}
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
                self._warn(request, f"{edition} is not a draft, and only a draft can be closed.")
                continue
            close_edition(edition.pk, at)
            edition.refresh_from_db(fields=["status", "audience"])
            if edition.status == Edition.Status.CANCELLED:
                self._warn(request, f"{edition} has no papers to show and is cancelled.")
            else:
                self.message_user(request, f"{edition} is closed. Readers: {edition.audience}.", messages.SUCCESS)

    @admin.action(description="Pause sending", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: EditionQuerySet) -> None:
        at = timezone.now()
        for edition in queryset:
            if edition.pause(at):
                self.message_user(request, f"{edition} is paused.", messages.SUCCESS)
            else:
                self._warn(request, f"{edition} is not paused: only a closed edition that is being sent can be.")

    @admin.action(description="Resume sending", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: EditionQuerySet) -> None:
        at = timezone.now()
        for edition in queryset:
            if edition.resume(at):
                self.message_user(request, f"{edition} is being sent again.", messages.SUCCESS)
            else:
                self._warn(request, f"{edition} is not resumed: only a paused edition can be.")

    def _warn(self, request: HttpRequest, text: str) -> None:
        self.message_user(request, text, messages.WARNING)


class EditionFilter(admin.SimpleListFilter):
    """The latest editions. Django's own filter would load every edition there is, with its compiled mail."""

    title = "edition"
    parameter_name = "edition"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return [(period, period) for period in Edition.objects.values_list("period", flat=True)[:30]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(edition__period=self.value()) if self.value() else queryset


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, ModelAdmin[Delivery]):
    list_display = [
        "id",
        "edition",
        "reader",
        "short_status",
        "due_at",
        "settled_at",
        "skip_reason",
        "detail",
    ]
    list_filter = ["status", "skip_reason", EditionFilter]
    list_select_related = ["edition", "subscriber"]
    search_fields = ["=id", "=subscriber__email"]
    search_help_text = "The id of a delivery, or the whole address of a reader"
    show_full_result_count = False
    fields = [
        "id",
        "edition",
        "subscriber",
        "status",
        "due_at",
        "next_attempt_at",
        "attempts",
        "handed_over_at",
        "settled_at",
        "skip_reason",
        "detail",
        "provider_message_id",
        "chosen_papers",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).defer("picks", "edition__fragments")

    @admin.display(description="reader", ordering="subscriber")
    def reader(self, delivery: Delivery) -> Subscriber | None:
        return delivery.subscriber

    @display(description="status", ordering="status", label=DELIVERY_COLOURS)
    def short_status(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.status, _short(delivery.get_status_display())

    @admin.display(description="papers, and why")
    def chosen_papers(self, delivery: Delivery) -> str:
        papers = Paper.objects.in_bulk([pick["paper_id"] for pick in delivery.picks])
        return "\n".join(
            f"{place}. {papers.get(pick['paper_id'], 'a paper that is gone')} ({pick['reason']})"
            for place, pick in enumerate(delivery.picks, start=1)
        )


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnly, ModelAdmin[RetentionRun]):
    """What was removed because it had been kept for long enough; runs that found nothing leave no row."""

    list_display = ["ran_at", "what"]
    list_filter = ["ran_at"]
    fields = ["ran_at", "what"]

    @admin.display(description="removed")
    def what(self, run: RetentionRun) -> str:
        return removed_in_words(run.removed)


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnly, ModelAdmin[ImportBatch]):
    list_display = ["__str__", "provenance", "started_at", "finished_at", "created", "skipped", "refused", "undone_at"]
    list_filter = ["started_at"]
    search_fields = ["provenance"]
    actions = ["undo"]

    def has_undo_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscribers.change_importbatch")

    @admin.action(description="Undo: delete readers who came with it and did nothing since", permissions=["undo"])
    def undo(self, request: HttpRequest, queryset: QuerySet[ImportBatch]) -> None:
        for batch in queryset:
            if batch.created > MAX_UNDONE:
                told = f"{batch} is too large for a page: run manage.py undo_import {batch.pk} on the server."
                self.message_user(request, told, messages.WARNING)
                continue
            undone = undo_import(batch, timezone.now())
            self.log_change(request, batch, f"Undone: {undone}.")
            self.message_user(request, f"{batch}: {undone}.", messages.SUCCESS)


def _short(label: str) -> str:
    """Return the name of a state without what it means."""
    return label.partition(":")[0]
