"""The papers of an edition, on its page."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from newsletter.models import Edition, EditionEntry
from papers.models import Paper
from papers.trending import in_words
from staff.pages import Kept


class EntryForm(forms.ModelForm[EditionEntry]):
    def clean(self) -> None:
        # A draft follows the scores, also while somebody has the page open.
        if self.instance._state.adding:
            self.errors.pop("id", None)
            if set(self.changed_data) - {"id"}:
                raise forms.ValidationError("This paper has left the draft; add it again.")


class EntryInline(Kept, TabularInline[EditionEntry, Edition]):
    model = EditionEntry
    form = EntryForm
    verbose_name_plural = "papers, in the order in which they go out"
    fields = ["paper", "rank", "points", "attention", "goes_out", "position", "is_pinned", "is_hidden", "note"]
    readonly_fields = ["paper", "rank", "points", "attention", "goes_out"]
    extra = 0
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[EditionEntry]:
        return EditionEntry.objects.in_order().select_related("paper")

    @admin.display(description="score")
    def points(self, entry: EditionEntry) -> str:
        # A row whose paper has left the draft is shown without one.
        return "" if entry._state.adding else f"{entry.score:.2f}"

    @admin.display(description="attention")
    def attention(self, entry: EditionEntry) -> str:
        return in_words(entry.parts)

    @admin.display(description="goes out", boolean=True)
    def goes_out(self, entry: EditionEntry) -> bool:
        return entry.goes_out


class NewEntryForm(forms.ModelForm[EditionEntry]):
    def clean_paper(self) -> Paper:
        paper: Paper = self.cleaned_data["paper"]
        if EditionEntry.objects.filter(edition=self.instance.edition_id, paper=paper).exists():
            raise forms.ValidationError("The edition has this paper already.")
        if paper.is_hidden:
            raise forms.ValidationError("This paper is hidden everywhere; unhide it first.")
        return paper


class NewEntryInline(TabularInline[EditionEntry, Edition]):
    """A place of its own for new entries, so that a paper is chosen here and never exchanged below."""

    model = EditionEntry
    form = NewEntryForm
    verbose_name = "paper"
    verbose_name_plural = "add papers"
    fields = ["paper", "position", "is_pinned", "note"]
    autocomplete_fields = ["paper"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[EditionEntry]:
        return EditionEntry.objects.none()

    def has_add_permission(self, request: HttpRequest, obj: Edition | None = None) -> bool:
        return obj is not None and obj.is_draft and super().has_add_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Edition | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Edition | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Edition | None = None) -> bool:
        return False
