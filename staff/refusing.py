"""What the admin answers where it does not do what was asked: in its own frame, with a way back."""

from functools import wraps
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from staff.policies import View


class Refusal(NamedTuple):
    title: str
    sentence: str


SHUT = Refusal("Your role does not open this page", "Ask an owner if you need it.")
NOT_THERE = Refusal("There is no page at this address", "It may be mistyped, or what it was about is gone.")
# Opened from the history of the browser, say, or from a link that was copied.
FOR_A_BUTTON = Refusal("This address cannot be opened", "It belongs to a button: press it on the page where it stands.")


def told_inside(site: AdminSite, view: View) -> View:
    """Answer as an admin page what would be told on a page for readers, or on an empty one."""

    @wraps(view)
    def telling(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except PermissionDenied:
            return _tell(site, request, SHUT, 403)
        except Http404:
            return _tell(site, request, NOT_THERE, 404)
        if response.status_code == 405:
            told = _tell(site, request, FOR_A_BUTTON, 405)
            told["Allow"] = response.headers["Allow"]
            return told
        return response

    return telling


def _tell(site: AdminSite, request: HttpRequest, refusal: Refusal, status: int) -> HttpResponse:
    context = site.each_context(request) | refusal._asdict()
    return render(request, "staff/refused.html", context, status=status)


def lead_back(request: HttpRequest) -> HttpResponse:
    """Lead somebody whose session ended on a page to log in and back to that page, and tell whoever sent a form."""
    if request.method == "POST":
        messages.warning(request, "You had been logged out. Nothing of what you sent was saved: please send it again.")
    led = redirect_to_login(_sent_from(request), reverse("admin:login"))
    # What a script asks for goes into the page: it would be the log-in page.
    return HttpResponseClientRedirect(led.url) if request.htmx else led  # type: ignore[attr-defined]  # the middleware's


def _sent_from(request: HttpRequest) -> str:
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return reverse("admin:index")
    return page._replace(scheme="", netloc="", fragment="").geturl()
