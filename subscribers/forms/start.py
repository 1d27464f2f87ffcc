"""The form of the start page: what somebody would like to read, besides the address."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from papers.text import collapse
from subscribers.forms.fields import PapersField
from subscribers.forms.sign_up import SignUpForm
from subscribers.models import MAX_TEXT, split_phrases
from subscribers.pasted import Pasted, told_of
from subscribers.preferences import Preferences, just_liked, make_choices

MAX_TOPICS, MAX_PAPERS = 200, 50
# What both databases can hold as the number of a row.
ROW = re.compile(r"[1-9][0-9]{0,17}")


class RowsField(forms.Field):
    """Numbers of rows, at most `most`. Whether there still are such rows shows when they are used."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, most: int) -> None:
        super().__init__(required=False)
        self.most = most

    def to_python(self, value: Any) -> frozenset[int]:
        given = list(value or [])
        if len(given) > self.most:
            raise ValidationError(f"Choose at most {self.most}.")
        if not all(map(is_row, given)):
            raise ValidationError("One of these is not on offer. Choose again.")
        return frozenset(map(int, given))


def is_row(given: str) -> bool:
    """Return whether `given` can be the number of a row."""
    return ROW.fullmatch(given) is not None


class StartForm(SignUpForm):
    """A sign-up with what somebody chose before; the form of other pages leaves all of that out."""

    topics = RowsField(most=MAX_TOPICS)
    papers = RowsField(most=MAX_PAPERS)
    arxiv_ids = PapersField()
    interests = forms.CharField(
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "protein folding, small language models"}),
    )

    def clean_interests(self) -> str:
        return "\n".join(collapse(line) for line in self.cleaned_data["interests"].splitlines())

    def choices(self) -> dict[str, Any]:
        given = self.cleaned_data
        arxiv_ids = given["arxiv_ids"].arxiv_ids
        return make_choices(given["topics"], given["papers"], given["interests"], given["time_zone"], arxiv_ids)

    @property
    def pasted(self) -> Pasted:
        pasted: Pasted = getattr(self, "cleaned_data", {}).get("arxiv_ids", Pasted())
        return pasted

    @property
    def told(self) -> str:
        """What becomes of the list of papers that was pasted, in a sentence."""
        return told_of(self.pasted, "after you subscribe")

    def preferences(self) -> Preferences:
        """Return what the visitor wants, as far as it makes sense."""
        given = getattr(self, "cleaned_data", {})
        return Preferences(
            interests=tuple(split_phrases(given.get("interests", ""))),
            topics=given.get("topics", frozenset()),
            said=just_liked({*given.get("papers", ()), *self.pasted.known}),
        )

    def marked(self, name: str) -> frozenset[int]:
        """Return the rows that are ticked in the field `name`, valid or not, to tick them again."""
        ticked = self[name].value() or []
        return frozenset(int(given) for given in ticked if is_row(given))


class PreviewForm(StartForm):
    """The form while the address is still to come: whatever stands there is kept and not judged."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"] = forms.CharField(
            required=False, label=self.fields["email"].label, widget=self.fields["email"].widget
        )
