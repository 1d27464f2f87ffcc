"""What was removed after its time, and what came by imports."""

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin

from newsletter.models import RetentionRun
from newsletter.retention import in_words as removed_in_words
from newsletter.undoing import Undone, try_undo, undo_import
from staff.asking import Question, ask, is_answered
from staff.pages import ReadOnly
from staff.paging import Long
from subscribers.models import ImportBatch

# Readers of imports that are undone at once: more takes longer than a request may.
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
        batches = [(batch, try_undo(batch)) for batch in queryset]
        size = sum(batch.created for batch, _ in batches)
        question = _question(batches)
        if size > MAX_UNDONE:
            told = f"{size:,} readers are too many for a page: run manage.py undo_import on the server."
            self.message_user(request, told, messages.WARNING)
        elif not is_answered(request, question):
            return ask(self, request, question)
        else:
            for batch, _ in batches:
                self._undo(request, batch)
        return None

    def _undo(self, request: HttpRequest, batch: ImportBatch) -> None:
        with transaction.atomic():
            undone = undo_import(batch, timezone.now())
            self.log_change(request, batch, f"Undone: {undone}.")
        self.message_user(request, f"{batch}: {undone}.", messages.SUCCESS)


def _question(batches: list[tuple[ImportBatch, Undone]]) -> Question:
    return Question(
        act="Undo",
        title="Undo imports",
        what="Readers who came with an import",
        warning="Those who have done nothing since are deleted. There is no way back.",
        lines=[
            f"{batch} ({batch.provenance}): to be deleted {would.deleted:,}, to be kept {would.kept:,}"
            for batch, would in batches
        ],
        back=reverse("admin:subscribers_importbatch_changelist"),
        typed=f"undo {sum(would.deleted for _, would in batches)}",
    )
