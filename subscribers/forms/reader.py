"""What a reader wants, as somebody of the staff sets it: by the rules of the reader's own form."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextareaWidget

from subscribers.forms.preferences import PhrasesField, checked_pause
from subscribers.local_time import today_of
from subscribers.models import Subscriber

PHRASES = "Words or phrases, separated by commas or lines."
NAMES = "Whole names, separated by commas or lines."


class ReaderForm(forms.ModelForm[Subscriber]):
    interests = PhrasesField(
        rows=3, hint="Words or phrases, separated by commas or lines.", of=UnfoldAdminTextareaWidget
    )
    followed_authors = PhrasesField(
        rows=2, hint="Whole names, separated by commas or lines.", of=UnfoldAdminTextareaWidget
    )
    muted_words = PhrasesField(
        rows=2, hint="Words or phrases, separated by commas or lines.", of=UnfoldAdminTextareaWidget
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if wish := given.get("paused_until"):
            stored: date | None = self.initial.get("paused_until")
            zone = given.get("time_zone") or self.instance.time_zone
            today = today_of(Subscriber(time_zone=zone), timezone.now())
            try:
                given["paused_until"] = checked_pause(wish, today, stored)
            except forms.ValidationError as err:
                self.add_error("paused_until", err)
        return given
