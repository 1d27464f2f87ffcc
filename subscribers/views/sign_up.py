"""From the form to "check your inbox"."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from subscribers.abuse import is_solved, is_suspicious, make_challenge, truncated_ip
from subscribers.callers import caller_of
from subscribers.forms.start import StartForm
from subscribers.optin import ask
from subscribers.views.start import show_start_page

# What the challenge page sends again as it came.
PASSED_ON = ["email", "page", "time_zone", "topics", "papers", "arxiv_ids", "interests"]


# Anybody may sign up anybody; the mailbox decides. A CSRF cookie would only track visitors.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return show_start_page(request)
    form = StartForm(request.POST)
    if not form.is_valid():
        return show_start_page(request, form, status=400)
    if _needs_challenge(request, form):
        return _challenge(request)
    ask(
        form.cleaned_data["email"],
        source="form",
        page=form.cleaned_data["page"],
        truncated_ip=truncated_ip(caller_of(request)),
        choices=form.choices(),
        at=timezone.now(),
    )
    return redirect("check_inbox")


def _needs_challenge(request: HttpRequest, form: StartForm) -> bool:
    given = form.cleaned_data
    if is_solved(given["solution"]):
        return False
    return is_suspicious(caller_of(request), stamp=given["stamp"], bait=given["website"], at=timezone.now())


def _challenge(request: HttpRequest) -> HttpResponse:
    """Ask for proof of work, and for nothing else again."""
    at = timezone.now()
    fields = [(name, value) for name in PASSED_ON for value in request.POST.getlist(name)]
    context = {"challenge": make_challenge(at), "fields": fields, "tried": bool(request.POST.get("solution"))}
    return render(request, "subscribers/challenge.html", context, status=403)


@require_safe
def check_inbox(request: HttpRequest) -> HttpResponse:
    return render(request, "subscribers/check_inbox.html")
