"""What search engines may read, and where it is."""

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from papers.keeping import public_page
from papers.links import absolute
from papers.models import Paper, Topic, TrendingScore
from papers.paging import read_number

Row = TypeVar("Row", bound=Model | str)
Sitemaps = dict[str, type[Sitemap[Any]] | Sitemap[Any]]  # as Django has it


class PublicSitemap(Sitemap[Row]):
    """A sitemap of the addresses under which the world reaches the site, whatever host was asked."""

    # A search engine takes ten times as many, but a page of them has to be made while it waits.
    limit = 5_000

    @property
    def protocol(self) -> str:  # type: ignore[override]  # a setting, not a constant
        return urlsplit(str(settings.SITE_URL)).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(str(settings.SITE_URL)).netloc


class PageSitemap(PublicSitemap[str]):
    def items(self) -> list[str]:
        lists = [reverse("trending", args=[window]) for window in TrendingScore.Window.values]
        return [
            reverse("home"),
            *lists,
            reverse("topics"),
            reverse("editions"),
            reverse("about"),
            reverse("about_trending"),
            reverse("about_choosing"),
        ]

    def location(self, item: str) -> str:
        return item


class TopicSitemap(PublicSitemap[Topic]):
    def items(self) -> QuerySet[Topic]:
        return Topic.objects.filter(papers__is_hidden=False).distinct().order_by("pk")


class PaperSitemap(PublicSitemap[Paper]):
    def items(self) -> QuerySet[Paper]:
        return Paper.objects.visible().only("pk", "listed_on").order_by("pk")

    def lastmod(self, item: Paper) -> date | None:
        return item.listed_on


@public_page()
def show_index(request: HttpRequest, sitemaps: Mapping[str, type[PublicSitemap[Any]]]) -> HttpResponse:
    """Where the sitemaps are. Django's own index would name them by the host that was asked."""
    addresses = []
    for section, kind in sitemaps.items():
        first = absolute(reverse("sitemap_section", args=[section]))
        pages = kind().paginator.num_pages
        addresses += [first] + [f"{first}?p={page}" for page in range(2, pages + 1)]
    context = {"sitemaps": [{"location": address} for address in addresses]}
    return render(request, "sitemap_index.xml", context, content_type="application/xml")


@public_page(reads=["p"])
def show_section(request: HttpRequest, section: str, sitemaps: Sitemaps) -> HttpResponse:
    # Django's own view reads one number in many spellings, and each would be made, and kept, apart.
    read_number(request, "p")
    return sitemap(request, sitemaps, section)


@public_page()
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /search/", f"Sitemap: {absolute(reverse('sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
