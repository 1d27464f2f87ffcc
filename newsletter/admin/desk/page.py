"""The desk as a page, and what is said there of the edition itself: how it opens, and what stands above its papers."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from newsletter import curating
from newsletter.admin.desk.adding import find
from newsletter.admin.desk.answering import (
    EditionPage,
    address,
    desk_url,
    edition_at,
    entries_context,
    require,
    take_step,
)
from newsletter.admin.desk.operating import buttons_for
from newsletter.admin.words import short, until
from newsletter.models import Alert, Edition
from newsletter.progress import progress_of

A_DAY = timedelta(days=1)


class LinesField(forms.CharField):
    """Text of several lines. A browser sends two characters for the end of a line, and counts one."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class WordsForm(forms.ModelForm[Edition]):
    class Meta:
        model = Edition
        fields = ["opening_line", "header_note"]
        field_classes = {"header_note": LinesField}
        widgets = {"header_note": forms.Textarea(attrs={"rows": 5})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # Changed is what this editor changed, not what another one saved while the page was open.
            field.show_hidden_initial = True

    @property
    def changed(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.changed_data}


def urls(admin: EditionPage) -> list[URLPattern]:
    return [
        address(admin, "today/", show_today, "today"),
        address(admin, "<int:edition_id>/words/", save_words, "words"),
    ]


@require_safe
def show_today(request: HttpRequest, admin: EditionPage) -> HttpResponse:
    """Lead to the daily edition, for a day after it closed too; else to another draft, or to the last edition."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    edition = _edition_of_today(timezone.now())
    if edition is None:
        messages.info(request, "There is no edition yet: no papers were listed in the last days.")
        return redirect("admin:newsletter_edition_changelist")
    return redirect(desk_url(edition))


def _edition_of_today(at: datetime) -> Edition | None:
    editions = Edition.objects.defer("fragments")
    drafts = Q(status=Edition.Status.DRAFT)
    daily = editions.filter(drafts | Q(closes_at__gt=at - A_DAY), kind=Edition.Kind.DAILY).order_by("-period")
    others = editions.filter(drafts).order_by("-period")
    return daily.first() or others.first() or editions.order_by("-closes_at", "kind").first()


@require_safe
def show_desk(request: HttpRequest, edition: Edition, admin: EditionPage) -> HttpResponse:
    context = _context(request, edition, admin, WordsForm(instance=edition))
    return TemplateResponse(request, "admin/newsletter/desk.html", context)


@require_POST
def save_words(request: HttpRequest, edition_id: int, admin: EditionPage) -> HttpResponse:
    require(request, "newsletter.change_edition")
    edition = edition_at(admin, request, edition_id)
    form = WordsForm(request.POST, instance=edition)
    if form.is_valid():
        take_step(admin, request, edition, lambda: curating.set_words(edition_id, **form.changed))
        return redirect(desk_url(edition, "desk-words", request.GET.dict()))
    # What was typed stays, with what is wrong about it.
    context = _context(request, edition_at(admin, request, edition_id), admin, form)
    return TemplateResponse(request, "admin/newsletter/desk.html", context, status=422)


def _context(request: HttpRequest, edition: Edition, admin: EditionPage, words: WordsForm) -> dict[str, Any]:
    at = timezone.now()
    progress = None if edition.is_draft else progress_of(edition, at)
    # Why it is paused stands among the next steps.
    alerts = Alert.objects.standing().filter(edition=edition).exclude(text=edition.pause_reason)
    drafts = Edition.objects.filter(status=Edition.Status.DRAFT).exclude(pk=edition.pk).defer("fragments")
    return {
        **admin.admin_site.each_context(request),
        **entries_context(request, edition),
        "title": f"{edition.get_kind_display().capitalize()} edition, {edition.about.name}",
        "opts": admin.opts,
        "original": edition,
        "state": short(edition.get_status_display()),
        "until": until(edition.closes_at - at),
        "progress": progress,
        "alerts": alerts,
        "drafts": drafts.order_by("kind", "-period"),
        "words": words,
        "may_write": edition.is_draft and request.user.has_perm("newsletter.change_edition"),
        "may_add": edition.is_draft and request.user.has_perm("newsletter.add_editionentry"),
        "buttons": buttons_for(request, edition),
        "found": find(edition, request.GET.get("q", "")) if edition.is_draft else None,
    }
