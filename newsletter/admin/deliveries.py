"""The ledger as an operator sees it: each delivery, and what became of it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from newsletter.admin.words import short
from newsletter.models import Delivery, DeliveryEvent, Edition
from papers.models import Paper
from staff.pages import ReadOnly
from staff.paging import Long
from subscribers.models import Subscriber

DELIVERY_COLOURS: dict[str, str] = {
    Delivery.Status.QUEUED: "info",
    Delivery.Status.CLAIMED: "info",
    Delivery.Status.HANDED_OVER: "warning",
    Delivery.Status.ACCEPTED: "success",
    Delivery.Status.FAILED: "danger",
    Delivery.Status.UNKNOWN: "danger",
    Delivery.Status.SKIPPED: "warning",
}


class EditionFilter(admin.SimpleListFilter):
    """The latest editions. Django's own filter would load every edition there is, with its compiled mail."""

    title = "edition"
    parameter_name = "edition"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return [(period, period) for period in Edition.objects.values_list("period", flat=True)[:30]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(edition__period=self.value()) if self.value() else queryset


class EventInline(ReadOnly, TabularInline[DeliveryEvent, Delivery]):
    """What the mail provider told of it afterwards."""

    model = DeliveryEvent
    verbose_name_plural = "what the mail provider told"
    fields = ["received_at", "happened_at", "kind", "provider", "is_permanent", "detail", "processed_at"]
    hide_title = True


@admin.register(Delivery)
class DeliveryAdmin(Long, ReadOnly, ModelAdmin[Delivery]):
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
    inlines = [EventInline]
    list_filter = ["status", "skip_reason", EditionFilter]
    list_select_related = ["edition", "subscriber"]
    search_fields = ["=id"]
    search_help_text = "The id of a delivery, or the whole address of a reader"
    # By other columns it would take a second to sort a million.
    sortable_by = ["due_at"]
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
        "delivered_at",
        "bounced_at",
        "complained_at",
        "chosen_papers",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).defer("picks", "also", "edition__fragments")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        # Whether id or address is known from the term: to ask for either at once is to read the whole ledger.
        term = search_term.strip()
        if not term:
            return queryset, False
        if "@" in term:
            return queryset.filter(subscriber__in=Subscriber.objects.with_address(term).values("pk")), False
        try:
            return queryset.filter(pk=UUID(term)), False
        except ValueError:
            return queryset.none(), False

    @admin.display(description="reader")
    def reader(self, delivery: Delivery) -> Subscriber | None:
        return delivery.subscriber

    @display(description="status", label=DELIVERY_COLOURS)
    def short_status(self, delivery: Delivery) -> tuple[str, str]:
        return delivery.status, short(delivery.get_status_display())

    @admin.display(description="papers, and why")
    def chosen_papers(self, delivery: Delivery) -> str:
        papers = Paper.objects.in_bulk([pick["paper_id"] for pick in delivery.picks])
        return "\n".join(
            f"{place}. {papers.get(pick['paper_id'], 'a paper that is gone')} ({pick['reason']})"
            for place, pick in enumerate(delivery.picks, start=1)
        )
