"""The admin of a service that has gone on for long: every list, filtered, sorted and searched, and pages of rows."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment, teardown_test_environment
from django.urls import reverse

from bench.measure import milliseconds, report, seconds

OPENED = 20
ROWS = Path(__file__).with_name("admin_rows.sql")
# What somebody types into the search of a list.
SEARCHED = {
    "papers.paper": "agents",
    "papers.repository": "lab-7",
    "papers.sourcerun": "timed out",
    "subscribers.subscriber": "reader77",
    "subscribers.suppression": "reader77@example.org",
    "subscribers.importbatch": "year 77",
    "papers.topic": "field",
    "newsletter.delivery": "reader77@example27.org",
    "newsletter.edition": "2026",
}


def bench_admin() -> None:
    """How long each page takes its server, and how many queries; on PostgreSQL alone, which so many readers need."""
    if connection.vendor != "postgresql":
        return
    client = owner()
    fill()
    for name, path in addresses(client):
        open_page = partial(client.get, path)
        with CaptureQueriesContext(connection) as queries:
            if (status := open_page().status_code) != 200:
                raise SystemExit(f"{path} answered {status}.")
            asked = len(queries)
        spent = milliseconds([seconds(open_page) for _ in range(OPENED)])
        report(f"admin: {name}", "p95_ms", spent["p95_ms"], p50_ms=spent["p50_ms"], queries=asked)


def fill() -> None:
    """Make the rows, and have the planner know, as its autovacuum does within a minute."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS.read_text(encoding="utf-8"))
        cursor.execute("VACUUM ANALYZE")


def owner() -> Client:
    """A client of a superuser who has given a password and a code."""
    user, _ = User.objects.get_or_create(username="owner", defaults={"is_staff": True, "is_superuser": True})
    if not Authenticator.objects.filter(user=user).exists():
        TOTP.activate(user, generate_totp_secret())
    client = Client()
    client.force_login(user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time(), "username": user.username},
        {"method": "mfa", "at": time.time(), "type": Authenticator.Type.TOTP},
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def addresses(client: Client) -> list[tuple[str, str]]:
    """Find the pages with a client that sees what templates are given, which takes time of its own."""
    setup_test_environment()
    found = list(pages(client))
    teardown_test_environment()
    settings.ALLOWED_HOSTS = ["testserver"]
    return found


def pages(client: Client) -> Iterator[tuple[str, str]]:
    """Every page that is measured, by name and address."""
    yield "dashboard", reverse("admin:index")
    if unknown := SEARCHED.keys() - {model._meta.label_lower for model in admin.site._registry}:
        raise SystemExit(f"No list is of {', '.join(sorted(unknown))}.")
    for model, model_admin in admin.site._registry.items():
        name = model._meta.label_lower
        address = reverse(f"admin:{name.replace('.', '_')}_changelist")
        changelist: ChangeList = client.get(address).context["cl"]
        for what, asked in lists(changelist, model_admin, SEARCHED.get(name, "")):
            yield f"{name} {what}", f"{address}{asked}"
        if row := changelist.result_list[:1]:
            yield f"{name} page", changelist.url_for_result(row[0])
            yield f"{name} history", reverse(f"admin:{name.replace('.', '_')}_history", args=[row[0].pk])
    for app, model_name, field, term in (
        ("papers", "paper", "topics", "field 1"),
        ("subscribers", "subscriber", "topics", "field"),
    ):
        asked = urlencode({"app_label": app, "model_name": model_name, "field_name": field, "term": term})
        yield f"autocomplete of {model_name}", f"{reverse('admin:autocomplete')}?{asked}"


def lists(changelist: ChangeList, model_admin: "ModelAdmin[Any]", term: str) -> Iterator[tuple[str, str]]:
    """A list in each of its forms: its pages, what is searched, each filter's first choice, each order."""
    yield "first page", ""
    for number in {2, min(50, changelist.paginator.num_pages)}:
        if number <= changelist.paginator.num_pages:
            yield f"page {number}", f"?p={number}"
    if term and model_admin.search_fields:
        yield "search", f"?{urlencode({'q': term})}"
    for spec in changelist.filter_specs:
        choices = [str(choice["query_string"]) for choice in spec.choices(changelist) if "query_string" in choice]
        if choices[1:]:
            yield f"by {spec.title}", choices[1]
    for place, column in enumerate(changelist.list_display):
        if column in (changelist.sortable_by or ()) and changelist.get_ordering_field(column):
            yield f"in order of {column}", f"?o=-{place}"
