"""The way out. It has one button; whatever else is offered stands below it."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from subscribers.leaving import keep_reason, read_less
from subscribers.models import Subscriber
from subscribers.optin import ONE_CLICK, PAGE, reader_of, unsubscribe
from subscribers.pages import page_by_token
from subscribers.tokens import Purpose


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    reader = reader_of(Purpose.UNSUBSCRIBE, token, at)
    if request.method == "POST":
        return _act(request, reader, at)
    return _page(request, reader)


def _act(request: HttpRequest, reader: Subscriber, at: datetime) -> HttpResponse:
    """Do what was asked for. To leave is what a request asks for that says nothing else: mail programs send many."""
    is_one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    if not is_one_click and "instead" in request.POST:
        instead = request.POST["instead"]
        if not read_less(reader, instead, at):
            return _page(request, reader, status=400)
        return render(request, "subscribers/unsubscribe_instead.html", {"instead": instead})
    if not is_one_click and "reason" in request.POST:
        is_kept = keep_reason(reader, request.POST["reason"])
        return _page(request, reader, is_told=is_kept, status=200 if is_kept else 400)
    unsubscribe(reader, source=ONE_CLICK if is_one_click else PAGE, at=at)
    reader.status = Subscriber.Status.UNSUBSCRIBED
    return _page(request, reader)


def _page(request: HttpRequest, reader: Subscriber, *, is_told: bool = False, status: int = 200) -> HttpResponse:
    """Return the page with the button, or for who has left the page that says so."""
    if reader.status == Subscriber.Status.UNSUBSCRIBED:
        context = {"reasons": Subscriber.LeavingReason.choices, "is_told": is_told}
        return render(request, "subscribers/unsubscribed.html", context, status=status)
    return render(request, "subscribers/unsubscribe.html", {"reader": reader}, status=status)
