"""The page that asks before something is done about a reader, and does it: by a POST, noted in the history."""

import logging
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin

from newsletter.admin.reader_acts import ERASE, EXPORT, READER_ACTS, Act, NotDone, Standing
from newsletter.admin.taking import by
from newsletter.privacy import as_json, everything_about
from newsletter.resending import latest_digest, why_not_again
from subscribers.addresses import fingerprint
from subscribers.models import Subscriber, Suppression

logger = logging.getLogger(__name__)


class ReaderActions(ModelAdmin[Subscriber]):
    """The page that asks, and does it."""

    def standing_of(self, request: HttpRequest, reader: Subscriber) -> Standing:
        """Return how things stand with a reader, and what of it whoever asks may do about it."""
        suppression = Suppression.objects.filter(address_hash=fingerprint(reader.email)).first()
        digest = latest_digest(reader)
        why = why_not_again(digest, timezone.now()) if digest else ""
        now = Standing(reader, suppression, digest, why)
        acts = tuple(act for act in READER_ACTS if act.fits(now) and request.user.has_perm(act.permission))
        return Standing(reader, suppression, digest, why, acts)

    def act_view(self, request: HttpRequest, number: int, name: str) -> HttpResponse:
        act = next((act for act in READER_ACTS if act.name == name), None)
        reader = Subscriber.objects.filter(pk=number).first()
        if act is None or not (self.has_view_permission(request) and request.user.has_perm(act.permission)):
            raise PermissionDenied
        if reader is None:
            raise Http404("There is no such reader.")
        if request.method == "POST" and request.POST.get("typed", "").strip() == act.typed(reader):
            return self._export(request, reader) if act is EXPORT else self._act(request, act, reader)
        return self._ask(request, act, reader)

    def _ask(self, request: HttpRequest, act: Act, reader: Subscriber) -> HttpResponse:
        standing = self.standing_of(request, reader)
        context: dict[str, Any] = self.admin_site.each_context(request) | {
            "title": act.label,
            "opts": self.opts,
            "act": act,
            "reader": reader,
            "standing": standing,
            "fits": act.fits(standing),
            "typed": act.typed(reader),
            "was_mistyped": request.method == "POST",
        }
        return TemplateResponse(request, "admin/newsletter/reader_act.html", context)

    def _act(self, request: HttpRequest, act: Act, reader: Subscriber) -> HttpResponse:
        page = reverse("admin:subscribers_subscriber_change", args=[reader.pk])
        try:
            with transaction.atomic():
                done = act.do(reader, timezone.now(), by(request))
                self.log_change(request, reader, done)
        except NotDone as err:
            self.message_user(request, str(err), messages.WARNING)
            return redirect(page)
        self.message_user(request, f"{reader}: {done}", messages.SUCCESS)
        return redirect("admin:subscribers_subscriber_changelist" if act is ERASE else page)

    def _export(self, request: HttpRequest, reader: Subscriber) -> HttpResponse:
        content = as_json(everything_about(reader))
        logger.info("User %s exports everything about reader %s", request.user.pk, reader.pk)
        self.log_change(request, reader, EXPORT.do(reader, timezone.now(), by(request)))
        response = HttpResponse(content, content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="reader-{reader.pk}.json"'
        response["Cache-Control"] = "no-store"
        return response
