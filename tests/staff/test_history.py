"""Who did what, on a page that owners read and nobody writes."""

from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from papers.models import Paper
from staff.roles import EDITOR, OWNER, SUPPORT
from tests.admin_pages import posted_by
from tests.factories import make_paper, make_reader
from tests.staff.people import PASSWORD, client_of, make_staff, staff_client

pytestmark = pytest.mark.django_db

HISTORY = "/admin/admin/logentry/"


def shown(client: Client, **query: str) -> str:
    return client.get(HISTORY, query).content.decode()


def test_owners_read_who_exported_readers_though_it_is_about_nobody_alone() -> None:
    owner = make_staff(OWNER, "olga")
    client = client_of(owner)
    make_reader(email="ada@example.org")
    client.post(reverse("admin:subscribers_subscriber_export"), {"format": "0", "resource": "0"})

    page = shown(client_of(make_staff(OWNER, "otto")))
    assert "Exported 1 readers." in page
    assert "olga" in page
    assert "ada@example.org" not in page


def test_what_was_done_leads_to_what_it_was_done_to_unless_that_is_gone() -> None:
    editor, paper = make_staff(EDITOR), make_paper(title="On Marmots")
    for flag, told in ((ADDITION, ""), (CHANGE, "Hidden."), (DELETION, "")):
        LogEntry.objects.log_actions(editor.pk, Paper.objects.filter(pk=paper.pk), flag, told, single_object=True)
    page = shown(staff_client(OWNER))
    assert page.count(f'href="{reverse("admin:papers_paper_change", args=[paper.pk])}"') == 2
    assert page.count("On Marmots") == 3
    assert "Hidden." in page


def test_the_newest_stands_first_and_one_person_is_found_by_name() -> None:
    paper = make_paper()
    people = [make_staff(EDITOR, name) for name in ("emma", "erik")]
    for one in people:
        LogEntry.objects.log_actions(one.pk, [paper], CHANGE, "Hidden.", single_object=True)
    page: Any = staff_client(OWNER).get(HISTORY)
    assert [entry.user for entry in page.context["cl"].result_list] == people[::-1]
    page = staff_client(OWNER).get(HISTORY, {"q": "emma"})
    assert [entry.user for entry in page.context["cl"].result_list] == people[:1]


@pytest.mark.parametrize("role", [EDITOR, SUPPORT])
def test_others_than_owners_read_no_history(role: str) -> None:
    client = staff_client(role)
    assert client.get(HISTORY).status_code == 403
    assert "/admin/admin/logentry/" not in client.get("/admin/").content.decode()


def test_nobody_changes_the_history_superusers_neither(admin_client: Client) -> None:
    LogEntry.objects.log_actions(make_staff(EDITOR).pk, [make_paper()], CHANGE, "Hidden.", single_object=True)
    entry = LogEntry.objects.get()
    for page in ("change", "delete"):
        url = reverse(f"admin:admin_logentry_{page}", args=[entry.pk])
        assert admin_client.post(url, {"post": "yes", "change_message": "Nothing."}).status_code == 403
    assert admin_client.get(f"{HISTORY}add/").status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [str(entry.pk)], "post": "yes"}
    admin_client.post(HISTORY, chosen)
    assert list(LogEntry.objects.values_list("change_message", flat=True)) == ["Hidden."]


@pytest.mark.parametrize("is_superuser", [False, True])
def test_nobody_is_deleted_and_so_neither_is_what_they_did(is_superuser: bool) -> None:
    boss = make_staff(OWNER)
    User.objects.filter(pk=boss.pk).update(is_superuser=is_superuser)
    client, left = client_of(boss), make_staff(EDITOR)
    LogEntry.objects.log_actions(left.pk, [make_paper()], CHANGE, "Hidden.", single_object=True)

    assert client.post(reverse("admin:auth_user_delete", args=[left.pk]), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [str(left.pk)], "post": "yes"}
    client.post(reverse("admin:auth_user_changelist"), chosen)
    assert LogEntry.objects.filter(user=left, change_message="Hidden.").exists()


def test_what_a_group_may_do_only_superusers_change(admin_client: Client) -> None:
    owner = staff_client(OWNER)
    fields = {"name": "Everything", "permissions": ["1"]}
    assert owner.get(reverse("admin:auth_group_changelist")).status_code == 200
    assert owner.post(reverse("admin:auth_group_add"), fields).status_code == 403
    assert admin_client.post(reverse("admin:auth_group_add"), fields).status_code == 302


def test_an_owner_adds_people_and_gives_them_roles() -> None:
    owner, password = staff_client(OWNER), f"{PASSWORD} again"
    fields = {"username": "new", "usable_password": "true", "password1": password, "password2": password}
    assert owner.post(reverse("admin:auth_user_add"), fields).status_code == 302
    new = User.objects.get(username="new")
    page: Any = owner.get(reverse("admin:auth_user_change", args=[new.pk]))
    assert {"groups", "is_active", "is_staff"} <= set(page.context["adminform"].form.fields)
    values = {name: value for name, value in posted_by(page).items() if value is not None}
    owner.post(page.request["PATH_INFO"], values | {"is_staff": "on", "groups": [Group.objects.get(name=SUPPORT).pk]})
    assert new.groups.get().name == SUPPORT
