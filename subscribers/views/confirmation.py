from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from subscribers.abuse import truncated_ip
from subscribers.callers import caller_of
from subscribers.links import preferences_token
from subscribers.optin import confirm, read_confirmation
from subscribers.pages import page_by_token


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    if request.method == "POST":
        confirm(token, at, truncated_ip=truncated_ip(caller_of(request)))
    reader = read_confirmation(token, at)
    if not reader.is_active:
        return render(request, "subscribers/confirm.html")
    # Whoever has this link has the mailbox, to which a link to the preferences is on its way.
    return render(request, "subscribers/confirmed.html", {"token": preferences_token(reader, at)})
