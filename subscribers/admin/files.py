"""Readers in and out by file: the pages of django-import-export over the engine that the commands use."""

import io
import logging
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
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
from subscribers.importing import (
    ImportStopped,
    Refusal,
    import_readers,
    open_readers,
    try_import,
)
from subscribers.models import ImportBatch, Subscriber
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


def _keep_some(refusals: list[Refusal]) -> Callable[[Refusal], None]:
    def keep(refusal: Refusal) -> None:
        if len(refusals) < REFUSALS_SHOWN:
            refusals.append(refusal)

    return keep


class InAndOutAdmin(ImportExportMixin, ModelAdmin[Subscriber]):
    """The list of readers with pages for files. Who may change readers may take them in and out."""

    resource_classes = [ReadersResource]
    export_form_class = ExportForm
    formats = [SafeCSV, JSON]
    import_template_name = "admin/subscribers/import.html"

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def export_action(self, request: HttpRequest) -> HttpResponse:
        try:
            return super().export_action(request)
        except IncorrectLookupParameters:
            # As the list itself answers.
            return redirect(reverse("admin:subscribers_subscriber_changelist") + f"?{ERROR_FLAG}=1")

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: QuerySet[Subscriber], **kw: Any) -> Any:
        logger.info("User %s exports readers", request.user.pk)
        return super().get_export_data(file_format, request, queryset, **kw)

    def import_action(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """The first step: try a file, and tell what would happen."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        if not form.is_valid():
            return self._import_page(request, form)
        refusals: list[Refusal] = []
        try:
            file = open_readers(form.cleaned_data["file"].file, {})
            report = try_import(file, on_refusal=_keep_some(refusals))
        except FileUnreadable as err:
            form.add_error("file", str(err))
            return self._import_page(request, form)
        is_cut = report.refused.total() > len(refusals)
        confirming = ConfirmImportForm(initial={"provenance": form.cleaned_data["provenance"], "tried": form.signed()})
        return self._import_page(request, confirming, file=file, report=report, refusals=refusals, is_cut=is_cut)

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
            file = open_readers(form.cleaned_data["file"].file, {})
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
