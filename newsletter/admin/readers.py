"""The list of readers, and the page of one: who it is, what can be done, what happened so far, what they want."""

from datetime import datetime
from typing import Any, TypedDict

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django_stubs_ext import WithAnnotations
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from newsletter.admin.openings import may_browse, may_open, too_many_opened
from newsletter.admin.reader_actions import ReaderActions
from newsletter.admin.reader_acts import SUPPRESS, UNSUBSCRIBE
from newsletter.admin.reader_story import tell
from newsletter.admin.segments import DigestSegment, ImportSegment, SaidSegment, TopicSegment
from newsletter.admin.words import short
from newsletter.models import Delivery
from staff.pages import Kept
from staff.paging import FiguredList, Long
from subscribers.admin.files import InAndOutAdmin
from subscribers.forms.reader import ReaderForm
from subscribers.forms.start import is_row
from subscribers.models import Feedback, Subscriber
from subscribers.preferences import change_preferences

COLOURS: dict[str, str] = {
    Subscriber.Status.PENDING: "warning",
    Subscriber.Status.ACTIVE: "success",
    Subscriber.Status.UNSUBSCRIBED: "info",
}


def _day(at: datetime | None) -> str:
    return f"{at.day} {at:%b %Y}" if at else ""


class Shown(TypedDict):
    topic_count: int
    last_digest: datetime | None
    last_said: datetime | None


class ReaderList(FiguredList):
    """`finds_one`: nobody stands on it until one reader is asked for."""

    finds_one = False

    def get_results(self, request: HttpRequest) -> None:
        self.finds_one = not may_browse(request)
        super().get_results(request)


