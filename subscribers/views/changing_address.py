"""Where readers ask for another address, and where they confirm it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from subscribers.abuse import truncated_ip
from subscribers.callers import caller_of
from subscribers.changing_address import ask_to_change, cancel_change, confirm_change, read_change, waiting_change
from subscribers.forms.changing_address import NewAddressForm
from subscribers.optin import reader_of
from subscribers.pages import page_by_token
from subscribers.tokens import Purpose


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def change_address(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    reader = reader_of(Purpose.PREFERENCES, token, at)
    context = {"token": token, "reader": reader}
    if request.method != "POST":
        context |= {"form": NewAddressForm(), "change": waiting_change(reader, at)}
        return render(request, "subscribers/new_address_form.html", context)
    if "cancel" in request.POST:
        cancel_change(reader)
        return render(request, "subscribers/new_address_form.html", context | {"form": NewAddressForm()})
    form = NewAddressForm(request.POST)
    if not (reader.is_active and form.is_valid()):
        return render(request, "subscribers/new_address_form.html", context | {"form": form}, status=400)
    if not ask_to_change(reader, form.cleaned_data["email"], at):
        return render(request, "subscribers/new_address_too_often.html", context, status=429)
    return render(request, "subscribers/new_address_asked.html", context)


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_new_address(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    if request.method != "POST":
        is_done = read_change(token, at) is None
        return render(request, f"subscribers/{'new_address_done' if is_done else 'new_address'}.html")
    if confirm_change(token, at, truncated_ip=truncated_ip(caller_of(request))):
        return render(request, "subscribers/new_address_done.html")
    return render(request, "subscribers/new_address_taken.html", status=409)
