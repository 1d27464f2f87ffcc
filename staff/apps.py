from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate

from staff.roles import make_roles


class StaffConfig(AppConfig):
    name = "staff"

    def ready(self) -> None:
        from staff import checks  # noqa: F401, PLC0415  registered by being imported

        # Once for each database, after the last app: by then all permissions are there.
        post_migrate.connect(make_roles, sender=list(apps.get_app_configs())[-1])


class StaffAdminConfig(AdminConfig):
    """Makes `admin.site` the one that asks for a second factor."""

    default_site = "staff.site.StaffSite"
