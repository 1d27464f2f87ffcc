from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from staff.paging import Long
from subscribers.addresses import fingerprint
from subscribers.forms.suppression import SuppressionForm
from subscribers.models import Suppression
from subscribers.optin import never_mail


@admin.register(Suppression)
class SuppressionAdmin(Long, ModelAdmin[Suppression]):
    """Addresses are known by their hashes alone; searching for an address tells whether it is one of them."""

    form = SuppressionForm
    list_display = ["short_hash", "reason", "at"]
    list_filter = ["reason", "at"]
    search_fields = ["address_hash"]
    search_help_text = "A whole address"
    sortable_by = ["at"]
    readonly_fields = ["short_hash", "reason", "at"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        """One at a time, and what the staff decided: readers and mail servers decided about the others."""
        is_ours = obj is not None and obj.reason == Suppression.Reason.MANUAL
        return is_ours and super().has_delete_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Suppression | None = None) -> Any:
        return ["short_hash", "reason", "at"] if obj else ["address"]

    def save_model(
        self, request: HttpRequest, obj: Suppression, form: forms.ModelForm[Suppression], change: bool
    ) -> None:
        address = form.cleaned_data["address"]
        never_mail(address, timezone.now())
        # For the history, and the page it leads to.
        stored = Suppression.objects.get(address_hash=fingerprint(address))
        obj.pk, obj.address_hash, obj.reason, obj.at = stored.pk, stored.address_hash, stored.reason, stored.at

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        return (queryset.filter(address_hash=fingerprint(search_term)) if search_term else queryset), False

    @admin.display(description="address")
    def short_hash(self, suppression: Suppression) -> str:
        return f"{suppression.address_hash[:12]}…"
