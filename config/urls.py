from django.contrib import admin
from django.urls import include, path

from config.api import api
from newsletter.admin.dashboard import show_part
from newsletter.sitemaps import EditionSitemap
from papers import sitemaps

SITEMAPS = {
    "pages": sitemaps.PageSitemap,
    "topics": sitemaps.TopicSitemap,
    "papers": sitemaps.PaperSitemap,
    "editions": EditionSitemap,
}

urlpatterns = [
    path("admin/dashboard/<slug:name>/", admin.site.admin_view(show_part), name="dashboard_part"),
    path("admin/", admin.site.urls),
    path("staff/", include("staff.urls")),
    path("api/v1/", api.urls),
    path("sitemap.xml", sitemaps.show_index, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("sitemap-<slug:section>.xml", sitemaps.show_section, {"sitemaps": SITEMAPS}, name="sitemap_section"),
    path("robots.txt", sitemaps.robots),
    path("", include("papers.urls")),
    path("", include("subscribers.urls")),
    path("", include("newsletter.urls")),
]

handler400 = "papers.views.bad_request"
handler404 = "papers.views.not_found"
handler500 = "papers.views.broken"
