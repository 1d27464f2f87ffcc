"""What we keep about a reader: to look at, to take away, and to have erased."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from newsletter.erasure import erase
from newsletter.privacy import as_json, everything_about
from papers.keeping import public_page
from papers.links import absolute
from subscribers.models import Letter, Subscriber
from subscribers.optin import reader_of
from subscribers.pages import page_by_token
from subscribers.tokens import Purpose, read_token

# Digests a page shows; the download has all of them.
LATEST = 30


@public_page()
def show_policy(request: HttpRequest) -> HttpResponse:
    context = {
        "canonical": absolute(request.path),
        "postal_address": settings.POSTAL_ADDRESS,
        "contact": settings.REPLY_TO,
        "keeps_ip": settings.SUBSCRIBERS_KEEP_IP,
        "pending_days": settings.SUBSCRIBERS_KEEP_PENDING.days,
        "ip_days": settings.SUBSCRIBERS_KEEP_IP_FOR.days,
        "wishes_days": settings.SUBSCRIBERS_KEEP_WISHES_OF_LEFT.days,
        "wanted_days": settings.SUBSCRIBERS_KEEP_WANTED.days,
        "picks_days": settings.NEWSLETTER_KEEP_PICKS.days,
        "waiting_days": 2 * settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR.days,
        "counting_days": max(span for span, _ in settings.SUBSCRIBERS_LETTER_CAPS).days,
    }
    return render(request, "newsletter/privacy_policy.html", context)


@page_by_token
@require_safe
def show_everything(request: HttpRequest, token: str) -> HttpResponse:
    reader = reader_of(Purpose.PREFERENCES, token, timezone.now())
    kept = everything_about(reader)
    context = {"kept": kept, "latest": kept["digests"][:LATEST], "token": token}
    return render(request, "newsletter/privacy.html", context)


@page_by_token
@require_safe
def download_everything(request: HttpRequest, token: str) -> HttpResponse:
    reader = reader_of(Purpose.PREFERENCES, token, timezone.now())
    headers = {"Content-Disposition": 'attachment; filename="paper-route.json"'}
    return HttpResponse(as_json(everything_about(reader)), content_type="application/json", headers=headers)


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def erase_me(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    if request.method != "POST":
        reader_of(Purpose.PREFERENCES, token, at)
        return _ask(request, token)
    if _is_gone(token, at):
        return render(request, "newsletter/privacy_erased.html")
    reader = reader_of(Purpose.PREFERENCES, token, at)
    if not request.POST.get("sure"):
        return _ask(request, token, status=400)
    if reader.letters.filter(kind=Letter.Kind.ADDRESS_CHANGED).exists():
        # Whoever took a subscription over may not erase it before the old address was told.
        return _ask(request, token, status=409)
    erase(reader, at)
    return render(request, "newsletter/privacy_erased.html")


def _is_gone(token: str, at: datetime) -> bool:
    """Whether the link is right, and nobody is behind it any more: the button was pressed before."""
    pk, _, _ = read_token(Purpose.PREFERENCES, token, at).partition("-")
    return not Subscriber.objects.filter(pk=pk).exists()


def _ask(request: HttpRequest, token: str, *, status: int = 200) -> HttpResponse:
    context = {"token": token, "missed": status == 400, "has_just_moved": status == 409}
    return render(request, "newsletter/privacy_erase.html", context, status=status)
