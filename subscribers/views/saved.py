"""The papers that a reader saved."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from papers.models import Paper
from subscribers.feedback import say, undo
from subscribers.forms.start import is_row
from subscribers.models import Feedback, Subscriber
from subscribers.optin import reader_of
from subscribers.pages import page_by_token
from subscribers.tokens import Purpose

# The page shows so many, the latest; the download of what we keep has all.
MOST = 300


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def show_saved(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    reader = reader_of(Purpose.PREFERENCES, token, at)
    if request.method != "POST":
        return _page(request, token, reader)
    kept, removed = _paper(request, "keep"), _paper(request, "remove")
    if kept:
        say(reader, kept, Feedback.Kind.SAVED, at)
    elif removed:
        undo(reader, removed, Feedback.Kind.SAVED, at)
    else:
        return _page(request, token, reader, is_wrong=True)
    return _page(request, token, reader, removed=removed, kept=kept)


def _paper(request: HttpRequest, name: str) -> Paper | None:
    """Return the paper that was sent as `name`."""
    given = request.POST.get(name, "")
    return Paper.objects.visible().filter(pk=given).first() if is_row(given) else None


def _page(  # noqa: PLR0913  each is a part of the page
    request: HttpRequest,
    token: str,
    reader: Subscriber,
    *,
    removed: Paper | None = None,
    kept: Paper | None = None,
    is_wrong: bool = False,
) -> HttpResponse:
    saved = reader.feedback.saved()
    shown = list(saved.select_related("paper")[:MOST])
    context = {
        "saved": shown,
        "has_sample": any(said.paper.is_sample for said in shown),
        "count": saved.count(),
        "most": MOST,
        "removed": removed,
        "kept": kept,
        "is_wrong": is_wrong,
        "token": token,
    }
    return render(request, "subscribers/saved.html", context, status=400 if is_wrong else 200)
