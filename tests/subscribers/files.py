"""Files of readers, and what becomes of them."""

import io
from datetime import datetime

from subscribers.importing import ImportReport, Refusal, import_readers, open_readers, try_import
from subscribers.models import Subscriber
from tests.conftest import NOW

ADA, GRACE = "ada@example.org", "grace@example.org"
PROVENANCE = "The list of our old newsletter, double opt-in"


def now() -> datetime:
    return NOW


def take_in(file: str | bytes, *, encoding: str = "", **chosen: str) -> ImportReport:
    """Import a file as the command does."""
    return import_readers(open_readers(_opened(file), chosen, encoding), PROVENANCE, now)


def try_file(file: str | bytes, **chosen: str) -> ImportReport:
    return try_import(open_readers(_opened(file), chosen))


def refusals(file: str | bytes) -> list[Refusal]:
    """Return the rows of a file that would be refused."""
    found: list[Refusal] = []
    try_import(open_readers(_opened(file), {}), on_refusal=found.append)
    return found


def _opened(file: str | bytes) -> io.BytesIO:
    return io.BytesIO(file if isinstance(file, bytes) else file.encode())


def addresses() -> list[str]:
    return sorted(Subscriber.objects.values_list("email", flat=True))
