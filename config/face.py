"""How the admin looks and what stands at its side: the colours of the site, and the words of the house."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

# Paper and ink, as in static/site.css, from light to dark.
PAPER = {
    "50": "#f8f4ec",
    "100": "#f1ede4",
    "200": "#ddd5c6",
    "300": "#c9bfae",
    "400": "#a2978a",
    "500": "#7a7164",
    "600": "#5f574b",
    "700": "#464036",
    "800": "#37322b",
    "900": "#171512",
    "950": "#100e0c",
}
RED = {
    "50": "#fdf5f1",
    "100": "#f9e9e2",
    "200": "#f2d0c3",
    "300": "#e9ae99",
    "400": "#f0957c",
    "500": "#e98a70",
    "600": "#9c2f17",
    "700": "#84260f",
    "800": "#6b2010",
    "900": "#551b0e",
    "950": "#33211b",
}
LETTERS = {
    "subtle-light": "#6a6255",
    "subtle-dark": "#bfb6a7",
    "default-light": "#464036",
    "default-dark": "#ddd5c6",
    "important-light": "#22201c",
    "important-dark": "#f2ece1",
}


def _file(name: str) -> Callable[[HttpRequest], str]:
    """Return what names a static file once the app is up: before, nobody knows where such files are."""
    return lambda request: static(name)


def _for(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _link(title: str, icon: str, model: str, *, permission: str = "") -> dict[str, Any]:
    """Return a link to the list of a model, such as `papers.paper`, for who may see it."""
    app, name = model.split(".")
    seen_by = _for(permission or f"{app}.view_{name}")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": seen_by,
    }


DESK = {
    "title": "Today’s edition",
    "icon": "edit_note",
    "link": "/admin/newsletter/edition/today/",
    "permission": _for("newsletter.view_edition"),
}

NAVIGATION = [
    {
        "items": [
            {"title": "Dashboard", "icon": "monitoring", "link": reverse_lazy("admin:index")},
        ],
    },
    {
        "title": "The paper",
        "separator": True,
        "items": [
            DESK,
            _link("Editions", "newspaper", "newsletter.edition"),
            _link("Papers", "article", "papers.paper"),
            _link("Topics", "sell", "papers.topic"),
        ],
    },
    {
        "title": "The readers",
        "separator": True,
        "items": [
            _link("Readers", "group", "subscribers.subscriber"),
            _link("Imports", "upload_file", "subscribers.importbatch"),
            _link("Never mailed", "block", "subscribers.suppression"),
        ],
    },
    {
        "title": "The round",
        "separator": True,
        "items": [
            _link("Deliveries", "local_post_office", "newsletter.delivery"),
            _link("Alerts", "notifications", "newsletter.alert"),
            _link("Heartbeats", "ecg_heart", "newsletter.heartbeat"),
            _link("All mail", "power_settings_new", "mail.provider"),
            _link("Sources", "rss_feed", "papers.sourcerun"),
            _link("Retention", "auto_delete", "newsletter.retentionrun"),
        ],
    },
    {
        "title": "The house",
        "separator": True,
        "items": [
            _link("Staff", "badge", "auth.user"),
            _link("Roles", "key", "auth.group"),
            _link("History", "history", "admin.logentry"),
        ],
    },
]

UNFOLD = {
    "SITE_TITLE": "Paper Route",
    "SITE_HEADER": "Paper Route",
    "SITE_ICON": _file("favicon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _file("favicon.svg")}],
    "SHOW_VIEW_ON_SITE": True,
    "SITE_URL": reverse_lazy("home"),
    "BORDER_RADIUS": "3px",
    "COLORS": {"base": PAPER, "primary": RED, "font": LETTERS},
    "STYLES": [_file("admin.css")],
    "SCRIPTS": [_file("admin.js")],
    "DASHBOARD_CALLBACK": "newsletter.admin.dashboard.show_dashboard",
    "SIDEBAR": {"navigation": NAVIGATION},
}
