"""What was removed after its time, and what came by imports."""

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import ModelAdmin

from newsletter.models import RetentionRun
from newsletter.retention import in_words as removed_in_words
from newsletter.undoing import try_undo, undo_import
from staff.pages import ReadOnly
from staff.paging import Long
from subscribers.models import ImportBatch

# Readers of an import that is undone: more takes longer than a request may.
MAX_UNDONE = 10_000


@admin.register(RetentionRun)
class RetentionRunAdmin(Long, ReadOnly, ModelAdmin[RetentionRun]):
    """What was removed because it had been kept for long enough; runs that found nothing leave no row."""

    list_display = ["ran_at", "what"]
    list_filter = ["ran_at"]
    fields = ["ran_at", "what"]

    @admin.display(description="removed")
    def what(self, run: RetentionRun) -> str:
        return removed_in_words(run.removed)


@admin.register(ImportBatch)
class ImportBatchAdmin(Long, ReadOnly, ModelAdmin[ImportBatch]):
    list_display = ["__str__", "provenance", "started_at", "finished_at", "created", "skipped", "refused", "undone_at"]
    list_filter = ["started_at"]
    search_fields = ["provenance"]
    actions = ["undo"]

    def has_undo_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscribers.change_importbatch")

    @admin.action(description="Undo: delete readers who came with it and did nothing since", permissions=["undo"])
    def undo(self, request: HttpRequest, queryset: QuerySet[ImportBatch]) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            return self._ask(request, queryset)
        for batch in queryset:
            if batch.created > MAX_UNDONE:
                told = f"{batch} is too large for a page: run manage.py undo_import {batch.pk} on the server."
                self.message_user(request, told, messages.WARNING)
                continue
            undone = undo_import(batch, timezone.now())
            self.log_change(request, batch, f"Undone: {undone}.")
            self.message_user(request, f"{batch}: {undone}.", messages.SUCCESS)
        return None

    def _ask(self, request: HttpRequest, batches: QuerySet[ImportBatch]) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": "Undo imports",
            "opts": self.opts,
            "batches": [(batch, try_undo(batch)) for batch in batches],
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/newsletter/undo_imports.html", context)
