"""Pages about somebody's own log-in: open to who has come in, for behind them it is decided who comes in later."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from staff.policies import View
from staff.standing import Standing, standing_of


def open_to(*standings: Standing) -> Callable[[View], View]:
    """Lead everybody else to the step that is missing, and from there to the page; nothing that was posted is done."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if standing_of(request) in standings:
                return view(request, *args, **kwargs)
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))

        return guarded

    return guard
