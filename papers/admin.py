"""What editors see of the papers, and what operators see of the sources.

Facts are the sources'. A fact that an editor corrects is the editor's from then on, until it is given back.
"""

from collections.abc import Iterable
from typing import Any, TypedDict

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django_stubs_ext import WithAnnotations
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from papers.arxiv_ids import ids_in, key_of
from papers.forms import EDITORS_FIELDS, FACTS, PaperForm
from papers.models import Paper, Repository, Signal, SourceRun, TrendingScore
from papers.search_index import index_papers
from staff.pages import Kept, ReadOnly
from staff.paging import FiguredList, Long

# What only sources know.
SOURCES_FIELDS = (
    "corrected",
    "source_link",
    "listed_on",
    "attention",
    "published_on",
    "primary_category",
    "arxiv_id",
    "doi",
    "key",
    "is_sample",
    "created_at",
)
# Papers that one action of the list changes.
MOST_AT_ONCE = 1000
RUN_COLOURS: dict[str, str] = {
    SourceRun.Status.UNFINISHED: "info",
    SourceRun.Status.READ: "success",
    SourceRun.Status.EMPTY: "info",
    SourceRun.Status.STALE: "warning",
    SourceRun.Status.FAILED: "danger",
    SourceRun.Status.RESTING: "warning",
}


class SignalInline(ReadOnly, TabularInline[Signal, Paper]):
    model = Signal
    fields = ["observed_at", "source", "kind", "value"]
    ordering = ["-observed_at", "-pk"]
    # A paper read every hour for a month has thousands; the latest are on the first page.
    per_page = 20
    hide_title = True


class CorrectedFilter(admin.SimpleListFilter):
    title = "corrected by an editor"
    parameter_name = "corrected"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Paper]) -> QuerySet[Paper]:
        match self.value():
            case "yes":
                return queryset.exclude(edited_facts=[])
            case "no":
                return queryset.filter(edited_facts=[])
        return queryset


class Scored(TypedDict):
    day_score: float | None


@admin.register(Paper)
class PaperAdmin(Long, Kept, ModelAdmin[Paper]):
    list_display = ["title", "listed_on", "score_today", "is_pinned", "is_hidden"]
    form = PaperForm
    list_filter = ["listed_on", "is_pinned", "is_hidden", CorrectedFilter, "is_sample", "topics"]
    # What came last first: most papers were never in a list. In any other order all of them would be sorted.
    ordering = ["-pk"]
    sortable_by = ()
    search_fields = ["title"]
    search_help_text = "Words of a title as they stand there, or arXiv ids"
    actions = ["pin", "unpin", "hide", "unhide", "give_back"]
    inlines = [SignalInline]
    autocomplete_fields = ["topics"]
    readonly_fields = SOURCES_FIELDS
    fieldsets = [
        ("What editors say", {"fields": EDITORS_FIELDS}),
        ("What sources say, unless you correct it", {"fields": FACTS}),
        ("What only sources know", {"fields": SOURCES_FIELDS}),
    ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FiguredList]:
        return FiguredList

    def with_figures(self, papers: QuerySet[Paper]) -> QuerySet[Paper]:
        today = TrendingScore.objects.filter(paper=OuterRef("pk"), window=TrendingScore.Window.DAY).order_by("-day")
        return papers.annotate(day_score=Subquery(today.values("score")[:1]))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Paper], search_term: str
    ) -> tuple[QuerySet[Paper], bool]:
        if ids := ids_in(search_term):
            return queryset.filter(key__in=map(key_of, ids)), False
        return super().get_search_results(request, queryset, search_term)

    def save_model(self, request: HttpRequest, obj: Paper, form: forms.ModelForm[Paper], change: bool) -> None:
        said, corrected = (form.said, form.corrected) if isinstance(form, PaperForm) else (set[str](), set[str]())
        # Whatever else the form holds may be older than what a source or another editor has told since.
        known = Paper.objects.select_for_update().get(pk=obj.pk)
        obj.edited_facts = sorted({*known.edited_facts, *corrected})
        obj.save(update_fields=[*said, *(corrected - {"topics"}), "edited_facts"])

    def save_related(self, request: HttpRequest, form: forms.ModelForm[Paper], formsets: Any, change: bool) -> None:
        # As Django does, but for topics that only a source has changed since the form was filled.
        if "topics" in form.changed_data:
            form.save_m2m()
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)
        index_papers(Paper.objects.filter(pk=form.instance.pk))

    @admin.display(description="score today")
    def score_today(self, paper: "WithAnnotations[Paper, Scored]") -> str | None:
        return None if paper.day_score is None else f"{paper.day_score:.2f}"

    @admin.display(description="corrected")
    def corrected(self, paper: Paper) -> str:
        return ", ".join(paper.edited_facts) or "nothing"

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
        self._mark(request, queryset, "pinned", is_pinned=True)

    @admin.action(description="Unpin", permissions=["change"])
    def unpin(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        self._mark(request, queryset, "no longer pinned", is_pinned=False)

    @admin.action(description="Hide", permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        self._mark(request, queryset, "hidden", is_hidden=True)

    @admin.action(description="Unhide", permissions=["change"])
    def unhide(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        self._mark(request, queryset, "no longer hidden", is_hidden=False)

    @admin.action(description="Give corrected facts back to the sources", permissions=["change"])
    def give_back(self, request: HttpRequest, queryset: QuerySet[Paper]) -> None:
        self._mark(request, queryset, "given back; the sources' facts come with the next reading", edited_facts=[])

    def _mark(self, request: HttpRequest, papers: QuerySet[Paper], done: str, **marks: Any) -> None:
        """Mark these papers so, and note it at each that was not; tell how many. Of too many none is changed."""
        changed = list(papers.exclude(**marks)[: MOST_AT_ONCE + 1])
        if len(changed) > MOST_AT_ONCE:
            told = f"These are more than {MOST_AT_ONCE:,} papers: choose fewer, or filter the list. None was changed."
            self.message_user(request, told, messages.WARNING)
            return
        with transaction.atomic():
            Paper.objects.filter(pk__in=[paper.pk for paper in changed]).update(**marks)
            LogEntry.objects.log_actions(str(request.user.pk), changed, CHANGE, f"{done.capitalize()}.")
        count = len(changed)
        self.message_user(request, f"{count} paper{'' if count == 1 else 's'} {done}.", messages.SUCCESS)


@admin.register(SourceRun)
class SourceRunAdmin(Long, ReadOnly, ModelAdmin[SourceRun]):
    list_display = [
        "source",
        "started_at",
        "short_status",
        "asked",
        "received",
        "created",
        "updated",
        "signals",
        "skipped",
        "refused",
        "detail",
    ]
    list_filter = ["source", "status", "started_at"]
    search_fields = ["detail"]
    sortable_by = ["started_at"]

    @display(description="status", ordering="status", label=RUN_COLOURS)
    def short_status(self, run: SourceRun) -> tuple[str, str]:
        # Without what it means, which the page of the run tells.
        return run.status, run.get_status_display().partition(":")[0]


@admin.register(Repository)
class RepositoryAdmin(Long, ReadOnly, ModelAdmin[Repository]):
    list_display = ["name", "stars", "read_at"]
    ordering = ["name"]
    search_fields = ["name"]
