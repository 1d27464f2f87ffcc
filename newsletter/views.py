from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsletter.models import Delivery
from newsletter.rendering import public_links, render_digest
from subscribers.pages import page_by_token
from subscribers.tokens import LinkInvalid, Purpose, read_token


@page_by_token
@require_safe
def web_copy(request: HttpRequest, token: str) -> HttpResponse:
    delivery_id = read_token(Purpose.WEB_COPY, token, timezone.now())
    delivery = Delivery.objects.filter(pk=delivery_id).select_related("edition").first()
    if delivery is None or not delivery.picks:
        raise LinkInvalid(Purpose.WEB_COPY)
    # Such links are passed on, so the page holds none that acts for the reader.
    return HttpResponse(render_digest(delivery.edition.fragments, delivery.picks, public_links()).html)
