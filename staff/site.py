"""The admin site: opens for people of the staff who gave a second factor in this session, and leads others there."""

from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import logout as allauth_logout
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth import logout as end_session
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from staff.policies import View, for_admin
from staff.refusing import lead_back, told_inside
from staff.standing import Standing, standing_of

# Where to go from here, by what is missing.
NEXT_STEPS = {
    Standing.OVER: "account_login",
    Standing.WITHOUT: "mfa_activate_totp",
    Standing.OWING: "mfa_reauthenticate",
}


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold ships no types
    def has_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_permission(request)) and standing_of(request) is Standing.IN

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        return for_admin(self._in_time(super().admin_view(_stay(told_inside(self, view)), cacheable)))

    def _in_time(self, view: View) -> View:
        """Lead back who sends a form, or asks for a part of a page, after the session ended; others are just led on."""

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            is_sent = request.method == "POST" and request.path != reverse("admin:logout")
            if (is_sent or request.htmx) and not self.has_permission(request):  # type: ignore[attr-defined]  # the middleware's
                return lead_back(request)
            return view(request, *args, **kwargs)

        return guarded

    @method_decorator(never_cache)
    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead somebody who is logged in to what is still missing, and from there to where they wanted to go."""
        wanted = get_next_redirect_url(request) or reverse("admin:index")
        standing = standing_of(request)
        if standing is Standing.IN:
            return redirect(wanted)
        if standing is Standing.OVER:
            end_session(request)
        return redirect(f"{reverse(NEXT_STEPS[standing])}?{urlencode({REDIRECT_FIELD_NAME: wanted})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        response: HttpResponseBase = allauth_logout(request)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("account_change_password")

    def password_change_done(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect("admin:index")


def _stay(view: View) -> View:
    """Let the idle time of a session begin anew with each page; pages outside the admin say nothing of who is there.

    Nor do parts that a page asks for by itself, several at once.
    """

    @wraps(view)
    def staying(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" or "HX-Request" not in request.headers:
            request.session.modified = True
        return view(request, *args, **kwargs)

    return staying
