"""Erasure leaves no trace: real processes on the embedded default, and then every file and table is searched."""

import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests import journey
from tests.letters import read_mail, text_of

pytestmark = pytest.mark.services

# Names that stand in no paper. They are searched for in any case, and without their domain too.
ADA, MOVED, GRACE = "Ada.Qvist-7f3k@example.org", "Countess.Qvist-7f3k@example.net", "Grace.Zhopper-9d2m@example.com"
TRACES = ("qvist-7f3k", "zhopper-9d2m")


def files_that_name(trace: str, folder: Path) -> set[str]:
    """The files below `folder` with `trace` in them or in their names, in any case.

    Another process reads them: closing a file of SQLite here would give up the locks of the connection held open.
    """
    search = ["grep", "-rilaF", trace, str(folder)]
    found = subprocess.run(search, env={"LC_ALL": "C"}, capture_output=True, text=True, check=False)
    assert found.returncode in {0, 1}, found.stderr
    named = [str(path) for path in folder.rglob("*") if trace in path.name.lower()]
    return {path.removeprefix(f"{folder}/") for path in [*found.stdout.splitlines(), *named]}


def tables_that_name(trace: str, database: sqlite3.Connection) -> list[str]:
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [
        table
        for table in tables
        if any(trace in str(value).lower() for row in database.execute(f'SELECT * FROM "{table}"') for value in row)  # noqa: S608
    ]


def count_of(table: str, database: sqlite3.Connection) -> int:
    count: int = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
    return count


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that stays open, as that of a worker does: the journal is not emptied by the last who leaves."""
    journey.manage("migrate", env=journey.environment(VAR_DIR=str(tmp_path / "var")))
    with closing(sqlite3.connect(tmp_path / "var" / "paper_route.sqlite3", isolation_level=None)) as connection:
        connection.execute("SELECT count(*) FROM subscribers_subscriber").fetchone()
        yield connection


def arriving_mail(outbox: Path, pattern: str, address: str, log: Path) -> str:
    def look() -> Path | None:
        return next((path for path in outbox.glob(pattern) if address.encode() in path.read_bytes()), None)

    path = journey.wait_for(f"a mail {pattern}", look, log=log)
    return text_of(read_mail(path.read_bytes()))


def live_through_everything(site: str, env: dict[str, str], readers: Path, said: list[str], log: Path) -> str:
    """One reader signs up, reads, wants another address and is about to sign up again; the other is imported.

    Return the first one's link to the preferences.
    """
    outbox = Path(env["VAR_DIR"]) / "outbox"

    def manage(*arguments: str) -> None:
        done = journey.manage(*arguments, env=env)
        said.extend([done.stdout, done.stderr])

    manage("tick")
    manage("import_subscribers", str(readers), "--provenance", "The list of the reading group")
    journey.sign_up(site, GRACE)
    journey.sign_up(site, ADA)
    manage("tick")
    arriving_mail(outbox, "already-subscribed-*.eml", GRACE, log)
    journey.press_the_button(site, arriving_mail(outbox, "confirmation-*.eml", ADA, log), "confirm")
    manage("tick")
    journey.manage("preview_digest", ADA, env=env)
    digest = arriving_mail(outbox, "????????-*-*-*-*.eml", ADA, log)
    journey.press_the_button(site, digest, "say")
    preferences = f"{site}{urlsplit(journey.link_in(digest, 'preferences')).path}"
    assert httpx.post(f"{preferences}/address", data={"email": MOVED}).status_code == 200
    manage("tick")
    journey.sign_up(site, ADA.upper())
    return preferences


def test_nothing_is_left_of_who_was_erased(tmp_path: Path, database: sqlite3.Connection) -> None:
    var, log, port = tmp_path / "var", tmp_path / "log", journey.free_port()
    site = f"http://127.0.0.1:{port}"
    env = journey.environment(VAR_DIR=str(var), WEB_PORT=str(port), LOG_LEVEL="DEBUG")
    readers = tmp_path / "readers.csv"
    readers.write_text(f"email,topics\n{GRACE},\n")
    said: list[str] = []
    with ExitStack() as processes:
        for command in (
            ("gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--no-control-socket"),
            ("celery", "--app", "config", "worker", "--concurrency", "1", "--loglevel", "debug"),
        ):
            processes.enter_context(journey.running(*command, env=env, log=log))
        journey.wait_for("the web server", lambda: journey.answers(site), log=log)
        preferences = live_through_everything(site, env, readers, said, log)
        # Nothing is read from arXiv here, so the service itself keeps no such wish.
        database.execute(
            "INSERT INTO subscribers_wantedpaper (subscriber_id, arxiv_id, asked_at)"
            " SELECT id, '2305.03048', created_at FROM subscribers_subscriber"
        )
        for trace in TRACES:
            # What is searched for can be found: in tables, in the file of the database, and in mails.
            assert "subscribers_subscriber" in tables_that_name(trace, database)
            assert count_of("subscribers_feedback", database) == 1
            assert {name.partition("/")[0][:6] for name in files_that_name(trace, var)} >= {"outbox", "paper_"}

        erase = preferences.replace("/preferences/", "/privacy/") + "/erase"
        with closing(sqlite3.connect(var / "paper_route.sqlite3", isolation_level=None)) as somebody:
            # Who still reads the database as it was keeps its journal, and lets nobody wait.
            somebody.execute("BEGIN")
            somebody.execute("SELECT count(*) FROM subscribers_subscriber").fetchone()
            began = time.monotonic()
            assert "Goodbye" in httpx.post(erase, data={"sure": "yes"}, timeout=30).text
            assert time.monotonic() - began < 10
            said.append(journey.manage("erase_reader", GRACE.lower(), "--yes", env=env).stdout)
            assert "The database is in use" in said[-1]
            somebody.execute("COMMIT")
        said.append(journey.manage("retain", env=env).stdout)
        assert count_of("subscribers_feedback", database) == 0
        assert count_of("subscribers_wantedpaper", database) == 0
        for trace in TRACES:
            assert tables_that_name(trace, database) == []
            assert files_that_name(trace, var) == set()
    for trace in TRACES:
        assert trace not in log.read_text(errors="replace").lower()
        assert trace not in "".join(said).lower()
    no_import_brings_anybody_back(tmp_path, env, database)


def no_import_brings_anybody_back(tmp_path: Path, env: dict[str, str], database: sqlite3.Connection) -> None:
    again = tmp_path / "again.csv"
    again.write_text(f"email\n{ADA.lower()}\n{GRACE}\nsomebody.new@example.org\n")
    journey.manage("import_subscribers", str(again), "--provenance", "The same list again", env=env)
    addresses = [address for (address,) in database.execute("SELECT email FROM subscribers_subscriber")]
    assert addresses == ["somebody.new@example.org"]
