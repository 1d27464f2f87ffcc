from typing import Any

from django.db.models import QuerySet
from import_export.fields import Field
from tablib import Dataset

class Resource:
    def get_user_visible_fields(self) -> list[Field]: ...
    def export(self, queryset: QuerySet[Any] | None = None, **kwargs: Any) -> Dataset: ...
