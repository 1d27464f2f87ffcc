"""What an operator sees of the readers, and who the operators are: the one app about people holds both."""

from typing import TypedDict

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_stubs_ext import WithAnnotations
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from papers.admin import Kept, ReadOnly
from subscribers import optin
from subscribers.addresses import fingerprint
from subscribers.models import ConsentEvent, Subscriber, Suppression
from subscribers.preferences import save_preferences

COLOURS: dict[str, str] = {
    Subscriber.Status.PENDING: "warning",
    Subscriber.Status.ACTIVE: "success",
    Subscriber.Status.UNSUBSCRIBED: "info",
}


class ConsentEventInline(ReadOnly, TabularInline[ConsentEvent, Subscriber]):
    model = ConsentEvent
    fields = ["at", "kind", "source", "wording_version"]
    # Anybody can ask for the digest at any address, again and again.
    per_page = 20
    hide_title = True


class Following(TypedDict):
    topic_count: int


@admin.register(Subscriber)
class SubscriberAdmin(Kept, ModelAdmin[Subscriber]):
    """Readers come in by double opt-in only, so neither address nor status is edited here."""

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
        ("When", {"fields": ("cadence", "weekday", "hour", "time_zone", "paused_until")}),
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


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin[Suppression]):
    """Addresses are known by their hashes alone; searching for an address tells whether it is one of them."""

    list_display = ["short_hash", "reason", "at"]
    list_filter = ["reason", "at"]
    search_fields = ["address_hash"]
    search_help_text = "A whole address"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        return (queryset.filter(address_hash=fingerprint(search_term)) if search_term else queryset), False

    @admin.display(description="address")
    def short_hash(self, suppression: Suppression) -> str:
        return f"{suppression.address_hash[:12]}…"


# Django registers its own pages for these, with forms that the admin's theme does not know.
admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], ModelAdmin[User]):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin[Group]):
    pass
