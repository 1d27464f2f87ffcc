"""What readers can follow: with how many papers and readers each has, and what its terms would catch."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeAlias, TypedDict

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django_stubs_ext import WithAnnotations
from unfold.admin import ModelAdmin

from papers.forms import LinesField, TopicForm
from papers.models import Paper, Topic
from papers.terms import try_terms
from staff.asking import Question, ask, is_answered
from subscribers.models import Subscriber

# Days of papers on which terms are tried.
TRIED_DAYS = 30


class Followed(TypedDict):
    paper_count: int
    reader_count: int


Shown: TypeAlias = "WithAnnotations[Topic, Followed]"


def _count(links: QuerySet[Any]) -> Coalesce:
    """Return how many of `links` a topic has. A subquery each: one join of papers and readers would multiply.

    Counted as rows, so that the index alone is read.
    """
    of_topic = links.filter(topic=OuterRef("pk")).order_by().values("topic")
    return Coalesce(Subquery(of_topic.annotate(count=Count("*")).values("count")), 0)


@admin.register(Topic)
class TopicAdmin(ModelAdmin[Topic]):
    form = TopicForm
    list_display = ["name", "slug", "kind", "paper_count", "reader_count"]
    list_filter = ["kind"]
    search_fields = ["name", "slug"]
    change_form_after_template = "admin/subscribers/topic_terms.html"

    class Media:
        js = ["topic-terms.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        papers = _count(Paper.topics.through._default_manager.all())
        readers = _count(Subscriber.topics.through._default_manager.all())
        return super().get_queryset(request).annotate(paper_count=papers, reader_count=readers)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        # What a single reader follows is not for those who look after topics.
        return not lookup.startswith("followers") and super().lookup_allowed(lookup, value, request)

    def get_readonly_fields(self, request: HttpRequest, obj: Topic | None = None) -> list[str]:
        # A category is known to the sources by its slug, which has a dot in it that no form would accept.
        return ["slug", "kind", "terms"] if obj and obj.kind == Topic.Kind.CATEGORY else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Topic | None = None) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ["name"]}

    def get_urls(self) -> list[URLPattern]:
        terms = path("terms/", self.admin_site.admin_view(self.terms_view), name="papers_topic_terms")
        return [terms, *super().get_urls()]

    def terms_view(self, request: HttpRequest) -> HttpResponse:
        """What the terms that somebody is typing would catch, as a piece of the page."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        terms = LinesField().to_python(request.GET.get("terms"))
        caught = try_terms(terms, timezone.localdate() - timedelta(days=TRIED_DAYS)) if terms else None
        return render(request, "admin/subscribers/topic_caught.html", {"caught": caught, "days": TRIED_DAYS})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None: topics are deleted one at a time."""
        return {}

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's page, but for a topic that readers follow: nobody can give it back to them, so that is typed."""
        found: Shown | None = self.get_object(request, unquote(object_id))  # type: ignore[assignment]  # annotated
        if found and found.reader_count and not _is_kept(found) and self.has_delete_permission(request, found):
            question = _question(found)
            if not is_answered(request, question):
                return ask(self, request, question)
        return super().delete_view(request, object_id, extra_context)

    def get_deleted_objects(
        self, objs: Iterable[Topic], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What would go, as numbers: Django would name each reader and each paper of a topic."""
        topics: list[Shown] = list(self.get_queryset(request).filter(pk__in=[topic.pk for topic in objs]))  # type: ignore[arg-type]  # annotated
        told = [
            f"{topic}: {topic.reader_count:,} readers follow it, {topic.paper_count:,} papers are in it"
            for topic in topics
        ]
        counts = {
            "topics": len(topics),
            "readers who follow them": sum(topic.reader_count for topic in topics),
            "papers that are in them": sum(topic.paper_count for topic in topics),
        }
        # The next paper of it would bring it back, without those who follow it.
        kept = [f"{topic}: papers are in this category" for topic in topics if _is_kept(topic)]
        denied = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        return told, counts, denied, kept

    @admin.display(description="papers", ordering="paper_count")
    def paper_count(self, topic: Shown) -> int:
        return topic.paper_count

    @admin.display(description="readers", ordering="reader_count")
    def reader_count(self, topic: Shown) -> int:
        return topic.reader_count


def _question(topic: Shown) -> Question:
    return Question(
        act="Delete",
        title=f"Delete the topic {topic}",
        what=f"{topic}: {topic.reader_count:,} readers follow it, {topic.paper_count:,} papers are in it",
        warning="Nobody follows it any more, and no reader is told. Papers stay. There is no way back.",
        back=reverse("admin:papers_topic_change", args=[topic.pk]),
        typed=f"delete {topic.slug}",
    )


def _is_kept(topic: Shown) -> bool:
    return topic.kind == Topic.Kind.CATEGORY and topic.paper_count > 0
