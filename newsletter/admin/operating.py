"""What needs an operator's hand, whether queues are worked off, and the switch for all mail."""

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from mail.models import Provider
from newsletter.admin.edition_actions import warn
from newsletter.admin.taking import by
from newsletter.models import Alert, Heartbeat
from newsletter.operating import start_again, stop_all
from staff.pages import ReadOnly
from staff.paging import Long


@admin.register(Alert)
class AlertAdmin(Long, ReadOnly, ModelAdmin[Alert]):
    list_display = ["kind", "text", "raised_at", "told_at", "cleared_at"]
    list_filter = ["kind", "cleared_at"]
    fields = ["kind", "about", "edition_period", "text", "raised_at", "told_at", "cleared_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        return super().get_queryset(request).select_related("edition").defer("edition__fragments")

    @admin.display(description="edition")
    def edition_period(self, alert: Alert) -> str:
        return alert.edition.period if alert.edition else ""


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly, ModelAdmin[Heartbeat]):
    """When each queue was last worked off. A row of a queue that nobody works off on purpose can be deleted."""

    list_display = ["queue", "beat_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("newsletter.delete_heartbeat")


@admin.register(Provider)
class ProviderAdmin(ReadOnly, ModelAdmin[Provider]):
    """Who carries mail, and the switch that stops all of it. It is the configured one that is switched."""

    list_display = ["name", "stopped_at", "slowed_until"]
    fields = ["name", "stopped_at", "slowed_until", "slowdowns"]
    actions = ["stop_all", "start_again"]

    def has_switch_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("mail.change_provider")

    @admin.action(description="Stop all mail", permissions=["switch"])
    def stop_all(self, request: HttpRequest, queryset: QuerySet[Provider]) -> None:
        self._tell(request, queryset, stop_all(timezone.now(), by(request)), "All mail is stopped.")

    @admin.action(description="Let mail leave again", permissions=["switch"])
    def start_again(self, request: HttpRequest, queryset: QuerySet[Provider]) -> None:
        self._tell(request, queryset, start_again(by(request)), "Mail leaves again.")

    def _tell(self, request: HttpRequest, providers: QuerySet[Provider], is_new: bool, what: str) -> None:
        if not is_new:
            warn(self, request, "It was so before.")
            return
        for provider in providers:
            self.log_change(request, provider, what)
        self.message_user(request, what, messages.SUCCESS)
