"""How the desk answers: a step is taken, noted in the history and shown, in place or on the page anew."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRefresh, trigger_client_event
from unfold.admin import ModelAdmin

from newsletter.admin.desk.showing import entries_of, history_of
from newsletter.curating import NotDone
from newsletter.models import Edition

# Once more what was so before, such as a button that was pressed twice.
SO_BEFORE = "It was so before."
# Parts of the page that hang on the edition listen to it.
CHANGED = "desk-changed"

EditionPage = ModelAdmin[Edition]


def address(admin: EditionPage, route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """Return where a view of the desk is, for staff only. It gets the admin of editions as `admin`."""
    return path(route, admin.admin_site.admin_view(partial(view, admin=admin)), name=f"newsletter_edition_{name}")


def require(request: HttpRequest, *permissions: str) -> None:
    """Raise PermissionDenied for who may not."""
    if not request.user.has_perms(permissions):
        raise PermissionDenied


def edition_at(admin: EditionPage, request: HttpRequest, edition_id: int) -> Edition:
    """Return the edition for somebody who may see it. Raises PermissionDenied, or Http404 when there is none."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    edition = Edition.objects.defer("fragments").filter(pk=edition_id).first()
    if edition is None:
        raise Http404("There is no such edition.")
    return edition


def desk_url(edition: Edition, anchor: str = "", query: Mapping[str, str] | None = None) -> str:
    page = reverse("admin:newsletter_edition_change", args=[edition.pk], query=query)
    return f"{page}#{anchor}" if anchor else page


def take_step(admin: EditionPage, request: HttpRequest, edition: Edition, step: Callable[[], str]) -> bool:
    """Take a step and note it in the history, both or neither, and tell how it went; return whether it was possible."""
    try:
        with transaction.atomic():
            done = step()
            if done:
                admin.log_change(request, edition, done)
    except NotDone as err:
        messages.error(request, str(err))
        return False
    messages.success(request, f"{done.removesuffix('.')}." if done else SO_BEFORE)
    return True


def answer(request: HttpRequest, edition: Edition, anchor: str = "", **query: str) -> HttpResponse:
    """Show the entries as they are now; without script the whole page, at what was changed."""
    if not request.htmx:  # type: ignore[attr-defined]  # the middleware's
        return redirect(desk_url(edition, anchor, request.GET.dict() | query))
    edition.refresh_from_db(fields=["status"])
    if not edition.is_draft:
        # The page around the entries is another one now, and says what this one was to say.
        return HttpResponseClientRefresh()
    response = TemplateResponse(request, "admin/newsletter/desk/_answer.html", entries_context(request, edition))
    return trigger_client_event(response, CHANGED)


def entries_context(request: HttpRequest, edition: Edition) -> dict[str, Any]:
    """What the list of entries and the history are made of."""
    may_change = edition.is_draft and request.user.has_perm("newsletter.change_editionentry")
    return {
        "edition": edition,
        "entries": entries_of(edition, timezone.now(), is_whole="all" in request.GET),
        "may_change": may_change,
        "history": history_of(edition),
        "kept": "?all" if "all" in request.GET else "",
    }
