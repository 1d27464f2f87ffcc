"""The buttons for an edition as a whole. What cannot be undone asks on a page of its own, where its period is typed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.views.decorators.http import require_http_methods, require_POST

from newsletter.admin.acts import ACTS, CLOSE, Act
from newsletter.admin.desk.answering import EditionPage, address, desk_url, edition_at, require
from newsletter.admin.taking import act_url, take
from newsletter.editions import NotReady
from newsletter.models import Edition
from newsletter.preflight import preflight


@dataclass(frozen=True)
class Button:
    """An act that somebody may take on an edition as it stands; where it asks first, it is a link."""

    label: str
    url: str
    asks_first: bool


def urls(admin: EditionPage) -> list[URLPattern]:
    return [address(admin, f"<int:edition_id>/{act.name.replace('_', '-')}/", _view(act), act.name) for act in ACTS]


def _view(act: Act) -> Callable[..., HttpResponse]:
    return partial(ask_and_take if act.warning else take_at_once, act=act)


def buttons_for(request: HttpRequest, edition: Edition) -> list[Button]:
    """Return what this person may do to the edition now."""
    fitting = [act for act in ACTS if request.user.has_perm(act.permission) and act.fits(edition)]
    return [Button(act.label, act_url(edition, act), asks_first=bool(act.warning)) for act in fitting]


@require_POST
def take_at_once(request: HttpRequest, edition_id: int, admin: EditionPage, act: Act) -> HttpResponse:
    require(request, act.permission)
    edition = edition_at(admin, request, edition_id)
    take(admin, request, edition, act)
    return redirect(desk_url(edition))


@require_http_methods(["GET", "HEAD", "POST"])
def ask_and_take(request: HttpRequest, edition_id: int, admin: EditionPage, act: Act) -> HttpResponse:
    """Take the act once the edition's period was typed; anything else changes nothing, and says so."""
    require(request, act.permission)
    edition = edition_at(admin, request, edition_id)
    if request.method != "POST":
        return _ask(request, edition, admin, act, report=preflight(edition) if act is CLOSE else None)
    if request.POST.get("period", "").strip() != edition.period:
        return _ask(request, edition, admin, act, was_mistyped=True)
    try:
        take(admin, request, edition, act)
    except NotReady as err:
        return _ask(request, edition, admin, act, report=err.report)
    return redirect(desk_url(edition))


def _ask(request: HttpRequest, edition: Edition, admin: EditionPage, act: Act, **found: object) -> HttpResponse:
    context = {
        **admin.admin_site.each_context(request),
        "title": f"{act.label}: {edition.kind} edition, {edition.about.name}",
        "opts": admin.opts,
        "edition": edition,
        "act": act,
        "fits": act.fits(edition),
        **found,
    }
    is_refused = request.method == "POST"
    return TemplateResponse(request, "admin/newsletter/act.html", context, status=422 if is_refused else 200)
