"""Pages that are the same for everybody: kept for a minute, not sent again to who has them, and clear when missing."""

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.core.cache import cache
from django.core.paginator import EmptyPage, Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from papers.models import Paper, Topic

logger = logging.getLogger(__name__)

P = ParamSpec("P")

KEPT_FOR = 60  # seconds
# For so long the time of the last change is known, even when the page was made anew in between.
CHANGE_KNOWN_FOR = 24 * 60 * 60
# All that a page reads of its query. Anything else, such as what newsletters hang on a link, makes no page of its own.
PARAMETERS = ("day", "p", "page", "q")
# date.fromisoformat reads other forms of ISO 8601 too; a list has one address.
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class NotFound(Http404):
    """There is no such page: why, in a sentence for the reader, and where else to go as pairs of words and address."""

    def __init__(self, sentence: str, *links: tuple[str, str]) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.links = links


@dataclass(frozen=True)
class KeptPage:
    """A page as it was answered."""

    content: bytes
    headers: dict[str, str] = field(hash=False)
    etag: str
    changed_at: int

    def answer(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponse(self.content, headers=self.headers)
        response["Cache-Control"] = f"public, max-age={KEPT_FOR}"
        response["ETag"] = self.etag
        response["Last-Modified"] = http_date(self.changed_at)
        return get_conditional_response(request, self.etag, self.changed_at, response) or response


def public_page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Keep what `view` answers for a minute, let caches keep it too, and spare a caller who has it already.

    A page that looked at who is asking, or that sets a cookie, is never kept: it would be shown to somebody else.
    """

    @require_safe
    @wraps(view)
    def kept(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        key = _key(request)
        page: KeptPage | None = cache.get(key)
        if page is None:
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
            if response.status_code != 200:
                return response
            if _is_personal(request, response):
                logger.error("The page at %s depends on who asks and cannot be kept", request.path)
                response["Cache-Control"] = "private, no-store"
                return response
            page = _keep(key, response)
        return page.answer(request)

    return kept


def _key(request: HttpRequest) -> str:
    asked = [request.path, *(f"{name}={request.GET[name]}" for name in PARAMETERS if name in request.GET)]
    return f"page-{hashlib.sha256(repr(asked).encode('utf-8', 'surrogatepass')).hexdigest()}"


def _is_personal(request: HttpRequest, response: HttpResponse) -> bool:
    session = getattr(request, "session", None)
    return bool(response.cookies) or bool(session is not None and session.accessed)


def _keep(key: str, response: HttpResponse) -> KeptPage:
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    known_etag, changed_at = cache.get(f"{key}-change", ("", 0))
    if known_etag != etag:
        changed_at = int(timezone.now().timestamp())
    page = KeptPage(response.content, dict(response.headers), etag, changed_at)
    cache.set(f"{key}-change", (etag, changed_at), CHANGE_KNOWN_FOR)
    cache.set(key, page, KEPT_FOR)
    return page


def absolute(path: str) -> str:
    """Return the address under which the world reaches `path`."""
    return f"{settings.SITE_URL}{path}"


def page_of(items: Any, size: int, request: HttpRequest) -> Page[Any]:
    """Return the page of a list that `request` asks for. Raises NotFound when the list has no such page.

    `items` is a queryset, or any sequence.
    """
    word = request.GET.get("page") or "1"
    first = ("To the first page", request.path)
    if not (word.isascii() and word.isdecimal() and len(word) < 10):
        raise NotFound(f"“{_short(word)}” is not a page number.", first)
    try:
        return Paginator(items, size).page(int(word))
    except EmptyPage as err:
        raise NotFound(f"This list has no page {word}.", first) from err


def address_of(page: Page[Any], path: str) -> str:
    """Return the one address of a page of the list at `path`, for search engines."""
    return absolute(path if page.number == 1 else f"{path}?page={page.number}")


def _short(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"


def visible_paper(paper_id: int) -> Paper:
    """Return the paper with its topics. Raises NotFound when there is none that everybody may see."""
    paper = Paper.objects.visible().prefetch_related("topics").filter(pk=paper_id).first()
    if paper is None:
        raise NotFound("There is no paper at this address; perhaps it was taken down.")
    return paper


def topic_named(slug: str) -> Topic:
    """Return the topic. Raises NotFound when there is none."""
    # PostgreSQL refuses to look for a zero byte.
    topic = Topic.objects.filter(slug=slug).first() if "\x00" not in slug else None
    if topic is None:
        raise NotFound(f"There is no topic “{_short(slug)}”.", ("All topics", reverse("topics")))
    return topic


def read_day(word: str) -> date | None:
    """Return the day written as 2026-11-23; None when `word` is not such a day."""
    if not DAY.fullmatch(word):
        return None
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None
