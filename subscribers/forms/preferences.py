from django import forms

from subscribers.forms.fields import TopicsField
from subscribers.models import MAX_SIZE, MIN_SIZE, TIME_ZONES, Subscriber


class PreferencesForm(forms.ModelForm[Subscriber]):
    topics = TopicsField()
    hour = forms.TypedChoiceField(choices=[(hour, f"{hour:02}:00") for hour in range(24)], coerce=int)
    time_zone = forms.ChoiceField(choices=[(name, name.replace("_", " ")) for name in sorted(TIME_ZONES)])
    size = forms.IntegerField(label="Papers a digest", min_value=MIN_SIZE, max_value=MAX_SIZE)
    interests = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    muted_words = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    class Meta:
        model = Subscriber
        fields = ["topics", "interests", "muted_words", "size", "hour", "time_zone"]
