"""Readers in and out by file: the pages of django-import-export over the engine that the commands use."""

import base64
import io
import logging
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from import_export.admin import ImportExportMixin
from import_export.fields import Field
from import_export.formats.base_formats import CSV, JSON
from import_export.resources import Resource
from tablib import Dataset
from unfold.admin import ModelAdmin
from unfold.contrib.import_export.forms import ExportForm

from subscribers.columns import COLUMNS
from subscribers.exporting import rows_of, write_csv
from subscribers.forms.importing import ConfirmImportForm, ImportForm
from subscribers.importing import ImportStopped, Refusal, import_readers, open_readers, try_import
from subscribers.models import ImportBatch, Subscriber
from subscribers.refused import as_csv
from subscribers.tables import FileUnreadable

logger = logging.getLogger(__name__)

# More takes longer, and more memory, than a request should.
MAX_EXPORT = 20_000
REFUSALS_SHOWN = 50


class SafeCSV(CSV):
    """CSV that no spreadsheet runs as formulas: the library's own way takes characters off, ours comes back whole."""

    def export_data(self, dataset: Dataset, **_: Any) -> str:
        out = io.StringIO(newline="")
        write_csv(dataset, out)
        return out.getvalue()


class ReadersResource(Resource):
    @classmethod
    def get_display_name(cls) -> str:
        return "Readers"

    def get_user_visible_fields(self) -> list[Field]:
        return [Field(column_name=name) for name in COLUMNS]

    def export(self, queryset: QuerySet[Subscriber] | None = None, **_: Any) -> Dataset:
        readers = Subscriber.objects.all() if queryset is None else queryset
        if readers.count() > MAX_EXPORT:
            raise ValueError(f"More than {MAX_EXPORT:,} readers: run manage.py export_subscribers on the server.")
        return Dataset(*rows_of(readers), headers=COLUMNS)


def _told_of_refused(headers: list[str], refusals: list[Refusal]) -> dict[str, Any]:
    """Return the first refused rows for the page, and all of them as a file that is in the page: none is kept here."""
    if not refusals:
        return {}
    content = base64.b64encode(as_csv(headers, refusals).encode("utf-8-sig")).decode()
    shown = refusals[:REFUSALS_SHOWN]
    return {"refusals": shown, "is_cut": len(refusals) > len(shown), "refused_file": f"data:text/csv;base64,{content}"}


class InAndOutAdmin(ImportExportMixin, ModelAdmin[Subscriber]):
    """The list of readers with pages for files: in and out are permissions of their own, and both are noted."""

    resource_classes = [ReadersResource]
    export_form_class = ExportForm
    formats = [SafeCSV, JSON]
    import_template_name = "admin/subscribers/import.html"

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscribers.import_subscriber")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscribers.export_subscriber")

    def export_action(self, request: HttpRequest) -> HttpResponse:
        try:
            return super().export_action(request)
        except IncorrectLookupParameters:
            # As the list itself answers.
            return redirect(reverse("admin:subscribers_subscriber_changelist") + f"?{ERROR_FLAG}=1")

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: QuerySet[Subscriber], **kw: Any) -> Any:
        content = super().get_export_data(file_format, request, queryset, **kw)
        count = queryset.count()
        logger.info("User %s exports readers: %s", request.user.pk, count)
        LogEntry.objects.create(
            user_id=request.user.pk or 0,
            content_type=ContentType.objects.get_for_model(Subscriber),
            object_repr="Readers",
            action_flag=CHANGE,
            change_message=f"Exported {count:,} readers.",
        )
        return content

    def import_action(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """The first step: try a file, and tell what would happen."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        if not form.is_valid():
            return self._import_page(request, form)
        refusals: list[Refusal] = []
        try:
            file = open_readers(form.cleaned_data["file"].file, form.chosen, form.cleaned_data["encoding"])
            report = try_import(file, on_refusal=refusals.append)
        except FileUnreadable as err:
            form.add_error("file", str(err))
            form.offer_columns(err.headers)
            return self._import_page(request, form)
        told = {"file": file, "report": report} | _told_of_refused(file.table.headers, refusals)
        confirming = ConfirmImportForm.after(form)
        form.offer_columns(file.table.headers)
        return self._import_page(request, confirming, otherwise=form, **told)

    def process_import(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """The second step: take in the file that was tried."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return redirect("admin:subscribers_subscriber_import")
        form = ConfirmImportForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._import_page(request, form)
        try:
            file = open_readers(form.cleaned_data["file"].file, form.chosen, form.cleaned_data["encoding"])
            report = import_readers(file, form.cleaned_data["provenance"], timezone.now)
        except (FileUnreadable, ImportStopped) as err:
            form.add_error("file", str(err))
            return self._import_page(request, form)
        batch = ImportBatch.objects.get(pk=report.batch_id or 0)
        self.admin_site.get_model_admin(ImportBatch).log_addition(request, batch, report.lines()[0])
        messages.success(request, " ".join(report.lines()))
        return redirect("admin:subscribers_importbatch_changelist")

    def _import_page(self, request: HttpRequest, form: ImportForm, **told: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": "Import readers", "opts": self.opts, "form": form}
        context["is_second_step"] = isinstance(form, ConfirmImportForm)
        return TemplateResponse(request, self.import_template_name, context | told)
