"""What is done about one reader, from their page: each asks first, by a POST, and is noted in the history."""

import logging
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin

from newsletter.admin.acts import Act
from newsletter.admin.openings import may_open, too_many_opened
from newsletter.admin.reader_acts import ERASE, EXPORT, READER_ACTS, SEND_AGAIN, ReaderNow, look_at
from newsletter.admin.taking import by, take
from newsletter.curating import NotDone
from newsletter.privacy import as_json, everything_about
from staff.asking import Question, ask, is_answered
from subscribers.models import Subscriber

logger = logging.getLogger(__name__)

# Readers whom an action on the list changes: more takes longer than a request may.
MOST_AT_ONCE = 1000


class ReaderActions(ModelAdmin[Subscriber]):
    """The buttons on the page of a reader, and the page that each leads to."""

    def offers(self, request: HttpRequest, reader: Subscriber) -> dict[str, Any]:
        """Return how things stand with a reader, and what whoever asks may do about it."""
        now = look_at(reader, timezone.now())
        acts = [act for act in READER_ACTS if act.fits(now) and request.user.has_perm(act.permission)]
        return {"now": now, "acts": acts}

    def act_view(self, request: HttpRequest, number: int, name: str) -> HttpResponse:
        act = next((act for act in READER_ACTS if act.name == name), None)
        if not self.has_view_permission(request) or (act and not request.user.has_perm(act.permission)):
            raise PermissionDenied
        reader = Subscriber.objects.filter(pk=number).first()
        if act is None or reader is None:
            raise Http404("There is no such reader, or nothing like that to be done.")
        if not may_open(request, reader.pk):
            return too_many_opened(self, request)
        now = look_at(reader, timezone.now())
        question = _question(act, now)
        if not is_answered(request, question):
            return ask(self, request, question)
        if act is EXPORT:
            return self._export(request, reader, now)
        is_gone = take(self, request, act, now, reader) and act is ERASE
        return redirect(reverse("admin:subscribers_subscriber_changelist") if is_gone else question.back)

    def _act_on_many(
        self, request: HttpRequest, chosen: QuerySet[Subscriber], act: Act[ReaderNow]
    ) -> HttpResponse | None:
        """Take an act on readers chosen on the list, all or none, once how many they are was typed."""
        readers = list(chosen[: MOST_AT_ONCE + 1])
        question = Question(
            act=act.label,
            what=f"{len(readers):,} reader{'' if len(readers) == 1 else 's'}",
            warning=act.warning,
            back=request.get_full_path(),
            typed=f"{act.name} {len(readers)}",
        )
        if len(readers) > MOST_AT_ONCE:
            why = f"These are more than {MOST_AT_ONCE:,}: choose fewer, or filter the list. Nobody was changed."
            self.message_user(request, why, messages.WARNING)
        elif not is_answered(request, question):
            return ask(self, request, question)
        else:
            done = self._take_each(request, readers, act)
            self.message_user(request, f"{act.label}: done for {done:,} of {len(readers):,}.", messages.SUCCESS)
        return None

    def _take_each(self, request: HttpRequest, readers: list[Subscriber], act: Act[ReaderNow]) -> int:
        """Return for how many of `readers` there was something to do."""
        at, done = timezone.now(), 0
        with transaction.atomic():
            for reader in readers:
                try:
                    self.log_change(request, reader, act.do(look_at(reader, at), at, by(request)))
                except NotDone:
                    continue
                done += 1
        return done

    def _export(self, request: HttpRequest, reader: Subscriber, now: ReaderNow) -> HttpResponse:
        content = as_json(everything_about(reader))
        logger.info("User %s exports everything about reader %s", request.user.pk, reader.pk)
        self.log_change(request, reader, EXPORT.do(now, timezone.now(), by(request)))
        response = HttpResponse(content, content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="reader-{reader.pk}.json"'
        response["Cache-Control"] = "no-store"
        return response


def _question(act: Act[ReaderNow], now: ReaderNow) -> Question:
    reader = now.reader
    why = now.why_not_again if act is SEND_AGAIN else ""
    return Question(
        act=act.label,
        what=f"{reader.email}, reader {reader.pk}",
        warning=act.warning,
        back=reverse("admin:subscribers_subscriber_change", args=[reader.pk]),
        typed=f"{act.name} {reader.pk}" if act.is_final else "",
        why_not="" if act.fits(now) else f"There is nothing to do here as things are now. {why}",
    )
