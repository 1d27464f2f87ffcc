"""Fields that more than one form has."""

from typing import Any

from django import forms

from papers.models import Topic
from subscribers.addresses import AddressRefused, clean_address


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
