"""What editors see of the papers. Facts are the sources'; pinning, hiding and the note are the editor's."""

from collections.abc import Sequence
from typing import TypedDict

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, F, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django_stubs_ext import WithAnnotations
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget

from papers.models import Paper, Signal, SourceRun, Topic, TrendingScore
from papers.text import collapse

EDITORS_FIELDS = ("is_pinned", "is_hidden", "editor_note")
# A source would overwrite whatever is corrected here, so they are only shown.
SOURCES_FIELDS = (
    "title",
    "author_names",
    "source_link",
    "listed_on",
    "attention",
    "summary",
    "abstract",
    "keyword_list",
    "topic_names",
    "published_on",
    "github_url",
    "project_url",
    "arxiv_id",
    "doi",
    "key",
    "is_sample",
    "created_at",
)


class Kept:
    """For rows that come and go by the service's own rules: nobody adds or deletes them by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnly(Kept):
    """For rows that only the service writes."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class SignalInline(ReadOnly, TabularInline[Signal, Paper]):
    model = Signal
    fields = ["observed_at", "source", "kind", "value"]
    ordering = ["-observed_at", "-pk"]
    # A paper read every hour for a month has thousands; the latest are on the first page.
    per_page = 20
    hide_title = True


class Scored(TypedDict):
    day_score: float | None


@admin.register(Paper)
class PaperAdmin(Kept, ModelAdmin[Paper]):
    list_display = ["title", "listed_on", "score_today", "is_pinned", "is_hidden"]
    list_filter = ["listed_on", "is_pinned", "is_hidden", "is_sample", "topics"]
    search_fields = ["title", "arxiv_id"]
    show_full_result_count = False
    actions = ["pin", "unpin", "hide", "unhide"]
    inlines = [SignalInline]
    readonly_fields = SOURCES_FIELDS
    fieldsets = [
        ("What editors say", {"fields": EDITORS_FIELDS}),
        ("What sources say", {"fields": SOURCES_FIELDS}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Paper]:
        today = TrendingScore.objects.filter(paper=OuterRef("pk"), window=TrendingScore.Window.DAY).order_by("-day")
        return super().get_queryset(request).annotate(day_score=Subquery(today.values("score")[:1]))

    def save_model(self, request: HttpRequest, obj: Paper, form: forms.ModelForm[Paper], change: bool) -> None:
        # Not the facts: a source may have been read since the form was filled.
        obj.save(update_fields=EDITORS_FIELDS)

    # Papers without a score come last when the best come first, on every database.
    @admin.display(description="score today", ordering=F("day_score").asc(nulls_first=True))
    def score_today(self, paper: "WithAnnotations[Paper, Scored]") -> str | None:
        return None if paper.day_score is None else f"{paper.day_score:.2f}"

    @admin.display(description="authors")
    def author_names(self, paper: Paper) -> str:
        return ", ".join(paper.authors)

    @admin.display(description="keywords")
    def keyword_list(self, paper: Paper) -> str:
        return ", ".join(paper.keywords)

    @admin.display(description="topics")
    def topic_names(self, paper: Paper) -> str:
        return ", ".join(topic.name for topic in paper.topics.all())

    @admin.display(description="source")
    def source_link(self, paper: Paper) -> str:
        return format_html('<a href="{0}" class="text-link">{0}</a>', paper.source_url) if paper.source_url else ""

    @admin.display(description="trending score")
    def attention(self, paper: Paper) -> str:
        scores = {score.window: score for score in paper.scores.order_by("day")}
        return "\n".join(
            f"{label}: {scores[window].score:.2f} ({scores[window].in_words or 'nothing new'})"
            for window, label in TrendingScore.Window.choices
            if window in scores
        )

    @admin.action(description="Pin", permissions=["change"])
    def pin(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        self._tell(request, queryset.update(is_pinned=True), "pinned")

    @admin.action(description="Unpin", permissions=["change"])
    def unpin(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        self._tell(request, queryset.update(is_pinned=False), "no longer pinned")

    @admin.action(description="Hide", permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        self._tell(request, queryset.update(is_hidden=True), "hidden")

    @admin.action(description="Unhide", permissions=["change"])
    def unhide(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        self._tell(request, queryset.update(is_hidden=False), "no longer hidden")

    def _tell(self, request: HttpRequest, count: int, done: str) -> None:
        self.message_user(request, f"{count} paper{'' if count == 1 else 's'} {done}.", messages.SUCCESS)


class LinesField(forms.Field):
    """A list of phrases, typed one a line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: object) -> object:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: str | None) -> list[str]:
        phrases = (collapse(line) for line in (value or "").splitlines())
        return [phrase for phrase in phrases if phrase]


class TopicForm(forms.ModelForm[Topic]):
    terms = LinesField(
        required=False,
        help_text="Phrases, one a line; a new paper that has one in its title or keywords is in the topic.",
    )

    class Meta:
        model = Topic
        fields = ["name", "slug", "kind", "terms"]


class Sized(TypedDict):
    paper_count: int


@admin.register(Topic)
class TopicAdmin(ModelAdmin[Topic]):
    form = TopicForm
    list_display = ["name", "slug", "kind", "paper_count"]
    list_filter = ["kind"]
    search_fields = ["name", "slug"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return super().get_queryset(request).annotate(paper_count=Count("papers"))

    def get_readonly_fields(self, request: HttpRequest, obj: Topic | None = None) -> list[str]:
        # A category is known to the sources by its slug, which has a dot in it that no form would accept.
        return ["slug", "kind", "terms"] if obj and obj.kind == Topic.Kind.CATEGORY else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Topic | None = None) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ["name"]}

    @admin.display(description="papers", ordering="paper_count")
    def paper_count(self, topic: "WithAnnotations[Topic, Sized]") -> int:
        return topic.paper_count


@admin.register(SourceRun)
class SourceRunAdmin(ReadOnly, ModelAdmin[SourceRun]):
    list_display = ["source", "started_at", "created", "updated", "unchanged", "signals", "refused", "status", "detail"]
    list_filter = ["source", "started_at"]
    show_full_result_count = False
