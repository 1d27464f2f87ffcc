from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from papers.text import collapse_lines
from subscribers.forms.fields import PapersField, TopicsField
from subscribers.forms.start import RowsField, is_row
from subscribers.local_time import today_of
from subscribers.models import (
    LONGEST_PAUSE,
    MAX_SIZE,
    MAX_TEXT,
    MIN_SIZE,
    TIME_ZONES,
    Feedback,
    Subscriber,
    split_phrases,
)
from subscribers.pasted import Pasted, told_of
from subscribers.preferences import STORED, Preferences, Said, just_liked, read_feedback

# Weeks of the buttons beside the date; none ends a pause.
PAUSES = [(1, "1 week"), (2, "2 weeks"), (4, "4 weeks"), (0, "Resume")]
# More than anybody has liked.
MOST_LIKED = 1000
# Papers of one reader that wait to be looked up: others wait behind them.
MOST_WANTED = 200
# When papers that somebody who left likes are looked up.
AFTER_RETURN = "once you get digests again"


class PhrasesField(forms.CharField):
    """Words or names, separated by commas or lines, without the control characters that come along when pasting."""

    def __init__(self, *, rows: int, hint: str, of: type[forms.Textarea] = forms.Textarea) -> None:
        widget = of(attrs={"rows": rows})
        super().__init__(required=False, max_length=MAX_TEXT, widget=widget, help_text=hint)

    def to_python(self, value: Any) -> str:
        return collapse_lines(super().to_python(value) or "")


def checked_pause(wish: date, today: date, stored: date | None) -> date | None:
    """Return until when a pause lasts that `wish` asks for `today`; None when it is the `stored` one, and over.

    Raises ValidationError.
    """
    if wish > today + LONGEST_PAUSE:
        raise ValidationError("A pause lasts a year at most. To stop the emails for good, unsubscribe.")
    if wish > today:
        return wish
    # The page stood open while the pause ended.
    if wish != stored:
        raise ValidationError("Choose tomorrow or a later day, or leave it empty.")
    return None


