from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from subscribers.forms import PreferencesForm, SignUpForm
from subscribers.optin import confirm, read_confirmation, reader_of, sign_up, unsubscribe
from subscribers.pages import page_by_token
from subscribers.preferences import save_preferences
from subscribers.tasks import send_optin_mail_task
from subscribers.tokens import Purpose


# Anybody may sign up anybody; the mailbox decides. A CSRF cookie would only track visitors.
@csrf_exempt
@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    form = SignUpForm(request.POST)
    if not form.is_valid():
        return render(request, "subscribers/sign_up.html", {"form": form}, status=400)
    reader_id = sign_up(form.cleaned_data["email"], source="form", at=timezone.now())
    if reader_id:
        # With no broker the mail goes out at the next sweep. (A partial has no name, which robust calls need to fail.)
        transaction.on_commit(lambda: send_optin_mail_task.delay(reader_id), robust=True)
    return redirect("check_inbox")


@require_safe
def check_inbox(request: HttpRequest) -> HttpResponse:
    return render(request, "subscribers/check_inbox.html")


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    if request.method == "POST":
        confirm(token, at)
        return render(request, "subscribers/confirmed.html")
    reader = read_confirmation(token, at)
    return render(request, "subscribers/confirmed.html" if reader.is_active else "subscribers/confirm.html")


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def edit_preferences(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    reader = reader_of(Purpose.PREFERENCES, token, at)
    form = PreferencesForm(request.POST if request.method == "POST" else None, instance=reader)
    saved = request.method == "POST" and form.is_valid()
    if saved:
        save_preferences(reader, form.cleaned_data["topics"], at)
    status = 400 if form.errors else 200
    return render(
        request, "subscribers/preferences.html", {"form": form, "saved": saved, "reader": reader}, status=status
    )


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
