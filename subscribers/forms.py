from typing import Any

from django import forms

from papers.models import Topic
from subscribers.addresses import AddressRefused, clean_address
from subscribers.models import MAX_SIZE, MIN_SIZE, TIME_ZONES, Subscriber


class SignUpForm(forms.Form):
    email = forms.CharField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "placeholder": "you@example.org"}),
        error_messages={"required": "Enter your email address."},
    )

    def clean_email(self) -> str:
        try:
            return clean_address(self.cleaned_data["email"])
        except AddressRefused as err:
            raise forms.ValidationError(str(err)) from err


class TopicsField(forms.ModelMultipleChoiceField[Topic]):
    """Refuses numbers that are too large for an id, which SQLite would stumble over."""

    def clean(self, value: Any) -> Any:
        if any(len(str(pk)) > 18 for pk in value or []):
            raise forms.ValidationError(self.error_messages["invalid_pk_value"], params={"pk": "…"})
        return super().clean(value)


class PreferencesForm(forms.ModelForm[Subscriber]):
    topics = TopicsField(Topic.objects.all(), required=False, widget=forms.CheckboxSelectMultiple)
    hour = forms.TypedChoiceField(choices=[(hour, f"{hour:02}:00") for hour in range(24)], coerce=int)
    time_zone = forms.ChoiceField(choices=[(name, name.replace("_", " ")) for name in sorted(TIME_ZONES)])
    size = forms.IntegerField(label="Papers a digest", min_value=MIN_SIZE, max_value=MAX_SIZE)
    interests = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    muted_words = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    class Meta:
        model = Subscriber
        fields = ["topics", "interests", "muted_words", "size", "hour", "time_zone"]
