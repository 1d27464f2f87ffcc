"""Where the configured mail provider tells what became of a mail. Anymail reads it; on_tracking keeps it.

What nothing verifies is not served: anybody could take readers off the list.
"""

import json
import logging
import warnings
from typing import Any

import httpx
from anymail import urls as anymail_urls
from anymail.exceptions import AnymailError, AnymailInsecureWebhookWarning
from anymail.webhooks.amazon_ses import AmazonSESBaseWebhookView, AmazonSESTrackingWebhookView
from anymail.webhooks.base import AnymailCoreWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter import sns

logger = logging.getLogger(__name__)

# What Anymail's readers raise for a body that is not what the provider documents.
UNREADABLE = (AnymailError, sns.NotFromAmazon, ValueError, LookupError, TypeError, AttributeError)


class AmazonView(AmazonSESTrackingWebhookView):  # type: ignore[misc]  # Anymail has no types
    """Anymail's reading of Amazon's events, behind our own check of who sent them."""

    warn_if_no_basic_auth = False

    def __init__(self, **kwargs: Any) -> None:
        if not settings.AMAZON_SES_TOPIC_ARN:
            raise ImproperlyConfigured("AMAZON_SES_TOPIC_ARN is not set.")
        # Past the one that prepares Amazon's client: a subscription is confirmed by its link.
        super(AmazonSESBaseWebhookView, self).__init__(**kwargs)

    def validate_request(self, request: HttpRequest) -> None:
        sns.verify(self._parse_sns_message(request), settings.AMAZON_SES_TOPIC_ARN, timezone.now())

    def auto_confirm_sns_subscription(self, sns_message: dict[str, object]) -> None:
        sns.confirm_subscription(sns_message)

    @staticmethod
    def _parse_sns_message(request: HttpRequest) -> dict[str, object]:
        message = json.loads(request.body)
        if not isinstance(message, dict):
            raise sns.NotFromAmazon("not a message")
        return message


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def receive_events(request: HttpRequest, provider: str) -> HttpResponse:
    """Keep what the configured provider tells, all of a request or nothing."""
    view = _view_of(provider)
    try:
        with transaction.atomic():
            answer: HttpResponse = view.dispatch(request)
    except UNREADABLE as err:
        # Neither the body nor what is said of it: both may hold addresses.
        logger.warning("A call of the webhook was refused: %s", type(err).__name__)
        return HttpResponseBadRequest("Not what was expected.\n", content_type="text/plain")
    except httpx.HTTPError as err:
        logger.warning("Amazon's subscription could not be confirmed: %s", type(err).__name__)
        return HttpResponse("Try again later.\n", status=503, content_type="text/plain")
    return answer


def has_webhook(provider: str) -> bool:
    """Return whether Anymail reads what this provider tells."""
    return provider in _view_classes()


def verifying_view(provider: str) -> AnymailCoreWebhookView:
    """Return what reads the events of `provider` and verifies them.

    Raises ImproperlyConfigured when a setting is missing without which nothing is verified.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnymailInsecureWebhookWarning)
        view = _view_classes()[provider]()
    if view.warn_if_no_basic_auth and not view.basic_auth:
        raise ImproperlyConfigured("ANYMAIL_WEBHOOK_SECRET is not set")
    return view


def _view_of(provider: str) -> AnymailCoreWebhookView:
    """Return what reads the events of the configured provider and verifies them. Raises Http404 without."""
    if provider != settings.ANYMAIL_PROVIDER or not has_webhook(provider):
        raise Http404
    try:
        return verifying_view(provider)
    except ImproperlyConfigured as err:
        logger.error("The webhook of %s is not served: %s", provider, err)
        raise Http404 from err


def _view_classes() -> dict[str, type[AnymailCoreWebhookView]]:
    """Anymail's readers of events, by its names of the providers."""
    views = {pattern.name: pattern.callback.view_class for pattern in anymail_urls.urlpatterns}
    ending = "_tracking_webhook"
    by_name = {name.removesuffix(ending): view for name, view in views.items() if name.endswith(ending)}
    return by_name | {"amazon_ses": AmazonView}
