from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from subscribers.optin import reader_of, unsubscribe
from subscribers.pages import page_by_token
from subscribers.tokens import Purpose


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    reader = reader_of(Purpose.UNSUBSCRIBE, token, at)
    if request.method == "POST":
        source = "one-click" if request.POST.get("List-Unsubscribe") == "One-Click" else "page"
        unsubscribe(reader, source=source, at=at)
        return render(request, "subscribers/unsubscribed.html")
    return render(request, "subscribers/unsubscribe.html")
