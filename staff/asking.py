"""The page that asks before something is done. What has no way back is typed; until then nothing is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

# What an answer is made of. All else that was posted, such as rows chosen on a list, is posted again with it.
ANSWER = {"typed", "seen"}
KEPT_OUT = ANSWER | {"csrfmiddlewaretoken"}


@dataclass(frozen=True)
class Question:
    """What is asked: what `act` would do to what, and where `back` leads.

    `typed` is what to type, nothing where a button is enough. `seen` is how things stand: who answers a page on which
    they stood otherwise is asked again. `why_not` says why there is nothing to do, and then nothing can be pressed.
    """

    act: str
    what: str
    warning: str
    back: str
    typed: str = ""
    seen: str = ""
    why_not: str = ""
    lines: Sequence[str] = ()
    title: str = ""


def is_answered(request: HttpRequest, question: Question) -> bool:
    """Return whether somebody means it, and means what there is now."""
    return request.method == "POST" and not _is_mistyped(request, question) and not _has_changed(request, question)


def ask(
    admin: ModelAdmin[Any], request: HttpRequest, question: Question, template: str = "staff/ask.html", **told: object
) -> HttpResponse:
    """Ask; who answered is told why nothing was done."""
    is_refused = not ANSWER.isdisjoint(request.POST)
    context = {
        **admin.admin_site.each_context(request),
        "title": question.title or question.act,
        "opts": admin.opts,
        "question": question,
        "was_mistyped": is_refused and _is_mistyped(request, question),
        "has_changed": is_refused and _has_changed(request, question),
        "posted": [(name, value) for name, values in request.POST.lists() for value in values if name not in KEPT_OUT],
        **told,
    }
    return TemplateResponse(request, template, context, status=422 if is_refused else 200)


def _is_mistyped(request: HttpRequest, question: Question) -> bool:
    return request.POST.get("typed", "").strip() != question.typed


def _has_changed(request: HttpRequest, question: Question) -> bool:
    return request.POST.get("seen", "") != question.seen