class PreferencesForm(forms.ModelForm[Subscriber]):
    """What a reader wants. Checking it sets it on the reader, and stores nothing."""

    topics = TopicsField()
    interests = PhrasesField(rows=3, hint="Words or phrases you want to read about, separated by commas or lines.")
    followed_authors = PhrasesField(
        rows=2, hint="Whole names, separated by commas or lines. Their papers are moved to the top."
    )
    muted_words = PhrasesField(rows=2, hint="Papers with one of these words or phrases are left out.")
    # Papers that the reader does not like any more.
    remove = RowsField(most=MOST_LIKED)
    arxiv_ids = PapersField()
    size = forms.IntegerField(label="Papers a digest", min_value=MIN_SIZE, max_value=MAX_SIZE)
    cadence = forms.ChoiceField(label="How often", choices=Subscriber.Cadence.choices, widget=forms.RadioSelect)
    weekday = forms.TypedChoiceField(label="Day", choices=Subscriber.Weekday.choices, coerce=int)
    hour = forms.TypedChoiceField(choices=[(hour, f"{hour:02}:00") for hour in range(24)], coerce=int)
    time_zone = forms.ChoiceField(choices=[(name, name.replace("_", " ")) for name in sorted(TIME_ZONES)])
    paused_until = forms.DateField(
        label="Pause until",
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    hears_of_quiet_days = forms.BooleanField(
        label="Tell me on days without a digest",
        required=False,
        help_text="A short letter at your hour says why: a holiday, or nothing for you. Not for a weekly digest.",
    )
    pause = forms.TypedChoiceField(required=False, choices=PAUSES, coerce=int, empty_value=None)

    class Meta:
        model = Subscriber
        fields = ["topics", *STORED]

    def __init__(self, data: Any = None, *, reader: Subscriber, at: datetime) -> None:
        today = today_of(reader, at)
        # A pause that is over is none.
        self.stored_pause = reader.paused_until
        self.running_pause = reader.paused_until if reader.paused_until and reader.paused_until > today else None
        self.at = at
        super().__init__(data, instance=reader, initial={"paused_until": self.running_pause})
        limits = {"min": today + timedelta(days=1), "max": today + LONGEST_PAUSE}
        self.fields["paused_until"].widget.attrs |= {name: day.isoformat() for name, day in limits.items()}

    @property
    def quick_pauses(self) -> list[tuple[int, str]]:
        return [(weeks, label) for weeks, label in PAUSES if weeks]

    @cached_property
    def liked(self) -> list[Feedback]:
        """What the reader likes, with the papers."""
        said: QuerySet[Feedback] = self.instance.feedback.counting().filter(paper__is_hidden=False)
        said = said.filter(kind=Feedback.Kind.MORE)
        return list(said.select_related("paper"))

    @cached_property
    def wanted(self) -> list[str]:
        """The arXiv ids of papers that the reader likes and that wait to be looked up."""
        return list(self.instance.wanted_papers.values_list("arxiv_id", flat=True))

    @property
    def pasted(self) -> Pasted:
        pasted: Pasted = getattr(self, "cleaned_data", {}).get("arxiv_ids", Pasted())
        return pasted

    @property
    def told(self) -> str:
        """What becomes of the list of papers that was pasted, in a sentence."""
        return told_of(self.pasted, "after you save" if self.instance.is_active else AFTER_RETURN)

    @property
    def told_when_saved(self) -> str:
        return told_of(self.pasted, "within some minutes" if self.instance.is_active else AFTER_RETURN)

    @property
    def chosen_topics(self) -> frozenset[int]:
        """The topics that are ticked, valid or not, to tick them again."""
        return self._ticked("topics")

    @property
    def removed(self) -> frozenset[int]:
        return self._ticked("remove")

    def _ticked(self, name: str) -> frozenset[int]:
        ticked = map(str, self[name].value() or [])
        return frozenset(int(given) for given in ticked if is_row(given))

    def clean_arxiv_ids(self) -> Pasted:
        pasted = self.pasted
        if pasted.promised and len({*self.wanted, *pasted.promised}) > MOST_WANTED:
            raise ValidationError(
                f"{len(self.wanted)} papers of yours are still to be looked up. Add these once that is done."
            )
        return pasted

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        today = self._today(given.get("time_zone", ""))
        weeks = given.get("pause")
        if weeks is not None:
            given["paused_until"] = today + timedelta(weeks=weeks) if weeks else None
        elif wish := given.get("paused_until"):
            try:
                given["paused_until"] = checked_pause(wish, today, self.stored_pause)
            except ValidationError as err:
                self.add_error("paused_until", err)
        return given

    def _today(self, time_zone: str) -> date:
        return today_of(Subscriber(time_zone=time_zone or self.instance.time_zone), self.at)

    def preferences(self) -> Preferences:
        """Return what decides about the papers, as far as what was filled in makes sense; `is_valid` comes first."""
        given = self.cleaned_data
        return Preferences(
            interests=tuple(split_phrases(given.get("interests", ""))),
            muted=tuple(split_phrases(given.get("muted_words", ""))),
            authors=tuple(split_phrases(given.get("followed_authors", ""))),
            topics=frozenset(topic.pk for topic in given.get("topics", [])),
            ignored=tuple(self.instance.ignored_phrases),
            said=self._said(given.get("remove", frozenset())),
            size=given.get("size", self.instance.size),
        )

    def _said(self, no_longer_liked: frozenset[int]) -> tuple[Said, ...]:
        said, added = read_feedback([self.instance])[self.instance.pk], self.pasted.known
        overruled = {Feedback.Kind.MORE: no_longer_liked.union(added), Feedback.Kind.LESS: frozenset(added)}
        kept = [one for one in said if one.paper_id not in overruled.get(Feedback.Kind(one.kind), ())]
        return (*kept, *just_liked(added))
