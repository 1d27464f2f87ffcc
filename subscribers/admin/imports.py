from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from papers.admin import ReadOnly
from subscribers.models import ImportBatch
from subscribers.undoing import undo_import

# More takes longer than a request may.
MAX_UNDONE = 10_000


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
