"""A PostgreSQL cluster and a Redis of one's own, which can be killed, restarted, emptied and filled."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from tests import journey


class Postgres:
    """A cluster in a directory of its own that writes through to the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder / "postgres", journey.free_port()
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
        self.programs = versions[-1].parent
        self.folder.mkdir()
        if os.getuid() == 0:
            # PostgreSQL does not run as root.
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "--auth", "trust", "--username", "postgres", "--pgdata", f"{self.folder}/data")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "-w", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-w", "-D", f"{self.folder}/data", "-m", mode, "stop")

    def restart(self, mode: str) -> None:
        self.stop(mode)
        self.start()

    def url(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def copy(self, template: str, database: str) -> str:
        """Return the address of a new database that is a copy of `template`."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with psycopg.connect(self.url("postgres"), autocommit=True) as server:
            server.execute(statement.format(sql.Identifier(database), sql.Identifier(template)))
        return self.url(database)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        user = "postgres" if os.getuid() == 0 else None
        # Nothing is captured: the server inherits what it is started with, and would keep a pipe open for ever.
        subprocess.run(
            command, check=True, cwd="/", user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60
        )


class Redis:
    """A broker that writes everything down, and forgets it only when told to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder / "redis", journey.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        self.process = subprocess.Popen(
            ["redis-server", *options, "--appendonly", "yes", "--save", ""], stdout=subprocess.DEVNULL
        )
        while not self._answers():
            time.sleep(0.05)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def forget(self) -> None:
        """Lose what was written down; the server does not run."""
        shutil.rmtree(self.folder)

    def flush(self) -> None:
        self.client().flushall()

    def fill(self) -> None:
        """Take no more: every write is refused."""
        self.client().config_set("maxmemory-policy", "noeviction")
        self.client().config_set("maxmemory", "1")

    def make_room(self) -> None:
        self.client().config_set("maxmemory", "0")

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port)

    def _answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.RedisError:
            return False
