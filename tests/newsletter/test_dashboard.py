"""The first page of the admin: who sees what, and that what is shown is what is counted."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from newsletter.admin.dashboard import PARTS
from newsletter.alerts import raise_alert
from newsletter.models import Alert, Delivery, Edition
from newsletter.operating import cancel, stop_all
from papers.models import SourceRun
from staff.roles import EDITOR, OWNER, SUPPORT
from subscribers.models import ConsentEvent, Subscriber
from tests.factories import make_delivery, make_edition, make_paper, make_reader
from tests.staff.people import client_of, make_staff, staff_client

pytestmark = pytest.mark.django_db

PAGE = "/admin/"
EVERYBODYS = {"readers-30", "readers-90", "opinions"}
EDITORS = EVERYBODYS | {"going-out", "deliverability"}


def part(client: Client, name: str) -> str:
    return client.get(f"/admin/dashboard/{name}/").content.decode()


def going_out_now(*statuses: str) -> Edition:
    """An edition that closed an hour ago, with a delivery of each of these statuses."""
    at = timezone.now() - timedelta(hours=1)
    edition = make_edition(make_paper(), day=at.date(), closing_at=at, audience=len(statuses))
    for status in statuses:
        make_delivery(edition, make_reader(), status=status, due_at=at)
    return edition


@pytest.mark.parametrize(("role", "seen"), [(EDITOR, EDITORS), (SUPPORT, EVERYBODYS), (OWNER, set(PARTS))])
def test_everybody_gets_the_parts_that_concern_them(role: str, seen: set[str]) -> None:
    client = staff_client(role)
    statuses = {name: client.get(f"/admin/dashboard/{name}/").status_code for name in PARTS}
    assert statuses == {name: 200 if name in seen else 403 for name in PARTS}
    page = client.get(PAGE).content.decode()
    assert ("How the sources" in page or "sources-part" in page) == (role != SUPPORT)
    assert ("pulse-part" in page) == (role != SUPPORT)
    assert ("findings-part" in page) == (role == OWNER)


@pytest.mark.parametrize(("role", "told"), [(EDITOR, "An owner starts it again"), (OWNER, "/admin/mail/provider/")])
def test_while_all_mail_is_stopped_everybody_is_told_what_they_can_do(role: str, told: str) -> None:
    stop_all(timezone.now(), "a test")
    page = staff_client(role).get(PAGE).content.decode()
    assert told in page.partition("All mail is stopped,")[2].partition("</li>")[0]
    assert "start_mail" not in page


def test_who_has_no_role_is_shown_no_figures() -> None:
    user = make_staff(EDITOR)
    user.groups.clear()
    client = client_of(user)
    assert {client.get(f"/admin/dashboard/{name}/").status_code for name in PARTS} == {403}
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "-part" not in page.content.decode()


def test_nobody_sees_a_part_without_a_second_factor(admin_user: object, client: Client) -> None:
    assert client.get("/admin/dashboard/opinions/").status_code == 302
    client.force_login(admin_user)  # type: ignore[arg-type]  # a User
    assert client.get("/admin/dashboard/opinions/").status_code == 302


def test_a_part_that_is_not_there_is_not_found(admin_client: Client) -> None:
    assert admin_client.get("/admin/dashboard/nonsense/").status_code == 404


def test_a_part_is_never_changed_by_a_form(admin_client: Client) -> None:
    assert admin_client.post("/admin/dashboard/opinions/").status_code == 405


def test_what_takes_a_while_to_count_comes_after_the_page_and_is_kept(admin_client: Client) -> None:
    page = admin_client.get(PAGE).content.decode()
    asked_for = re.findall(r'hx-get="/admin/dashboard/([a-z0-9-]+)/" hx-trigger="load"', page)
    assert set(asked_for) == {"going-out", "readers-30", "deliverability", "opinions"}
    for name in asked_for:
        part(admin_client, name)
    page = admin_client.get(PAGE).content.decode()
    assert 'hx-trigger="load"' not in page
    make_reader()
    # As of then, not of now.
    assert part(admin_client, "readers-30").count(">1</dd>") == 0


def test_readers_are_shown_over_ninety_days_when_asked(admin_client: Client) -> None:
    assert "/admin/dashboard/readers-90/" in admin_client.get(f"{PAGE}?days=90").content.decode()
    assert "/admin/dashboard/readers-30/" in admin_client.get(f"{PAGE}?days=<script>").content.decode()


def test_the_numbers_of_readers_stand_in_the_table_too(admin_client: Client) -> None:
    reader = make_reader()
    ConsentEvent.objects.create(subscriber=reader, kind="confirmed", at=timezone.now(), wording_version="1")
    shown = part(admin_client, "readers-30")
    today = f"{timezone.now():%a} {timezone.now().day} {timezone.now():%b}"
    assert f'<th scope="row">{today}</th><td>1</td><td>1</td><td>0</td><td>0</td>' in shown
    assert shown.count('<th scope="row">') == 30


def test_an_edition_that_leaves_is_asked_for_every_ten_seconds(admin_client: Client) -> None:
    going_out_now("accepted", "queued")
    shown = part(admin_client, "going-out")
    assert 'hx-trigger="every 10s"' in shown
    assert re.search(r"submitted</dt><dd>1</dd>.*queued</dt><dd>1</dd>", shown, re.DOTALL)


def test_an_edition_that_has_left_is_asked_for_every_minute(admin_client: Client) -> None:
    going_out_now("accepted")
    assert 'hx-trigger="every 60s"' in part(admin_client, "going-out")


def test_an_edition_that_was_cancelled_on_its_way_is_still_told_of(admin_client: Client) -> None:
    edition = going_out_now("accepted", "queued")
    tomorrow = edition.about.first + timedelta(days=1)
    cancel(edition, timezone.now(), by="somebody")
    make_edition(make_paper(), day=tomorrow, status=Edition.Status.CANCELLED)
    shown = part(admin_client, "going-out")
    assert edition.title in shown
    assert '<span class="state bad">cancelled</span>' in shown
    assert re.search(r"submitted</dt><dd>1</dd>.*skipped</dt><dd>1</dd>", shown, re.DOTALL)


def test_alerts_stand_first(admin_client: Client) -> None:
    raise_alert(Alert.Kind.STORM, "Too <b>many</b> failed.", timezone.now(), edition=going_out_now("failed"))
    page = admin_client.get(PAGE).content.decode()
    assert "Too &lt;b&gt;many&lt;/b&gt; failed." in page
    assert page.index("Too &lt;b&gt;") < page.index("readers-30")


def test_a_new_installation_is_told_what_to_do_first(admin_client: Client) -> None:
    page = admin_client.get(PAGE).content.decode()
    assert "Start a worker and beat." in page
    assert "Be the first reader." in page
    going_out_now()
    assert "Start a worker and beat." not in admin_client.get(PAGE).content.decode()


@pytest.mark.parametrize("role", [EDITOR, SUPPORT, OWNER])
def test_no_address_is_on_the_page(role: str) -> None:
    going_out_now("failed", "unknown")
    Delivery.objects.update(detail="SMTP 550 5.1.1")
    client = staff_client(role)
    shown = client.get(PAGE).content.decode() + "".join(
        part(client, name) for name in PARTS if client.get(f"/admin/dashboard/{name}/").status_code == 200
    )
    for address in Subscriber.objects.values_list("email", flat=True):
        assert address not in shown


def queries_of_the_page(client: Client) -> int:
    client.get(PAGE)
    with CaptureQueriesContext(connection) as queries:
        client.get(PAGE)
    return len(queries)


def test_the_page_takes_as_many_queries_for_many_rows_as_for_few(admin_client: Client) -> None:
    edition = going_out_now(*["accepted"] * 5)
    few = queries_of_the_page(admin_client)
    for _ in range(10):
        make_delivery(edition, make_reader(), due_at=timezone.now())
    assert queries_of_the_page(admin_client) == few <= 30


@pytest.mark.parametrize(
    ("role", "seen", "unseen"),
    [
        (EDITOR, ["Editions", "Papers", "Topics", "Alerts", "Sources"], ["Readers", "Deliveries", "Staff", "Imports"]),
        (SUPPORT, ["Readers", "Never mailed"], ["Editions", "Deliveries", "Staff", "Imports"]),
        (OWNER, ["Editions", "Readers", "Imports", "Never mailed", "Deliveries", "Alerts", "Staff"], []),
    ],
)
def test_the_side_of_the_page_leads_where_one_may_go(role: str, seen: list[str], unseen: list[str]) -> None:
    page = staff_client(role).get(PAGE).content.decode()
    side = page[page.index('id="nav-sidebar-apps"') : page.index('id="main"')]
    names = {" ".join(name.split()) for name in re.findall(r"<span>([^<]+)</span>", side)}
    assert set(seen) <= names
    assert not set(unseen) & names


def test_a_source_that_gives_nothing_is_told_first(admin_client: Client, settings: Settings) -> None:
    settings.PAPERS_SOURCES = ["huggingface"]
    at = timezone.now() - timedelta(hours=5)
    SourceRun.objects.create(source="huggingface", started_at=at, status=SourceRun.Status.READ)
    page = admin_client.get(PAGE).content.decode()
    assert "Nothing came from huggingface for 5\xa0hours:</strong> late." in page
    assert "All is well" not in page
    assert 'href="/admin/papers/sourcerun/?source=huggingface"' in page
    readings: Any = admin_client.get("/admin/papers/sourcerun/", {"source": "huggingface"})
    assert readings.context["cl"].result_count == 1
