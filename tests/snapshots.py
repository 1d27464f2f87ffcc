"""The whole database, to see that nothing changed."""

from django.apps import apps


def rows() -> dict[str, list[dict[str, object]]]:
    """Everything that is in the database."""
    models = apps.get_models(include_auto_created=True)
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models}
