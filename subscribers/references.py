"""What a letter is known by outside, such as `nothing-new-12-1795590000`: its kind, whose it is, and when it left."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from subscribers.models import Letter

PATTERN = re.compile(r"([a-z-]{1,40})-(\d{1,18})-(\d{1,11})", re.ASCII)


class Reference(NamedTuple):
    """`at` is in whole seconds."""

    kind: Letter.Kind
    reader_id: int
    at: datetime

    @classmethod
    def parse(cls, text: str) -> Reference | None:
        """Return the reference that `str` gave `text` for; None for anything else."""
        found = PATTERN.fullmatch(text)
        kind = found[1].replace("-", "_") if found else ""
        if found is None or kind not in Letter.Kind:
            return None
        return cls(Letter.Kind(kind), int(found[2]), datetime.fromtimestamp(int(found[3]), UTC))

    def __str__(self) -> str:
        return f"{self.name}-{self.reader_id}-{int(self.at.timestamp())}"

    @property
    def name(self) -> str:
        return self.kind.replace("_", "-")
