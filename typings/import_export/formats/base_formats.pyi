from typing import Any

from tablib import Dataset

class CSV:
    def export_data(self, dataset: Dataset, **kwargs: Any) -> str: ...

class JSON(CSV): ...
