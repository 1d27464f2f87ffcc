"""The list of readers, and the page of one: who it is, what can be done, what happened so far, what they want."""

from datetime import datetime
from typing import Any, TypedDict

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django_stubs_ext import WithAnnotations
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from newsletter.admin.reader_actions import ReaderActions
from newsletter.admin.reader_story import tell
from newsletter.admin.segments import DigestSegment, ImportSegment, SaidSegment, TopicSegment
from newsletter.admin.words import short
from newsletter.models import Delivery
from staff.pages import Kept
from staff.paging import FiguredList, Long
from subscribers import optin
from subscribers.admin.files import InAndOutAdmin
from subscribers.forms.reader import ReaderForm
from subscribers.models import Feedback, Subscriber
from subscribers.preferences import change_preferences

COLOURS: dict[str, str] = {
    Subscriber.Status.PENDING: "warning",
    Subscriber.Status.ACTIVE: "success",
    Subscriber.Status.UNSUBSCRIBED: "info",
}
# Readers whom an action on the list changes: more takes longer than a request may.
MOST_AT_ONCE = 1000
# The largest number a row can have.
LARGEST = 2**63 - 1


def _day(at: datetime | None) -> str:
    return f"{at.day} {at:%b %Y}" if at else ""


class Shown(TypedDict):
    topic_count: int
    last_digest: datetime | None
    last_said: datetime | None


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
    list_before_template = "admin/newsletter/readers_note.html"
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
        return FiguredList

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
        if term.isdecimal() and int(term) <= LARGEST:
            return queryset.filter(pk=int(term)), False
        if self.has_browse_permission(request):
            return (queryset.filter(email__icontains=term) if term else queryset), False
        one = Subscriber.objects.with_address(term).values("pk")
        return (queryset.filter(pk__in=one) if term else queryset.none()), False

    def has_browse_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscribers.browse_subscriber")

    def get_urls(self) -> list[URLPattern]:
        act = path(
            "<int:number>/do/<slug:name>/",
            self.admin_site.admin_view(self.act_view),
            name="subscribers_subscriber_act",
        )
        return [act, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"finds_one": not self.has_browse_permission(request)} | (extra_context or {})
        return super().changelist_view(request, context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        reader = Subscriber.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        if reader is None or not self.has_view_permission(request, reader):
            return super().change_view(request, object_id, form_url, extra_context)
        told = {"standing": self.standing_of(request, reader), "story": tell(reader, request.user.has_perm)}
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
    def unsubscribe(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        at = timezone.now()
        leaving = self._chosen(request, queryset.exclude(status=Subscriber.Status.UNSUBSCRIBED))
        for reader in leaving:
            optin.unsubscribe(reader, source="admin", at=at)
            self.log_change(request, reader, "Unsubscribed.")
        self.message_user(request, f"Unsubscribed: {len(leaving)}.", messages.SUCCESS)

    @admin.action(description="Unsubscribe, and never mail the address again", permissions=["suppress"])
    def suppress(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        at = timezone.now()
        readers = self._chosen(request, queryset)
        for reader in readers:
            optin.never_mail(reader.email, at)
            self.log_change(request, reader, "Suppressed.")
        self.message_user(request, f"Suppressed: {len(readers)}.", messages.SUCCESS)

    # Of several permissions of an action Django asks for any one.
    def has_unsubscribe_permission(self, request: HttpRequest) -> bool:
        return self.has_browse_permission(request) and self.has_change_permission(request)

    def has_suppress_permission(self, request: HttpRequest) -> bool:
        return self.has_browse_permission(request) and request.user.has_perm("subscribers.add_suppression")

    def _chosen(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> list[Subscriber]:
        """Return the readers that were chosen; none, and say so, when they are too many."""
        readers = list(queryset[: MOST_AT_ONCE + 1])
        if len(readers) > MOST_AT_ONCE:
            told = f"These are more than {MOST_AT_ONCE:,}: choose fewer, or filter the list. Nobody was changed."
            self.message_user(request, told, messages.WARNING)
            return []
        return readers
