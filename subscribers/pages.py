"""Pages that open by a signed link: nobody else may keep them, find them or learn their address."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from subscribers.tokens import LinkExpired, LinkInvalid

P = ParamSpec("P")


def page_by_token(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Answer an invalid or expired link with a page that helps, and mark every answer as private.

    The token in the address is the authority, so no cookie is read or set and no CSRF token is asked for.
    """

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except LinkExpired:
            response = render(request, "subscribers/link_expired.html", status=410)
        except LinkInvalid:
            response = render(request, "subscribers/link_invalid.html", status=404)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    return guarded
