"""Fields that more than one form has."""

from typing import Any

from django import forms

from papers.arxiv_ids import ids_in
from papers.models import Topic
from subscribers.addresses import AddressRefused, clean_address
from subscribers.models import MAX_TEXT
from subscribers.pasted import MAX_IDS, Pasted, read_pasted


class AddressField(forms.CharField):
    """An email address as it is delivered to; says what is wrong with one that is not."""

    widget = forms.EmailInput(attrs={"autocomplete": "email", "placeholder": "you@example.org"})

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=254, error_messages={"required": "Enter your email address."}, **options)

    def clean(self, value: Any) -> str:
        try:
            return clean_address(super().clean(value))
        except AddressRefused as err:
            raise forms.ValidationError(str(err)) from err


class TopicsField(forms.ModelMultipleChoiceField[Topic]):
    """Refuses numbers that are too large for an id, which SQLite would stumble over."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        super().__init__(Topic.objects.all(), required=False, **options)

    def clean(self, value: Any) -> Any:
        if any(len(str(pk)) > 18 for pk in value or []):
            raise forms.ValidationError(self.error_messages["invalid_pk_value"], params={"pk": "…"})
        return super().clean(value)


class PapersField(forms.CharField):
    """A list of papers as somebody pastes it; becomes what it names."""

    def __init__(self) -> None:
        widget = forms.Textarea(attrs={"rows": 3, "placeholder": "2305.03048, https://arxiv.org/abs/2402.17764"})
        hint = "arXiv ids or links, one a line or separated by commas."
        super().__init__(
            label="Other papers you like", required=False, max_length=MAX_TEXT, widget=widget, help_text=hint
        )

    def clean(self, value: Any) -> Pasted:
        text = super().clean(value)
        if (count := len(ids_in(text))) > MAX_IDS:
            raise forms.ValidationError(f"These are {count} papers. Paste at most {MAX_IDS} at a time.")
        return read_pasted(text)
