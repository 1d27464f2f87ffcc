from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

from staff.roles import make_roles


class StaffConfig(AppConfig):
    name = "staff"

    def ready(self) -> None:
        # Once for each database, after the last app: by then all permissions are there.
        post_migrate.connect(make_roles, sender=list(apps.get_app_configs())[-1])
