from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse

from newsletter.models import Edition
from papers.sitemaps import PublicSitemap


class EditionSitemap(PublicSitemap[Edition]):
    def items(self) -> QuerySet[Edition]:
        return Edition.objects.archive()

    def location(self, item: Edition) -> str:
        return reverse("edition", args=[item.period])

    def lastmod(self, item: Edition) -> datetime | None:
        return item.closing_at
