"""Pages that open by a signed link: nobody else may keep them, find them or learn their address."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from subscribers.abuse import is_within
from subscribers.optin import ask, reader_of_expired
from subscribers.tokens import LinkExpired, LinkInvalid, Purpose

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)

# Links that come again by mail: in the letter that a sign-up with the reader's address would lead to.
RENEWED = {Purpose.CONFIRM, Purpose.PREFERENCES}
# How often one expired link may ask: it may have been passed on.
RENEWALS = "3/day"


def page_by_token(view: Callable[Concatenate[R, P], HttpResponse]) -> Callable[Concatenate[R, P], HttpResponse]:
    """Answer an invalid or expired link with a page that helps, and mark every answer as private.

    The token in the address is the authority, so no cookie is read or set and no CSRF token is asked for.
    """

    @csrf_exempt
    @wraps(view)
    def guarded(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except LinkExpired as expired:
            response = _answer_expired(request, expired)
        except LinkInvalid as invalid:
            context = {"is_renewed": invalid.purpose in RENEWED}
            response = render(request, "subscribers/link_invalid.html", context, status=404)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    return guarded


def _answer_expired(request: HttpRequest, link: LinkExpired) -> HttpResponse:
    """Offer a new link; on its button ask for one. Whoever the link was for, and whatever became of them, sees the
    same."""
    is_renewed = link.purpose in RENEWED
    if is_renewed and "new_link" in request.POST:
        with suppress(LinkInvalid):
            reader = reader_of_expired(link.purpose, link.subject)
            if is_within(RENEWALS, "new link", link.subject):
                ask(reader.email, source="expired link", at=timezone.now())
        return redirect("check_inbox")
    context = {"is_renewed": is_renewed, "purpose": link.purpose}
    return render(request, "subscribers/link_expired.html", context, status=410)
