from datetime import date
from typing import TypedDict

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_stubs_ext import WithAnnotations
from unfold.admin import TabularInline
from unfold.decorators import display

from staff.pages import Kept, ReadOnly
from subscribers import optin
from subscribers.admin.files import InAndOutAdmin
from subscribers.models import LONGEST_PAUSE, ConsentEvent, Subscriber, Suppression
from subscribers.preferences import save_preferences

COLOURS: dict[str, str] = {
    Subscriber.Status.PENDING: "warning",
    Subscriber.Status.ACTIVE: "success",
    Subscriber.Status.UNSUBSCRIBED: "info",
}


class ConsentEventInline(ReadOnly, TabularInline[ConsentEvent, Subscriber]):
    model = ConsentEvent
    fields = ["at", "kind", "source", "page", "truncated_ip", "wording_version"]
    # Anybody can ask for the digest at any address, again and again.
    per_page = 20
    hide_title = True


class ReaderForm(forms.ModelForm[Subscriber]):
    def clean_paused_until(self) -> date | None:
        wish: date | None = self.cleaned_data["paused_until"]
        if wish and wish > timezone.localdate() + LONGEST_PAUSE:
            raise forms.ValidationError("A pause lasts a year at most.")
        return wish


class Following(TypedDict):
    topic_count: int


@admin.register(Subscriber)
class SubscriberAdmin(Kept, InAndOutAdmin):
    """Readers come in by double opt-in or by file, so neither address nor status is edited here."""

    form = ReaderForm
    list_display = ["email", "short_status", "created_at", "confirmed_at", "topic_count", "hour", "time_zone"]
    list_filter = ["status", "created_at", "confirmed_at"]
    search_fields = ["email"]
    show_full_result_count = False
    actions = ["unsubscribe", "suppress"]
    inlines = [ConsentEventInline]
    autocomplete_fields = ["topics"]
    readonly_fields = ["email", "status", "is_suppressed", "created_at", "confirmed_at", "unsubscribed_at"]
    fieldsets = [
        (None, {"fields": ("email", "status", "is_suppressed", "created_at", "confirmed_at", "unsubscribed_at")}),
        ("Preferences", {"fields": ("topics", "interests", "followed_authors", "muted_words", "size")}),
        ("When", {"fields": ("cadence", "weekday", "hour", "time_zone", "paused_until", "hears_of_quiet_days")}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscriber]:
        return super().get_queryset(request).annotate(topic_count=Count("topics"))

    def save_model(
        self, request: HttpRequest, obj: Subscriber, form: forms.ModelForm[Subscriber], change: bool
    ) -> None:
        # As the reader would: what is queued is chosen again, and a status that changed meanwhile stays.
        save_preferences(obj, form.cleaned_data["topics"], timezone.now())

    @display(description="status", ordering="status", label=COLOURS)
    def short_status(self, reader: Subscriber) -> tuple[str, str]:
        return reader.status, reader.get_status_display().partition(":")[0]

    @admin.display(description="topics", ordering="topic_count")
    def topic_count(self, reader: "WithAnnotations[Subscriber, Following]") -> int:
        return reader.topic_count

    @admin.display(description="suppressed", boolean=True)
    def is_suppressed(self, reader: Subscriber) -> bool:
        return Suppression.objects.covers(reader.email)

    @admin.action(description="Unsubscribe", permissions=["change"])
    def unsubscribe(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        at = timezone.now()
        leaving = list(queryset.exclude(status=Subscriber.Status.UNSUBSCRIBED))
        for reader in leaving:
            optin.unsubscribe(reader, source="admin", at=at)
        self.message_user(request, f"Unsubscribed: {len(leaving)}.", messages.SUCCESS)

    @admin.action(description="Unsubscribe, and never mail the address again", permissions=["change"])
    def suppress(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        at = timezone.now()
        readers = list(queryset)
        for reader in readers:
            with transaction.atomic():
                Suppression.objects.suppress(reader.email, Suppression.Reason.MANUAL, at)
                optin.unsubscribe(reader, source="admin", at=at)
        self.message_user(request, f"Suppressed: {len(readers)}.", messages.SUCCESS)
