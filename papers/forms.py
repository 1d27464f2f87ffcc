"""The forms in which editors change papers and topics."""

from typing import Any

from django import forms
from django.core.validators import URLValidator
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminURLInputWidget

from papers.models import Paper, Topic
from papers.text import collapse, has_html

EDITORS_FIELDS = ("is_pinned", "is_hidden", "editor_note")
# What a source tells and an editor may correct.
FACTS = ("title", "authors", "summary", "abstract", "keywords", "topics", "github_url", "project_url")


class LinesField(forms.Field):
    """A list of phrases, typed one a line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: object) -> object:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: str | None) -> list[str]:
        phrases = (collapse(line) for line in (value or "").splitlines())
        return [phrase for phrase in phrases if phrase]


class LinkField(forms.URLField):
    """An address that a browser may follow."""

    widget = UnfoldAdminURLInputWidget
    default_validators = [URLValidator(schemes=["http", "https"])]

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=500, assume_scheme="https", **options)


class PaperForm(forms.ModelForm[Paper]):
    authors = LinesField(required=False, help_text="One a line.")
    keywords = LinesField(required=False, help_text="One a line.")
    github_url = LinkField(label="GitHub repository")
    project_url = LinkField(label="project page")

    class Meta:
        model = Paper
        fields = [*EDITORS_FIELDS, *FACTS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # Changed is what this editor changed, not what a source or another editor did while the page was open.
            field.show_hidden_initial = True

    def clean_title(self) -> str:
        title = collapse(self.cleaned_data["title"])
        if has_html(title):
            raise forms.ValidationError("A title has no HTML.")
        return title

    @property
    def said(self) -> set[str]:
        """What editors say that was changed in this form."""
        return set(self.changed_data) & set(EDITORS_FIELDS)

    @property
    def corrected(self) -> set[str]:
        """The facts that were changed in this form."""
        return set(self.changed_data) & set(FACTS)


class TopicForm(forms.ModelForm[Topic]):
    terms = LinesField(
        required=False,
        help_text="Phrases, one a line; a new paper that has one in its title or keywords is in the topic.",
    )

    class Meta:
        model = Topic
        fields = ["name", "slug", "kind", "terms"]