@admin.register(Subscriber)
class SubscriberAdmin(Long, Kept, ReaderActions, InAndOutAdmin):
    """Readers come in by double opt-in or by file, so neither address nor status is edited here.

    Who may not browse finds one reader at a time, by the whole address or the number.
    """

    form = ReaderForm
    list_display = ["email", "short_status", "rhythm", "topic_count", "last_digest", "last_said", "came_on"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("cadence", ChoicesDropdownFilter),
        TopicSegment,
        SaidSegment,
        DigestSegment,
        ImportSegment,
    ]
    list_filter_submit = True
    search_fields = ["email"]
    search_help_text = "An address, or the number of a reader"
    sortable_by = ["came_on"]
    # A count for each answer of each segment is a question about everybody.
    show_facets = admin.ShowFacets.NEVER
    actions = ["unsubscribe", "suppress"]
    change_form_outer_before_template = "admin/newsletter/reader.html"
    autocomplete_fields = ["topics"]

    fieldsets = [
        ("What they want to read", {"fields": ("topics", "interests", "followed_authors", "muted_words", "size")}),
        (
            "When",
            {"fields": (("cadence", "weekday"), ("hour", "time_zone"), ("paused_until", "hears_of_quiet_days"))},
        ),
    ]

    class Media:
        js = ["named-choices.js"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FiguredList]:
        return ReaderList

    def get_list_filter(self, request: HttpRequest) -> Any:
        return super().get_list_filter(request) if may_browse(request) else []

    def with_figures(self, readers: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
        """Return readers with how much they follow, and when they last got and said something."""
        own = OuterRef("pk")
        follows: QuerySet[Any] = Subscriber.topics.through._default_manager.filter(subscriber=own)
        topics = follows.order_by().values("subscriber").annotate(count=Count("*"))
        got = Delivery.objects.filter(subscriber=own, status=Delivery.Status.ACCEPTED).order_by("-due_at")
        said = Feedback.objects.meant().filter(subscriber=own).order_by("-at")
        return readers.annotate(
            topic_count=Coalesce(Subquery(topics.values("count")), 0),
            last_digest=Subquery(got.values("due_at")[:1]),
            last_said=Subquery(said.values("at")[:1]),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subscriber], search_term: str
    ) -> tuple[QuerySet[Subscriber], bool]:
        term = search_term.strip()
        if is_row(term):
            return queryset.filter(pk=int(term)), False
        if may_browse(request):
            return (queryset.filter(email__icontains=term) if term else queryset), False
        one = Subscriber.objects.with_address(term).values("pk")
        return (queryset.filter(pk__in=one) if term else queryset.none()), False

    def get_urls(self) -> list[URLPattern]:
        act = path(
            "<int:number>/do/<slug:name>/",
            self.admin_site.admin_view(self.act_view),
            name="subscribers_subscriber_act",
        )
        return [act, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        number = request.GET.get(SEARCH_VAR, "").strip()
        # The list tells the address.
        if is_row(number) and self.has_view_permission(request) and not may_open(request, int(number)):
            return too_many_opened(self, request)
        return super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        reader = Subscriber.objects.filter(pk=object_id).first() if is_row(object_id) else None
        if reader is None or not self.has_view_permission(request, reader):
            return super().change_view(request, object_id, form_url, extra_context)
        if not may_open(request, reader.pk):
            return too_many_opened(self, request)
        told = self.offers(request, reader) | {"story": tell(reader, request.user.has_perm)}
        return super().change_view(request, object_id, form_url, told | (extra_context or {}))

    def save_model(
        self, request: HttpRequest, obj: Subscriber, form: forms.ModelForm[Subscriber], change: bool
    ) -> None:
        if not isinstance(form, ReaderForm) or not form.changed_data:
            return
        # As the reader would: what is queued is chosen again. What the reader changed meanwhile stays.
        if "topics" in form.changed_data:
            obj.topics.set(form.cleaned_data["topics"])
        change_preferences(obj, timezone.now(), **form.changes)

    def response_change(self, request: HttpRequest, obj: Subscriber) -> HttpResponse:
        """Who has no list to come back to stays with the reader."""
        response = super().response_change(request, obj)
        return response if may_browse(request) else redirect("admin:subscribers_subscriber_change", obj.pk)

    def save_related(
        self, request: HttpRequest, form: forms.ModelForm[Subscriber], formsets: Any, change: bool
    ) -> None:
        """Nothing: topics are saved with all else a reader wants."""

    # --- Columns ----------------------------------------------------------------------------------------------------

    @display(description="status", ordering="status", label=COLOURS)
    def short_status(self, reader: Subscriber) -> tuple[str, str]:
        return reader.status, short(reader.get_status_display())

    @admin.display(description="cadence", ordering="cadence")
    def rhythm(self, reader: Subscriber) -> str:
        # Its label tells more than a column holds.
        return Subscriber.Cadence(reader.cadence).name.capitalize()

    @admin.display(description="topics")
    def topic_count(self, reader: "WithAnnotations[Subscriber, Shown]") -> int:
        return reader.topic_count

    @admin.display(description="last digest")
    def last_digest(self, reader: "WithAnnotations[Subscriber, Shown]") -> str:
        return _day(reader.last_digest)

    @admin.display(description="last said something")
    def last_said(self, reader: "WithAnnotations[Subscriber, Shown]") -> str:
        return _day(reader.last_said)

    @admin.display(description="came", ordering="created_at")
    def came_on(self, reader: Subscriber) -> str:
        return _day(reader.created_at)

    # --- Actions on the list ----------------------------------------------------------------------------------------

    @admin.action(description="Unsubscribe", permissions=["unsubscribe"])
    def unsubscribe(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> HttpResponse | None:
        leaving = queryset.exclude(status=Subscriber.Status.UNSUBSCRIBED)
        return self._act_on_many(request, leaving, UNSUBSCRIBE)

    @admin.action(description="Unsubscribe, and never mail the address again", permissions=["suppress"])
    def suppress(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> HttpResponse | None:
        return self._act_on_many(request, queryset, SUPPRESS)

    # Of several permissions of an action Django asks for any one.
    def has_unsubscribe_permission(self, request: HttpRequest) -> bool:
        return may_browse(request) and request.user.has_perm(UNSUBSCRIBE.permission)

    def has_suppress_permission(self, request: HttpRequest) -> bool:
        return may_browse(request) and request.user.has_perm(SUPPRESS.permission)
