"""The buttons for an edition as a whole. What cannot be undone asks on a page of its own, where its period is typed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.views.decorators.http import require_http_methods, require_POST

from newsletter.admin.acts import Act
from newsletter.admin.desk.answering import EditionPage, address, desk_url, edition_at, require
from newsletter.admin.edition_acts import CLOSE, EDITION_ACTS
from newsletter.admin.taking import act_url, take
from newsletter.admin.words import short
from newsletter.editions import NotReady
from newsletter.leftovers import OPEN
from newsletter.models import Delivery, Edition
from newsletter.preflight import preflight
from staff.asking import Question, ask, is_answered

TEMPLATE = "admin/newsletter/act.html"


@dataclass(frozen=True)
class Button:
    """An act that somebody may take on an edition as it stands; where it asks first, it is a link."""

    label: str
    url: str
    asks_first: bool


def urls(admin: EditionPage) -> list[URLPattern]:
    return [
        address(admin, f"<int:edition_id>/{act.name.replace('_', '-')}/", _view(act), act.name) for act in EDITION_ACTS
    ]


def _view(act: Act[Edition]) -> Callable[..., HttpResponse]:
    return partial(ask_and_take if act.warning else take_at_once, act=act)


def buttons_for(request: HttpRequest, edition: Edition) -> list[Button]:
    """Return what this person may do to the edition now."""
    fitting = [act for act in EDITION_ACTS if request.user.has_perm(act.permission) and act.fits(edition)]
    return [Button(act.label, act_url(edition, act), asks_first=bool(act.warning)) for act in fitting]


@require_POST
def take_at_once(request: HttpRequest, edition_id: int, admin: EditionPage, act: Act[Edition]) -> HttpResponse:
    require(request, act.permission)
    edition = edition_at(admin, request, edition_id)
    take(admin, request, act, edition, edition)
    return redirect(desk_url(edition))


@require_http_methods(["GET", "HEAD", "POST"])
def ask_and_take(request: HttpRequest, edition_id: int, admin: EditionPage, act: Act[Edition]) -> HttpResponse:
    """Take the act once the edition's period was typed; anything else changes nothing, and says so."""
    require(request, act.permission)
    edition = edition_at(admin, request, edition_id)
    question = _question(edition, act)
    if not is_answered(request, question):
        is_looked_over = act is CLOSE and edition.is_draft and request.method != "POST"
        report = preflight(edition) if is_looked_over else None
        return ask(admin, request, question, TEMPLATE, edition=edition, report=report)
    try:
        take(admin, request, act, edition, edition)
    except NotReady as err:
        return ask(admin, request, question, TEMPLATE, edition=edition, report=err.report)
    return redirect(desk_url(edition))


def _question(edition: Edition, act: Act[Edition]) -> Question:
    return Question(
        act=act.label,
        title=f"{act.label}: {edition.kind} edition, {edition.about.name}",
        what=_as_it_is(edition),
        warning=act.warning,
        back=desk_url(edition),
        typed=edition.period,
        seen=edition.status,
        why_not="" if act.fits(edition) else "There is nothing to do here as things are now.",
    )


def _as_it_is(edition: Edition) -> str:
    told = f"{edition}: {short(edition.get_status_display()).lower()}"
    if edition.is_draft:
        return f"{told}, and nothing has left."
    waiting = edition.deliveries.filter(status__in=OPEN).count()
    left = edition.deliveries.filter(status=Delivery.Status.ACCEPTED).count()
    return f"{told}. {waiting:,} wait to be sent, {left:,} have left."
