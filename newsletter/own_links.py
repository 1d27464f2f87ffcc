"""Which links to pages of ours would disappoint a reader: there is no such page, or it is not for everybody."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.urls import Resolver404, ResolverMatch, resolve

from newsletter.models import Edition
from papers.models import Paper, Topic


class DeadLink(NamedTuple):
    url: str
    why: str


def dead_links(urls: Iterable[str], edition: Edition) -> list[DeadLink]:
    """Return those of `urls` that lead to our own site and not to a page that every reader of `edition` may see."""
    matches = {url: _match(url) for url in dict.fromkeys(urls) if _is_ours(url)}
    there = _there(matches.values(), edition)
    return [DeadLink(_shown(url, match), why) for url, match in matches.items() if (why := _why_dead(match, there))]


def _is_ours(url: str) -> bool:
    return url == settings.SITE_URL or url.startswith((f"{settings.SITE_URL}/", f"{settings.SITE_URL}?"))


def _match(url: str) -> ResolverMatch | None:
    path = unquote(urlsplit(url).path) or "/"
    # Without its slash at the end an address is led to the one with it.
    for candidate in dict.fromkeys([path, f"{path.rstrip('/')}/"]):
        try:
            return resolve(candidate)
        except Resolver404:
            continue
    return None


def _shown(url: str, match: ResolverMatch | None) -> str:
    """Return the address without what would act for a reader."""
    token = match.kwargs.get("token") if match else None
    return url.partition(token)[0] + "…" if token else url


# By the name of a page: the argument that names what it shows, and what there is.
There = dict[str, tuple[str, set[Any]]]


def _there(matches: Iterable[ResolverMatch | None], edition: Edition) -> There:
    """Return what there is of what these pages show, each kind by one query."""
    known = [match for match in matches if match]

    def asked(page: str, argument: str) -> set[Any]:
        return {match.kwargs[argument] for match in known if match.url_name == page}

    papers = Paper.objects.visible().filter(pk__in=asked("paper", "paper_id"))
    topics = Topic.objects.filter(slug__in=asked("topic", "slug"))
    editions = Edition.objects.closed().filter(period__in=asked("edition", "period"))
    return {
        "paper": ("paper_id", set(papers.values_list("pk", flat=True))),
        "topic": ("slug", set(topics.values_list("slug", flat=True))),
        # Its own page is there once it has closed.
        "edition": ("period", {edition.period, *editions.values_list("period", flat=True)}),
    }


def _why_dead(match: ResolverMatch | None, there: There) -> str:
    if match is None:
        return "there is no such page"
    if "admin" in match.namespaces:
        return "only staff can open it"
    if "token" in match.kwargs:
        return "it acts for one reader"
    argument, found = there.get(match.url_name or "", ("", set()))
    if argument and match.kwargs[argument] not in found:
        return f"there is no such {match.url_name}, or it is hidden"
    return ""
