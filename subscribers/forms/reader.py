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
    interests = PhrasesField(rows=3, hint=PHRASES, of=UnfoldAdminTextareaWidget)
    followed_authors = PhrasesField(rows=2, hint=NAMES, of=UnfoldAdminTextareaWidget)
    muted_words = PhrasesField(rows=2, hint=PHRASES, of=UnfoldAdminTextareaWidget)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            # Changed is what was changed on the page, not what the reader did while it was open.
            field.show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        wish: date | None = given.get("paused_until")
        if wish and "paused_until" in self.changed_data:
            zone = given.get("time_zone") or self.instance.time_zone
            today = today_of(Subscriber(time_zone=zone), timezone.now())
            try:
                checked_pause(wish, today, stored=None)
            except forms.ValidationError as err:
                self.add_error("paused_until", err)
        return given

    @property
    def changes(self) -> dict[str, Any]:
        """What was changed on the page, but for topics."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "topics"}
