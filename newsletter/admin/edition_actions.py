"""What an operator does to editions in the admin: the workflows of newsletter.operating, written to the history."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import ModelAdmin

from newsletter import operating
from newsletter.leftovers import OPEN, is_held, still_leaving
from newsletter.models import Edition, EditionQuerySet

OPERATORS_ACTIONS = ["pause", "resume", "let_unknown_be", "send_unknown_again", "retry_failed", "cancel"]


def by(request: HttpRequest) -> str:
    """Return who asks, as the log may know it."""
    return f"user {request.user.pk}"


def warn(admin_page: ModelAdmin[Any], request: HttpRequest, text: str) -> None:
    admin_page.message_user(request, text, messages.WARNING)


class EditionActions(ModelAdmin[Edition]):
    """Actions on the list of editions; those there is no way back from ask first."""

    @admin.action(description="Pause sending", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: EditionQuerySet) -> None:
        for edition in queryset:
            if operating.pause(edition, timezone.now(), by(request)):
                self._done(request, edition, "is paused.")
            else:
                warn(self, request, f"{edition} is not paused: only a closed edition that is being sent can be.")

    @admin.action(description="Resume sending", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: EditionQuerySet) -> None:
        for edition in queryset:
            if operating.resume(edition, timezone.now(), by(request)):
                left = edition.deliveries.filter(status__in=OPEN).count()
                self._done(request, edition, f"is not paused any more. Still to be sent: {left}.")
            else:
                warn(self, request, f"{edition} is not resumed: only a paused edition can be.")

    @admin.action(description="Let unknown ones be", permissions=["change"])
    def let_unknown_be(self, request: HttpRequest, queryset: EditionQuerySet) -> HttpResponse | None:
        def act(edition: Edition) -> None:
            count = operating.let_unknown_be(edition, timezone.now(), by(request))
            told = f"has no unknown deliveries any more. Let be: {count}. {still_leaving(edition)}"
            self._done(request, edition, told.rstrip())

        warning = "What may have left counts as if it had arrived, and will not be sent again."
        return self._ask_first(request, queryset, act, "let_unknown_be", warning)

    @admin.action(description="Send unknown ones again", permissions=["change"])
    def send_unknown_again(self, request: HttpRequest, queryset: EditionQuerySet) -> HttpResponse | None:
        def act(edition: Edition) -> None:
            done = operating.send_unknown_again(edition, timezone.now(), by(request))
            told = f"has unknown deliveries queued again: {done.queued}. Too late: {done.late}."
            self._done(request, edition, f"{told} {still_leaving(edition)} {is_held(edition)}".rstrip())

        warning = "What may have left will be sent again: some readers may get a second copy."
        return self._ask_first(request, queryset, act, "send_unknown_again", warning)

    @admin.action(description="Retry failed ones", permissions=["change"])
    def retry_failed(self, request: HttpRequest, queryset: EditionQuerySet) -> None:
        for edition in queryset:
            done = operating.retry_failed(edition, timezone.now(), by(request))
            left = f"Left as they are: {done.late} too late, {done.suppressed} to whom we must not write."
            told = f"has failed deliveries queued again: {done.queued}. {left} {is_held(edition)}"
            self._done(request, edition, told.rstrip())

    @admin.action(description="Cancel", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: EditionQuerySet) -> HttpResponse | None:
        def act(edition: Edition) -> None:
            skipped = operating.cancel(edition, timezone.now(), by(request))
            if skipped is None:
                warn(self, request, f"{edition} was cancelled before.")
            else:
                self._done(request, edition, f"is cancelled. Deliveries skipped: {skipped}.")

        warning = (
            "What has not left will never go out, and the archive does not show the edition. There is no way back."
        )
        return self._ask_first(request, queryset, act, "cancel", warning)

    def _done(self, request: HttpRequest, edition: Edition, what: str) -> None:
        self.log_change(request, edition, what)
        self.message_user(request, f"{edition} {what}", messages.SUCCESS)

    def _ask_first(
        self,
        request: HttpRequest,
        queryset: EditionQuerySet,
        act: Callable[[Edition], None],
        action: str,
        warning: str,
    ) -> HttpResponse | None:
        """Do it when it was confirmed, else show the page that asks."""
        if "confirmed" in request.POST:
            for edition in queryset:
                act(edition)
            return None
        context = self.admin_site.each_context(request) | {
            "title": "Are you sure?",
            "opts": self.opts,
            "editions": queryset,
            "action": action,
            "checkbox": ACTION_CHECKBOX_NAME,
            "warning": warning,
        }
        return TemplateResponse(request, "admin/newsletter/confirm.html", context)
