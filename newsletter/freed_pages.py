"""What deleted rows leave behind in a file of SQLite: noted when somebody is forgotten, written over later.

Deleted rows are written over at once (`secure_delete`), but copies stay in the journal, and where a full page was once
split in two. Removing those needs a moment without readers, which no request can wait for.
"""

import secrets
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

# Bytes of a database that is written anew at once: a second or so.
MOST_REWRITTEN = 100 * 1024 * 1024
# While the journal is emptied nobody can write: milliseconds that this waits for those who still read.
LONGEST_WAIT = 500


def note_freed_pages() -> None:
    """Leave a note that freed pages are to be written over, where there is a file that has them.

    To be called before the commit: a crash behind it loses no note, and a note too many only costs a little work.
    """
    if connection.vendor == "sqlite" and not connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite's
        _folder().mkdir(mode=0o700, exist_ok=True)
        # Each has a name of its own, so that removing those that are done never removes one that came meanwhile.
        (_folder() / secrets.token_hex(8)).touch()


def write_over_freed_pages() -> bool:
    """Do what was noted; return whether nothing is left to do. Else the notes stay for another time."""
    notes = list(_folder().iterdir()) if _folder().is_dir() else []
    if not notes:
        return True
    with connection.cursor() as cursor:
        try:
            # First without the rewriting, which would be in vain as long as somebody reads what was there before.
            done = _empty_journal(cursor) and _rewrite(cursor) and _empty_journal(cursor)
        except OperationalError:
            return False  # somebody writes, and for long
    if done:
        for path in notes:
            path.unlink(missing_ok=True)
    return done


def _folder() -> Path:
    return settings.VAR_DIR / "freed-pages"


def _empty_journal(cursor: CursorWrapper) -> bool:
    """Move the journal into the file, and cut it to nothing; return False when somebody still reads from it."""
    cursor.execute("PRAGMA busy_timeout")
    (usual,) = cursor.fetchone()
    cursor.execute(f"PRAGMA busy_timeout = {LONGEST_WAIT}")
    try:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (is_busy, *_) = cursor.fetchone()
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {usual}")
    return not is_busy


def _rewrite(cursor: CursorWrapper) -> bool:
    """Write the file anew, without what is no row's any more. A larger one is left to its operator."""
    cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    (size,) = cursor.fetchone()
    if size <= MOST_REWRITTEN:
        cursor.execute("VACUUM")
    return True
