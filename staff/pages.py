"""What admin pages of rows have in common that the service itself writes."""

from django.db.models import Model
from django.http import HttpRequest


class Kept:
    """For rows that come and go by the service's own rules: nobody adds or deletes them by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnly(Kept):
    """For rows that only the service writes."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
