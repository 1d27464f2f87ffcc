"""What an operator does to editions on their list. What cannot be undone leads to the page that asks first."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin

from newsletter.admin import edition_acts as acts
from newsletter.admin.acts import Act
from newsletter.admin.taking import act_url, take
from newsletter.models import Edition, EditionQuerySet

OPERATORS_ACTIONS = [
    "close_now",
    "pause",
    "resume",
    "let_unknown_be",
    "send_unknown_again",
    "retry_failed",
    "cancel",
]


def warn(admin_page: ModelAdmin[Any], request: HttpRequest, text: str) -> None:
    admin_page.message_user(request, text, messages.WARNING)


class EditionActions(ModelAdmin[Edition]):
    """Actions on the list of editions."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(acts.OPERATE)

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(acts.RESOLVE)

    @admin.action(description=acts.CLOSE.label, permissions=["operate"])
    def close_now(self, request: HttpRequest, queryset: EditionQuerySet) -> HttpResponse | None:
        return self._ask_first(request, queryset, acts.CLOSE)

    @admin.action(description=acts.PAUSE.label, permissions=["operate"])
    def pause(self, request: HttpRequest, queryset: EditionQuerySet) -> None:
        self._take_each(request, queryset, acts.PAUSE)

    @admin.action(description=acts.RESUME.label, permissions=["operate"])
    def resume(self, request: HttpRequest, queryset: EditionQuerySet) -> None:
        self._take_each(request, queryset, acts.RESUME)

    @admin.action(description=acts.LET_UNKNOWN_BE.label, permissions=["resolve"])
    def let_unknown_be(self, request: HttpRequest, queryset: EditionQuerySet) -> HttpResponse | None:
        return self._ask_first(request, queryset, acts.LET_UNKNOWN_BE)

    @admin.action(description=acts.SEND_UNKNOWN_AGAIN.label, permissions=["resolve"])
    def send_unknown_again(self, request: HttpRequest, queryset: EditionQuerySet) -> HttpResponse | None:
        return self._ask_first(request, queryset, acts.SEND_UNKNOWN_AGAIN)

    @admin.action(description=acts.RETRY_FAILED.label, permissions=["resolve"])
    def retry_failed(self, request: HttpRequest, queryset: EditionQuerySet) -> None:
        self._take_each(request, queryset, acts.RETRY_FAILED)

    @admin.action(description=acts.CANCEL.label, permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: EditionQuerySet) -> HttpResponse | None:
        return self._ask_first(request, queryset, acts.CANCEL)

    def _take_each(self, request: HttpRequest, queryset: EditionQuerySet, act: Act[Edition]) -> None:
        for edition in queryset:
            take(self, request, act, edition, edition)

    def _ask_first(self, request: HttpRequest, queryset: EditionQuerySet, act: Act[Edition]) -> HttpResponse | None:
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            warn(self, request, "Choose one edition at a time: this cannot be undone.")
            return None
        return redirect(act_url(chosen[0], act))
