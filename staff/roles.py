"""Who may do what: groups that every installation has, each with exactly these permissions."""

from typing import Any

from django.apps import AppConfig, apps
from django.apps.registry import Apps

EDITOR, SUPPORT, OWNER = "Editor", "Support", "Owner"

# Editors never meet an address: nothing here is about readers. Support meets one reader at a time, and has no list.
ROLES = {
    EDITOR: frozenset(
        {
            "papers.view_paper",
            "papers.change_paper",
            "papers.view_topic",
            "papers.add_topic",
            "papers.change_topic",
            "papers.delete_topic",
            "papers.view_signal",
            "papers.view_sourcerun",
            "papers.view_repository",
            "newsletter.view_edition",
            "newsletter.change_edition",
            "newsletter.operate_edition",
            "newsletter.view_editionentry",
            "newsletter.add_editionentry",
            "newsletter.change_editionentry",
            "newsletter.delete_editionentry",
            "newsletter.view_alert",
            "newsletter.view_heartbeat",
        }
    ),
    SUPPORT: frozenset(
        {
            "subscribers.view_subscriber",
            "subscribers.change_subscriber",
            "subscribers.erase_subscriber",
            "subscribers.view_consentevent",
            "subscribers.view_feedback",
            "subscribers.view_suppression",
            "subscribers.add_suppression",
            "papers.view_topic",
        }
    ),
}
# An owner may do everything in these, add people, put them into groups that are there, and see who did what. Nobody
# is deleted: that would delete what they did.
OWNED = frozenset({"papers", "subscribers", "newsletter", "mail", "staff"})
OWNERS_ALSO = frozenset(
    {"auth.view_user", "auth.add_user", "auth.change_user", "auth.view_group", "admin.view_logentry"}
)


def make_roles(sender: AppConfig, using: str, apps: Apps = apps, **_: Any) -> None:
    """Make the three groups, or set them right. Runs after migrations; groups with other names are left alone."""
    try:
        group_model: Any = apps.get_model("auth", "Group")
        permission_model: Any = apps.get_model("auth", "Permission")
    except LookupError:
        # The tables of django.contrib.auth were just taken back.
        return
    permissions = list(permission_model.objects.using(using).select_related("content_type"))
    for role in (EDITOR, SUPPORT, OWNER):
        group, _created = group_model.objects.using(using).get_or_create(name=role)
        group.permissions.set([one for one in permissions if _has(role, one.content_type.app_label, one.codename)])


def _has(role: str, app: str, codename: str) -> bool:
    name = f"{app}.{codename}"
    return app in OWNED or name in OWNERS_ALSO if role == OWNER else name in ROLES[role]
