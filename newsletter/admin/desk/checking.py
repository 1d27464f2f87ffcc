"""What stands in the way of a draft, and what becomes of it, when somebody asks."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.dateformat import format as in_format
from django.views.decorators.http import require_safe

from mail import throttle
from newsletter.admin.desk.answering import EditionPage, address, edition_at
from newsletter.forecasting import Outlook, outlook_of
from newsletter.opening import count_of
from newsletter.preflight import preflight


class Line(NamedTuple):
    """A line of who gets what: the words, how many readers, and how many of a hundred."""

    what: str
    readers: str
    percent: str


def urls(admin: EditionPage) -> list[URLPattern]:
    return [address(admin, "<int:edition_id>/preflight/", show_preflight, "preflight")]


@require_safe
def show_preflight(request: HttpRequest, edition_id: int, admin: EditionPage) -> HttpResponse:
    """On the desk the findings alone; without script a page of them."""
    edition = edition_at(admin, request, edition_id)
    outlook = outlook_of(edition, timezone.now()) if edition.is_draft else None
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Before it closes: {edition.kind} edition, {edition.about.name}",
        "opts": admin.opts,
        "edition": edition,
        "report": preflight(edition) if edition.is_draft else None,
        "outlook": outlook,
        "sentences": list(_sentences(outlook)) if outlook else [],
        "lines": list(_lines(outlook)) if outlook else [],
    }
    is_part = bool(request.htmx)  # type: ignore[attr-defined]  # the middleware's
    page = "admin/newsletter/_found.html" if is_part else "admin/newsletter/preflight.html"
    return TemplateResponse(request, page, context)


def _sentences(outlook: Outlook) -> Iterator[str]:
    if not outlook.readers:
        yield "No reader is waiting for it."
    else:
        about = "About " if outlook.is_estimate else ""
        yield f"{about}{outlook.digests:,} of {_readers(outlook.readers)} get a digest{_when(outlook)}."
    if outlook.last_due_at and not outlook.finishes_at:
        yield "How long sending takes is not known: nothing was sent lately, and no limits are set."
    if outlook.is_estimate:
        yield f"Estimated from {outlook.looked_at:,} readers."
    if outlook.late:
        yield f"At this pace {outlook.late:,} of them would be late, and are skipped: raise the limits."
    if throttle.stopped().exists():
        yield "All mail is stopped: nothing leaves before it is started again."
    if outlook.other_cadence:
        yield f"{_readers(outlook.other_cadence).capitalize()} chose another cadence than this edition’s."


def _when(outlook: Outlook) -> str:
    if not (outlook.first_at and outlook.last_due_at):
        return ""
    last = f"by {_moment(outlook.finishes_at)}" if outlook.finishes_at else f"from {_moment(outlook.last_due_at)}"
    return f", the first {_moment(outlook.first_at)}, the last {last}"


def _lines(outlook: Outlook) -> Iterator[Line]:
    for papers, readers in outlook.by_papers.items():
        yield _line(count_of(papers).capitalize(), readers, outlook)
    for reason, readers in outlook.by_reason.items():
        yield _line(f"None: {reason[0].lower()}{reason[1:]}", readers, outlook)


def _line(what: str, readers: int, outlook: Outlook) -> Line:
    return Line(what, f"{readers:,}", f"{100 * readers / outlook.readers:.1f}")


def _readers(count: int) -> str:
    return "one reader" if count == 1 else f"{count:,} readers"


def _moment(at: datetime) -> str:
    return f"{in_format(at, 'j F, H:i')} UTC"
