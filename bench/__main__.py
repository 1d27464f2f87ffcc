"""`make bench`: prints one JSON line a figure, each group on an empty database of its own.

SQLite always; PostgreSQL too when TEST_DATABASE_URL names a server on which databases may be made.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

GROUPS = (
    *("ingest", "score", "model", "search", "pages"),
    *("sign_up", "preview", "selection", "import", "events", "newsletter", "delivery", "admin"),
)


def main() -> None:
    servers = dict.fromkeys(["", os.environ.get("TEST_DATABASE_URL", "")])
    for group in sys.argv[1:] or GROUPS:
        for server in servers:
            with tempfile.TemporaryDirectory() as folder, database(server) as url:
                variables = {"VAR_DIR": folder, "DATABASE_URL": url, "LOG_LEVEL": "ERROR"}
                subprocess.run([sys.executable, "-m", "bench.run", group], env=os.environ | variables, check=True)  # noqa: S603  our own


@contextmanager
def database(server: str) -> Iterator[str]:
    """An empty database on `server`, dropped afterwards; the empty string, which is SQLite, as it is."""
    if not server:
        yield ""
        return
    name = f"paper_route_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


if __name__ == "__main__":
    main()
