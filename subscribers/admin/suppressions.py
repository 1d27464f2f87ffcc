from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from subscribers.addresses import fingerprint
from subscribers.models import Suppression


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin[Suppression]):
    """Addresses are known by their hashes alone; searching for an address tells whether it is one of them."""

    list_display = ["short_hash", "reason", "at"]
    list_filter = ["reason", "at"]
    search_fields = ["address_hash"]
    search_help_text = "A whole address"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        return (queryset.filter(address_hash=fingerprint(search_term)) if search_term else queryset), False

    @admin.display(description="address")
    def short_hash(self, suppression: Suppression) -> str:
        return f"{suppression.address_hash[:12]}…"
