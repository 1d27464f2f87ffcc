"""Walks every address of the admin: finds them in the resolver, fills in rows that are there, asks as anybody."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from newsletter.admin.dashboard import PARTS
from newsletter.admin.desk.entries import STEPS
from newsletter.admin.reader_acts import READER_ACTS
from tests.journey import ROOT

# What stands in an address where a word is asked for.
WORDS = {
    "name": [*PARTS, *[act.name for act in READER_ACTS]],
    "step": [*STEPS],
    "app_label": ["admin", "auth", "papers", "subscribers", "newsletter", "mail"],
}
# Ways to a page that nobody comes back from in the same session, and the two that catch what leads nowhere.
LEFT_OUT = re.compile(r"^(admin/logout/|staff/logout/|admin/\(\?P<url>.*|.*<path:object_id>/)$")
# Fields and parameters by the names they have in forms of the admin, besides those of Django and the theme.
NAMED = re.compile(r'\bname="([\w-]+)"')
SEARCHES = ["q", "s", "term", "_to_field"]
DJANGOS = [*SEARCHES, "o", "p", "all", "e", "next", "_popup", "_changelist_filters", "post", "typed"]
PARAMETER = re.compile(r"(?:\(\?P)?<(?:\w+:)?(\w+)>(?:[^/)]*\))?")


@dataclass(frozen=True)
class Address:
    """One address of the admin, filled; `pattern` is what it was made of."""

    pattern: str
    path: str


def all_addresses() -> list[Address]:
    """Return every address of the admin and of its door, filled with a row of each kind and every word that fits."""
    return [
        Address(pattern, path)
        for pattern, name in _patterns(get_resolver().url_patterns)
        if pattern.startswith(("admin/", "staff/")) and not LEFT_OUT.match(pattern)
        for path in _filled(pattern, name)
    ]


def _patterns(found: list[Any], before: str = "") -> Iterator[tuple[str, str]]:
    for one in found:
        whole = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _patterns(one.url_patterns, whole)
        elif isinstance(one, URLPattern):
            yield whole, one.name or ""


def _filled(pattern: str, name: str) -> Iterator[str]:
    whole = pattern.replace("^", "").replace("$", "")
    asked = PARAMETER.findall(whole)
    for values in product(*[_values(parameter, name) for parameter in asked]):
        path = whole
        for value in values:
            path = PARAMETER.sub(value, path, count=1)
        yield f"/{path}"


def _values(parameter: str, name: str) -> list[str]:
    if parameter in WORDS:
        return WORDS[parameter]
    model = _meant(parameter, name)
    return [str(pk) for pk in model._default_manager.order_by("pk").values_list("pk", flat=True)[:1]] or ["0"]


def _meant(parameter: str, name: str) -> type[models.Model]:
    """Return the model whose rows a parameter numbers: named by it, or by the name of the address."""
    by_name = {model._meta.model_name: model for model in apps.get_models()}
    by_name |= {"content_type": by_name["contenttype"], "entry": by_name["editionentry"]}
    word = parameter.removesuffix("_id")
    if word in by_name:
        return by_name[word]
    app, _, rest = name.partition("_")
    return apps.get_model(app, rest.split("_")[0]) if rest else by_name["subscriber"]


def parameters() -> list[str]:
    """Return every name that a form or link of the admin sends something under."""
    templates = [*(ROOT / "templates" / "admin").rglob("*.html"), *(ROOT / "templates" / "staff").rglob("*.html")]
    named = {name for page in templates for name in NAMED.findall(page.read_text(encoding="utf-8"))}
    return sorted((named | set(DJANGOS)) - {"csrfmiddlewaretoken"})


def lookups_to_addresses() -> Iterator[tuple[type[models.Model], str]]:
    """Yield each way from a model of the admin, over at most two relations, to a field that holds an address."""
    for model in admin.site._registry:
        yield from ((model, path) for path in _paths(model, 2, frozenset({model})))


def _paths(model: type[models.Model], steps: int, been: frozenset[type[models.Model]]) -> Iterator[str]:
    for field in model._meta.get_fields():
        if isinstance(field, models.EmailField) and model._meta.app_label != "auth":
            yield field.name
        further = field.related_model
        if isinstance(further, type) and issubclass(further, models.Model) and steps and further not in been:
            yield from (f"{field.name}__{rest}" for rest in _paths(further, steps - 1, been | {further}))


@dataclass(frozen=True)
class Answer:
    """What somebody sees of an answer: page and headers, and where they were led."""

    status: int
    text: str

    def without(self, *words: str) -> "Answer":
        """The same with `words` taken out, which the person sent in, and with what differs each time."""
        text = self.text
        for word in words:
            # The @ may be written for addresses, for HTML, or for an address in an address.
            text = re.sub(re.escape(word).replace("@", r"(?:@|%(?:25)*40|&#64;)"), "", text)
        return Answer(self.status, EACH_TIME.sub("", text))


EACH_TIME = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"|csrftoken=\w+|sessionid=\w+|Max-Age=\d+|'
    r"expires=[^;]+|\d+[.,]\d+ ?(?:seconds|s|ms)\b|'Expires': '[^']+'|'Last-Modified': '[^']+'|messages=[^;]+"
)


def ask(client: Client, path: str, **query: str) -> Answer:
    """Open a page, follow to where it leads, and undo whatever that did."""
    return _undone(lambda: client.get(path, query, follow=True))


def send(client: Client, path: str, **fields: Any) -> Answer:
    """Send a form, follow to where it leads, and undo whatever that did."""
    return _undone(lambda: client.post(path, fields, follow=True))


def _undone(request: Any) -> Answer:
    with transaction.atomic():
        page = request()
        body = b"".join(page.streaming_content) if page.streaming else page.content
        led = "".join(f"{url}\n" for url, _ in page.redirect_chain)
        text = f"{led}{dict(page.headers)}{page.cookies}{body.decode('utf-8', 'replace')}"
        transaction.set_rollback(True)
    return Answer(page.status_code, text)
