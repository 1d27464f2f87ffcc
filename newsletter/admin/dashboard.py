"""The first page of the admin: what needs a hand, what goes out, who reads, how mail is received, whether all is alive.

The page opens at once with what is quick to look up. What takes a while to count comes after it, and is kept. Each part
is shown to whom it concerns; all of it are counts, and nothing is about one reader.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from newsletter.dashboard.bars import Figure, draw
from newsletter.dashboard.deliverability import deliverability
from newsletter.dashboard.going_out import going_out
from newsletter.dashboard.misconfiguration import findings
from newsletter.dashboard.opinions import opinions
from newsletter.dashboard.pulse import pulse
from newsletter.dashboard.readers import Day, Readers, readers_over
from newsletter.dashboard.reading import sources_health

SPANS = (30, 90)  # days
MINUTE = 60  # seconds

SEES_EDITIONS = "newsletter.view_edition"
SEES_ALERTS = "newsletter.view_alert"
SEES_SOURCES = "papers.view_sourcerun"
# What a setting lacks is for those who run the site.
SEES_CHECKS = "auth.view_user"
# Counts of all readers together are for everybody who works for them.
SEES_READERS = (SEES_EDITIONS, "subscribers.view_subscriber")


@dataclass(frozen=True)
class ReadersPart:
    """The list over some days, and how it is drawn."""

    readers: Readers
    drawing: Figure
    spans: tuple[int, ...] = SPANS

    @property
    def newest_first(self) -> list[Day]:
        return self.readers.days[::-1]


@dataclass(frozen=True)
class Part:
    """Figures that take a while to count: for whom, and for how many seconds they are kept."""

    template: str
    count: Callable[[datetime], object]
    kept_for: int
    permissions: tuple[str, ...]  # one of them is enough


@dataclass(frozen=True)
class Shown:
    """A part of the page: its figures and when they were counted, or neither when they are still to be."""

    name: str
    template: str
    figure: object = None
    at: datetime | None = None


def _readers(days: int) -> Callable[[datetime], ReadersPart]:
    def count(at: datetime) -> ReadersPart:
        readers = readers_over(days, at)
        return ReadersPart(readers, draw(readers.days))

    return count


PARTS = {
    # Looked at again and again while an edition leaves, by several people at once.
    "going-out": Part("going_out", going_out, 5, (SEES_EDITIONS,)),
    # With millions of deliveries it takes some seconds, and it changes slowly.
    "deliverability": Part("deliverability", deliverability, 5 * MINUTE, (SEES_EDITIONS,)),
    "opinions": Part("opinions", opinions, MINUTE, SEES_READERS),
    "checks": Part("findings", lambda at: findings(), MINUTE, (SEES_CHECKS,)),
} | {f"readers-{days}": Part("readers", _readers(days), MINUTE, SEES_READERS) for days in SPANS}


def show_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the index page of the admin, with what the caller may see."""
    at = timezone.now()
    known = pulse(at) if _may(request, SEES_ALERTS) else None
    sources = known.sources if known else sources_health(at)
    return context | {
        "title": "Dashboard",
        "at": at,
        "pulse": known,
        "sources": sources if _may(request, SEES_SOURCES) else None,
        "checks": _count("checks", at) if _may(request, SEES_CHECKS) else None,
        "readers": _known(f"readers-{_days(request)}") if _may(request, *SEES_READERS) else None,
        "opinions": _known("opinions") if _may(request, *SEES_READERS) else None,
        "going_out": _known("going-out") if _may(request, SEES_EDITIONS) else None,
        "deliverability": _known("deliverability") if _may(request, SEES_EDITIONS) else None,
    }


@never_cache
@require_safe
def show_part(request: HttpRequest, name: str) -> HttpResponse:
    """One part of the page, counted when it has not been lately."""
    if name not in PARTS:
        raise Http404
    if not _may(request, *PARTS[name].permissions):
        raise PermissionDenied
    return render(request, "admin/dashboard/part.html", {"part": _count(name, timezone.now())})


def _may(request: HttpRequest, *permissions: str) -> bool:
    return any(request.user.has_perm(permission) for permission in permissions)


def _days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return next((days for days in SPANS if asked == str(days)), SPANS[0])


def _known(name: str) -> Shown:
    """Return a part as it was counted lately, else a place for it."""
    kept: Shown | None = caches["process"].get(_key(name))
    return kept or Shown(name, f"admin/dashboard/{PARTS[name].template}.html")


def _count(name: str, at: datetime) -> Shown:
    part, known = PARTS[name], _known(name)
    if known.at:
        return known
    counted = Shown(name, known.template, part.count(at), at)
    caches["process"].set(_key(name), counted, part.kept_for)
    return counted


def _key(name: str) -> str:
    return f"dashboard-{name}"
