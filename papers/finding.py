"""Finds what an address names, or says why there is no page."""

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest
from django.urls import reverse

from papers.models import Paper, Topic
from papers.search import MAX_QUERY
from papers.text import collapse


class NotFound(Http404):
    """There is no such page: why, in a sentence for the reader, and where else to go as pairs of words and address."""

    def __init__(self, sentence: str, *links: tuple[str, str]) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.links = links


class QueryTooLong(BadRequest):
    """A search nobody typed; its message is a sentence for the reader."""

    def __init__(self) -> None:
        super().__init__(f"This search is too long: it may have up to {MAX_QUERY} characters.")


def words_asked(request: HttpRequest) -> str:
    """Return what a search asks for, in one line. Raises QueryTooLong."""
    query = request.GET.get("q", "")
    if len(query) > MAX_QUERY:
        raise QueryTooLong
    return collapse(query)


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
        raise NotFound(f"There is no topic “{short(slug)}”.", ("All topics", reverse("topics")))
    return topic


def short(text: str, limit: int = 40) -> str:
    """Return `text` as a sentence can quote it."""
    return text if len(text) <= limit else f"{text[:limit]}…"
