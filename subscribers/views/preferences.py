from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from subscribers.forms.preferences import PreferencesForm
from subscribers.optin import reader_of
from subscribers.pages import page_by_token
from subscribers.preferences import save_preferences
from subscribers.tokens import Purpose


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def edit_preferences(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    reader = reader_of(Purpose.PREFERENCES, token, at)
    form = PreferencesForm(request.POST if request.method == "POST" else None, instance=reader)
    saved = request.method == "POST" and form.is_valid()
    if saved:
        save_preferences(reader, form.cleaned_data["topics"], at)
    context = {"form": form, "saved": saved, "reader": reader}
    return render(request, "subscribers/preferences.html", context, status=400 if form.errors else 200)
