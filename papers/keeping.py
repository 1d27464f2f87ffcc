"""Keeps pages that are the same for everybody for a minute, and spares a caller who has one already."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)

P = ParamSpec("P")

KEPT_FOR = 60  # seconds
# For so long the time of the last change is known, even when the page was made anew in between.
CHANGE_KNOWN_FOR = 24 * 60 * 60


@dataclass(frozen=True)
class KeptPage:
    """A page as it was answered."""

    content: bytes
    headers: dict[str, str]
    etag: str
    changed_at: int

    def answer(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponse(self.content, headers=self.headers)
        response["Cache-Control"] = f"public, max-age={KEPT_FOR}"
        response["ETag"] = self.etag
        response["Last-Modified"] = http_date(self.changed_at)
        return get_conditional_response(request, self.etag, self.changed_at, response) or response


View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def public_page(*, reads: Sequence[str] = ()) -> Callable[[View[P]], View[P]]:
    """Keep what the view answers for a minute, let caches keep it too, and spare a caller who has it already.

    Of the query the view gets the parameters it `reads` and no others, so that what is hung on a link, by newsletters
    or by who wants to keep the server busy, makes no page of its own.
    A page that looked at who is asking, or that sets a cookie, is never kept: it would be shown to somebody else.
    """

    def keep(view: View[P]) -> View[P]:
        # Whoever posts to a page that only answers is told so, not that a cookie is missing.
        @csrf_exempt
        @require_safe
        @wraps(view)
        def kept(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            asked = {name: request.GET[name] for name in reads if name in request.GET}
            key = _key(request.path, asked)
            page: KeptPage | None = caches["process"].get(key)
            if page is None:
                request.GET = QueryDict(urlencode(asked))
                response = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
                if response.status_code != 200:
                    return response
                if _is_personal(request, response):
                    logger.error("The page at %s depends on who asks and cannot be kept", request.path)
                    response["Cache-Control"] = "private, no-store"
                    return response
                page = _remember(key, response)
            return page.answer(request)

        return kept

    return keep


def _key(path: str, asked: dict[str, str]) -> str:
    return f"page-{hashlib.sha256(repr((path, asked)).encode('utf-8', 'surrogatepass')).hexdigest()}"


def _is_personal(request: HttpRequest, response: HttpResponse) -> bool:
    session = getattr(request, "session", None)
    # The cookie against forged requests is set only after the view, by its middleware.
    sets_cookie = bool(response.cookies) or "CSRF_COOKIE_NEEDS_UPDATE" in request.META
    return sets_cookie or bool(session is not None and session.accessed)


def _remember(key: str, response: HttpResponse) -> KeptPage:
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    known_etag, changed_at = caches["process"].get(f"{key}-change", ("", 0))
    if known_etag != etag:
        changed_at = int(timezone.now().timestamp())
    page = KeptPage(response.content, dict(response.headers), etag, changed_at)
    caches["process"].set(f"{key}-change", (etag, changed_at), CHANGE_KNOWN_FOR)
    caches["process"].set(key, page, KEPT_FOR)
    return page
