"""What deleted rows leave in a file of SQLite is written over once nobody reads it any more."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings as project
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.utils import ConnectionHandler
from pytest_django import Settings

from newsletter import freed_pages
from newsletter.freed_pages import note_freed_pages, write_over_freed_pages

pytestmark = pytest.mark.django_db

TRACE = b"qvist-7f3k"
FILE = "paper_route.sqlite3"


@pytest.fixture
def database(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseWrapper]:
    """A database in a file, opened as the shipped settings open it, with a row that is deleted but not gone."""
    settings.VAR_DIR = tmp_path
    path = tmp_path / FILE
    engine = "django.db.backends.sqlite3"
    handler = ConnectionHandler({"default": {"ENGINE": engine, "OPTIONS": project.SQLITE_OPTIONS, "NAME": path}})
    connection = handler["default"]
    assert isinstance(connection, DatabaseWrapper)
    monkeypatch.setattr(freed_pages, "connection", connection)
    # So that closing the first connection does not empty the journal.
    with closing(sqlite3.connect(path)), closing(connection), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE reader (email TEXT)")
        cursor.execute("INSERT INTO reader VALUES (%s)", [TRACE.decode()])
        yield connection


def is_traced(folder: Path) -> bool:
    return any(TRACE in path.read_bytes() for path in folder.iterdir() if path.is_file())


def forget(database: DatabaseWrapper) -> None:
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM reader")
    note_freed_pages()


def test_what_was_noted_is_done_once(database: DatabaseWrapper, tmp_path: Path) -> None:
    forget(database)
    assert is_traced(tmp_path)
    assert write_over_freed_pages()
    assert not is_traced(tmp_path)
    assert list((tmp_path / "freed-pages").iterdir()) == []


def test_nothing_noted_is_nothing_done(database: DatabaseWrapper, tmp_path: Path) -> None:
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM reader")
    assert write_over_freed_pages()
    assert is_traced(tmp_path)


def test_as_long_as_somebody_reads_it_is_left_for_another_time(database: DatabaseWrapper, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM reader").fetchone() == (1,)
        forget(database)
        began = time.monotonic()
        assert not write_over_freed_pages()
        assert time.monotonic() - began < 5
        assert is_traced(tmp_path)
        reader.execute("COMMIT")
    with database.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20_000,)
    assert write_over_freed_pages()
    assert not is_traced(tmp_path)


def test_a_note_that_comes_meanwhile_stays(
    database: DatabaseWrapper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(database)
    rewrite = freed_pages._rewrite

    def rewrite_and_note(cursor: object) -> bool:
        note_freed_pages()
        return rewrite(cursor)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(freed_pages, "_rewrite", rewrite_and_note)
    assert write_over_freed_pages()
    assert len(list((tmp_path / "freed-pages").iterdir())) == 1


def test_of_a_large_file_only_the_journal_is_emptied(
    database: DatabaseWrapper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freed_pages, "MOST_REWRITTEN", 0)
    forget(database)
    assert write_over_freed_pages()
    assert (tmp_path / f"{FILE}-wal").stat().st_size == 0
