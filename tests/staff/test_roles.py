from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db.models.signals import post_migrate

from staff.roles import EDITOR, OWNER, ROLES, SUPPORT

pytestmark = pytest.mark.django_db


def permissions_of(role: str) -> set[str]:
    return {f"{app}.{name}" for app, name in _pairs(Group.objects.get(name=role).permissions)}


def _pairs(permissions: Any) -> Any:
    return permissions.values_list("content_type__app_label", "codename")


def migrate_again() -> None:
    last = list(apps.get_app_configs())[-1]
    post_migrate.send(sender=last, app_config=last, verbosity=0, interactive=False, using="default", apps=apps)


@pytest.mark.parametrize("role", [EDITOR, SUPPORT])
def test_a_role_has_exactly_the_permissions_that_are_written_down(role: str) -> None:
    assert permissions_of(role) == ROLES[role]


def test_an_owner_has_everything_about_papers_readers_and_editions() -> None:
    ours = {f"{app}.{name}" for app, name in _pairs(Permission.objects)}
    ours = {name for name in ours if name.split(".")[0] in {"papers", "subscribers", "newsletter", "mail"}}
    assert ours <= permissions_of(OWNER)
    assert permissions_of(EDITOR) | permissions_of(SUPPORT) <= permissions_of(OWNER)


def test_an_editor_has_no_permission_about_readers() -> None:
    apps_named = {name.split(".")[0] for name in ROLES[EDITOR]}
    assert apps_named == {"papers", "newsletter"}


def test_migrating_again_sets_a_changed_role_right_and_leaves_other_groups_alone() -> None:
    view_paper = Permission.objects.get(codename="view_paper")
    editor = Group.objects.get(name=EDITOR)
    editor.permissions.add(Permission.objects.get(codename="view_subscriber"))
    own = Group.objects.create(name="Guests")
    own.permissions.add(view_paper)

    migrate_again()

    assert permissions_of(EDITOR) == ROLES[EDITOR]
    assert list(own.permissions.all()) == [view_paper]
    assert Group.objects.count() == 4


def test_a_role_that_was_renamed_keeps_its_permissions_and_is_made_anew_beside() -> None:
    Group.objects.filter(name=SUPPORT).update(name="Help desk")

    migrate_again()

    assert permissions_of("Help desk") == permissions_of(SUPPORT)


@pytest.mark.django_db(transaction=True)
def test_roles_are_there_again_after_the_database_was_emptied() -> None:
    call_command("flush", interactive=False, verbosity=0)
    assert Group.objects.filter(name__in=[EDITOR, SUPPORT, OWNER]).count() == 3
