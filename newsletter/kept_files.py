"""Files that tell something about a reader: the mails of the embedded outbox, and previews."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from mail.backends import files_in_outbox
from newsletter.models import Delivery
from subscribers.models import Subscriber

# A letter (`confirmation-5-1795543200`, see subscribers.emails) or a preview (`reader-5`), of reader 5. No id of a
# delivery looks like that.
OF_READER = re.compile(r"[a-z-]+-(\d+)(?:-\d+)?")
# Names looked up at a time.
BATCH = 500


def files_of(readers: Collection[int], deliveries: Collection[UUID]) -> set[Path]:
    """Return the files of these readers, who had these deliveries."""
    ids = {str(delivery) for delivery in deliveries}
    return {path for path, name in _files().items() if name in ids or _reader_named(name) in readers}


def files_of_nobody(leaving: QuerySet[Subscriber]) -> set[Path]:
    """Return the files whose reader is gone, or one of those `leaving`."""
    files = list(_files().items())
    found: set[Path] = set()
    for start in range(0, len(files), BATCH):
        found |= _of_nobody(dict(files[start : start + BATCH]), leaving)
    return found


def old_files(before: datetime) -> set[Path]:
    """Return the files that were written before that time."""
    return {path for path in _files() if _is_older(path, before)}


def remove(paths: Iterable[Path]) -> int:
    """Remove these files; return how many there were."""
    unwanted = list(paths)
    for path in unwanted:
        path.unlink(missing_ok=True)
    return len(unwanted)


def _files() -> dict[Path, str]:
    """Return every file with the name that tells whose it is."""
    previews = (settings.VAR_DIR / "preview").glob("reader-*")
    return files_in_outbox() | {path: path.stem for path in previews}


def _reader_named(name: str) -> int | None:
    found = OF_READER.fullmatch(name)
    return int(found[1]) if found else None


def _delivery_named(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _of_nobody(files: dict[Path, str], leaving: QuerySet[Subscriber]) -> set[Path]:
    readers = {path: reader for path, name in files.items() if (reader := _reader_named(name)) is not None}
    there = Subscriber.objects.filter(pk__in=readers.values()).exclude(pk__in=leaving.values("pk"))
    known = set(there.values_list("pk", flat=True))
    deliveries = {path: delivery for path, name in files.items() if (delivery := _delivery_named(name))}
    empty = set(Delivery.objects.filter(pk__in=deliveries.values(), subscriber=None).values_list("pk", flat=True))
    of_nobody = {path for path, reader in readers.items() if reader not in known}
    return of_nobody | {path for path, delivery in deliveries.items() if delivery in empty}


def _is_older(path: Path, than: datetime) -> bool:
    try:
        return path.stat().st_mtime < than.timestamp()
    except FileNotFoundError:
        return False  # a draft, which is complete by now
