"""Who did what in the admin: kept for as long as the service is, changed by nobody."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin import RelatedOnlyFieldListFilter
from django.contrib.admin.models import LogEntry
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from staff.pages import ReadOnly
from staff.paging import Long


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnly, Long, ModelAdmin[LogEntry]):
    """No address stands here: rows of readers call themselves by number, and so does what is noted of them."""

    list_display = ["at", "who", "kind", "what", "told"]
    list_display_links = None
    list_filter = [("user", RelatedOnlyFieldListFilter), ("content_type", RelatedOnlyFieldListFilter)]
    list_select_related = ["user", "content_type"]
    search_fields = ["user__username", "object_repr", "change_message"]
    search_help_text = "Searches who, what and what was done."
    # The newest first; the key is indexed, the time is not.
    ordering = ["-pk"]

    @admin.display(description="when")
    def at(self, entry: LogEntry) -> datetime:
        return entry.action_time

    @admin.display(description="who", ordering="user__username")
    def who(self, entry: LogEntry) -> str:
        return entry.user.get_username()

    @admin.display(description="kind", ordering="content_type")
    def kind(self, entry: LogEntry) -> str:
        return str(entry.content_type.name) if entry.content_type else ""

    @admin.display(description="what")
    def what(self, entry: LogEntry) -> str:
        url = None if entry.is_deletion() else entry.get_admin_url()
        return (
            format_html('<a href="{}" class="text-link">{}</a>', url, entry.object_repr) if url else entry.object_repr
        )

    @admin.display(description="done")
    def told(self, entry: LogEntry) -> Any:
        return entry.get_change_message() or entry.get_action_flag_display()
