"""Where readers tune their digest, and see the one they would get."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django_htmx.middleware import HtmxDetails

from subscribers.forms.preferences import PreferencesForm
from subscribers.optin import reader_of
from subscribers.pages import page_by_token
from subscribers.preferences import Preferences, read_preferences, save_preferences
from subscribers.tokens import Purpose
from subscribers.topic_tree import topic_tree


class Visit(HttpRequest):
    """A request as HtmxMiddleware passes it on."""

    htmx: HtmxDetails


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def edit_preferences(request: HttpRequest, token: str) -> HttpResponse:
    at = timezone.now()
    reader = reader_of(Purpose.PREFERENCES, token, at)
    if request.method != "POST":
        return _answer(request, token, PreferencesForm(reader=reader, at=at))
    form = PreferencesForm(request.POST, reader=reader, at=at)
    if not form.is_valid():
        return _answer(request, token, form, outcome="refused")
    chosen = form.cleaned_data
    save_preferences(
        reader, chosen["topics"], at, no_longer_liked=chosen["remove"], arxiv_ids=chosen["arxiv_ids"].arxiv_ids
    )
    return _answer(request, token, PreferencesForm(reader=reader, at=at), outcome="saved", told=form.told_when_saved)


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def preview_preferences(request: Visit, token: str) -> HttpResponse:
    """What the form makes of the next digest, stored nowhere: alone for a page that asks while choices change."""
    at = timezone.now()
    reader = reader_of(Purpose.PREFERENCES, token, at)
    if request.method != "POST":
        return redirect("preferences", token)
    form = PreferencesForm(request.POST, reader=reader, at=at)
    form.is_valid()
    if not request.htmx:
        return _answer(request, token, form, outcome="previewed")
    context = {"form": form, "preferences": form.preferences(), "reader": reader}
    return render(request, "subscribers/preferences_preview.html", context, status=_status(form))


def _answer(request: HttpRequest, token: str, form: PreferencesForm, outcome: str = "", told: str = "") -> HttpResponse:
    """Return the page with what stands in `form`, and what became of it and, in a sentence, of a list of papers."""
    context = {
        "form": form,
        "outcome": outcome,
        "told": told,
        "token": token,
        "reader": form.instance,
        "groups": topic_tree(form.chosen_topics),
        "preferences": _preferences(form),
    }
    return render(request, "subscribers/preferences.html", context, status=_status(form))


def _preferences(form: PreferencesForm) -> Preferences:
    return form.preferences() if form.is_bound else read_preferences([form.instance])[form.instance.pk]


def _status(form: PreferencesForm) -> int:
    return 400 if form.errors else 200
