"""What a reader says of a paper by the links of a digest. A link opens a page with one button; the button says it."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from newsletter.models import Delivery
from papers.models import Paper
from subscribers.feedback import say, undo
from subscribers.models import Feedback, Subscriber, Suppression
from subscribers.pages import page_by_token
from subscribers.tokens import LinkInvalid, Purpose, read_token


@dataclass(frozen=True)
class Link:
    """Whose link it is, in which digest, and what it would say of which paper."""

    delivery: Delivery
    reader: Subscriber
    paper: Paper
    kind: Feedback.Kind


@page_by_token
@require_http_methods(["GET", "HEAD", "POST"])
def give_feedback(request: HttpRequest, token: str, paper_id: int, kind: str) -> HttpResponse:
    at = timezone.now()
    link = _read(token, paper_id, kind, at)
    if _has_left(link.reader):
        return _page(request, link, outcome="left", status=410)
    if link.paper.is_hidden:
        return _page(request, link, outcome="hidden", status=410)
    if request.method != "POST":
        return _page(request, link)
    if "undo" in request.POST:
        undo(link.reader, link.paper, link.kind, at)
        return _page(request, link, outcome="undone")
    return _page(request, link, outcome=say(link.reader, link.paper, link.kind, at, link.delivery.pk))


def _read(token: str, paper_id: int, kind: str, at: datetime) -> Link:
    """Return what a link leads to. Raises LinkInvalid, also when the digest did not hold the paper."""
    delivery_id, _, version = read_token(Purpose.FEEDBACK, token, at).partition("-")
    deliveries = Delivery.objects.filter(pk=delivery_id, subscriber__link_version=version)
    delivery = deliveries.select_related("subscriber").first()
    if delivery is None or delivery.subscriber is None or kind not in Feedback.Kind:
        raise LinkInvalid(Purpose.FEEDBACK)
    is_in_it = any(pick["paper_id"] == paper_id for pick in delivery.picks)
    paper = Paper.objects.filter(pk=paper_id).first() if is_in_it else None
    if paper is None:
        raise LinkInvalid(Purpose.FEEDBACK)
    return Link(delivery, delivery.subscriber, paper, Feedback.Kind(kind))


def _has_left(reader: Subscriber) -> bool:
    """Whether no digest comes to the reader any more."""
    return not reader.is_active or Suppression.objects.covers(reader.email)


def _page(request: HttpRequest, link: Link, *, outcome: str = "", status: int = 200) -> HttpResponse:
    context = {"link": link, "outcome": outcome}
    return render(request, "newsletter/feedback.html", context, status=status)
