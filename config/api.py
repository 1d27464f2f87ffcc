"""The JSON API: the routers of the apps under one document, one limit and one way to say no."""

from threading import local
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.throttling import AnonRateThrottle

from newsletter.api import router as editions
from papers.api import router as papers
from papers.finding import NotFound
from papers.keeping import KEPT_FOR


class CallerThrottle(local, AnonRateThrottle):
    """A limit by address. Each thread has its own: a throttle keeps the caller it looks at in itself."""

    cache = caches["process"]


class Api(NinjaAPI):
    def create_response(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().create_response(request, *args, **kwargs)
        is_same_for_everybody = response.status_code == 200
        response["Cache-Control"] = f"public, max-age={KEPT_FOR}" if is_same_for_everybody else "no-store"
        return response


api = Api(
    title="Paper Route",
    version="1",
    description="The research papers people are excited about: the lists of the site, read-only.",
    # No page of documentation: it would load scripts from a stranger.
    docs_url=None,
    urls_namespace="api",
    throttle=[CallerThrottle(settings.PAPERS_API_RATE)],
)
api.add_router("", papers)
api.add_router("/editions", editions)


@api.exception_handler(NotFound)
def say_what_is_missing(request: HttpRequest, missing: NotFound) -> HttpResponse:
    return api.create_response(request, {"detail": missing.sentence}, status=404)
