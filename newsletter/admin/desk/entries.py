"""The buttons of an entry: each is one step of newsletter.curating, sent by POST."""

from collections.abc import Callable

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import URLPattern
from django.views.decorators.http import require_POST

from newsletter import curating
from newsletter.admin.desk.answering import EditionPage, address, answer, edition_at, require, take_step
from newsletter.curating import NotDone
from newsletter.models import EditionEntry

Step = Callable[[int, int, QueryDict], str]
LAST_PLACE = 9999
NOTE_LIMIT = EditionEntry._meta.get_field("note").max_length


class PlaceForm(forms.Form):
    place = forms.IntegerField(min_value=1, max_value=LAST_PLACE)


class SeenForm(forms.Form):
    """The place at which the page had the entry whose arrow was pressed."""

    seen = forms.IntegerField(min_value=1, max_value=LAST_PLACE)


class NoteForm(forms.Form):
    note = forms.CharField(required=False, max_length=NOTE_LIMIT)


def urls(admin: EditionPage) -> list[URLPattern]:
    return [address(admin, "<int:edition_id>/entries/<int:entry_id>/<slug:step>/", change_entry, "entry")]


@require_POST
def change_entry(request: HttpRequest, edition_id: int, entry_id: int, step: str, admin: EditionPage) -> HttpResponse:
    require(request, "newsletter.change_editionentry")
    edition = edition_at(admin, request, edition_id)
    if step not in STEPS:
        raise Http404("There is no such step.")
    take_step(admin, request, edition, lambda: STEPS[step](edition_id, entry_id, request.POST))
    return answer(request, edition, f"entry-{entry_id}")


def _move(edition_id: int, entry_id: int, told: QueryDict) -> str:
    form = PlaceForm(told)
    if not form.is_valid():
        raise NotDone(f"A place is a number from 1 to {LAST_PLACE:,}. Nothing was changed.")
    return curating.move_to(edition_id, entry_id, form.cleaned_data["place"])


def _by_one(direction: int) -> Step:
    """A step to the next place, up or down, from where the entry was seen."""

    def step(edition_id: int, entry_id: int, told: QueryDict) -> str:
        form = SeenForm(told)
        if not form.is_valid():
            raise NotDone("An arrow leads on from a place. Nothing was changed.")
        seen: int = form.cleaned_data["seen"]
        return curating.move_to(edition_id, entry_id, seen + direction, seen)

    return step


def _note(edition_id: int, entry_id: int, told: QueryDict) -> str:
    form = NoteForm(told)
    if not form.is_valid():
        raise NotDone(f"A note has {NOTE_LIMIT} characters at most. Nothing was changed.")
    return curating.set_note(edition_id, entry_id, form.cleaned_data["note"])


def _plain(step: Callable[[int, int], str]) -> Step:
    """A step that needs no more than the entry."""
    return lambda edition_id, entry_id, _told: step(edition_id, entry_id)


STEPS: dict[str, Step] = {
    "move": _move,
    "up": _by_one(-1),
    "down": _by_one(+1),
    "follow": _plain(curating.follow_scores),
    "pin": _plain(curating.pin),
    "unpin": _plain(curating.unpin),
    "hide": _plain(curating.hide),
    "unhide": _plain(curating.unhide),
    "note": _note,
}
