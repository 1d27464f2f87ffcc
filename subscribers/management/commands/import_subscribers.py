import csv
import errno
import os
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from subscribers.columns import ALIASES
from subscribers.exporting import open_private
from subscribers.importing import (
    ImportReport,
    ImportStopped,
    ReadersFile,
    Refusal,
    import_readers,
    is_provenance,
    open_readers,
    try_import,
)
from subscribers.refused import FIRST_COLUMNS, write_headers, write_refusal
from subscribers.tables import FileUnreadable

# Not 2, which is what a wrong command line gives.
SOME_REFUSED = 3


class Command(BaseCommand):
    help = "Take in readers from a CSV or TSV file. Exit code 1: unreadable; 3: some rows refused, the others are in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--provenance", type=_provenance, required=True, help="where these people agreed to get our mail, and how"
        )
        parser.add_argument("--dry-run", action="store_true", help="tell what would happen, and store nothing")
        parser.add_argument(
            "--map", nargs="+", type=_choice, default=[], metavar="NAME=HEADER", help=f"NAME is of {', '.join(ALIASES)}"
        )
        parser.add_argument("--encoding", default="", help="default: found out")
        parser.add_argument("--errors", type=Path, metavar="FILE", help="for refused rows; default: FILE.errors.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        errors = options["errors"] or path.with_name(f"{path.name}.errors.csv")
        if errors.resolve() == path.resolve():
            raise CommandError("The refused rows cannot go into the file they come from.")
        try:
            with path.open("rb") as file:
                readers = open_readers(file, dict(options["map"]), options["encoding"])
                self._tell_what_is_read(readers)
                with RefusedRows(errors, readers.table.headers) as refused:
                    report = self._run(readers, refused.write, options)
        except OSError as err:
            raise CommandError(f"{err.filename} cannot be opened: {err.strerror}.") from err
        except (FileUnreadable, ImportStopped) as err:
            raise CommandError(str(err)) from err
        self._tell_what_was_done(report, errors)

    def _run(self, file: ReadersFile, refuse: Callable[[Refusal], None], options: dict[str, Any]) -> ImportReport:
        if options["dry_run"]:
            return try_import(file, on_refusal=refuse, on_progress=self._tell_progress)
        return import_readers(
            file, options["provenance"], timezone.now, on_refusal=refuse, on_progress=self._tell_progress
        )

    def _tell_what_is_read(self, file: ReadersFile) -> None:
        self.stdout.write(str(file))
        if file.left_out:
            self.stdout.write(f"Left out: {', '.join(file.left_out)}.")

    def _tell_progress(self, report: ImportReport) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{report.rows:,} rows", ending="")

    def _tell_what_was_done(self, report: ImportReport, errors: Path) -> None:
        if self.stderr.isatty():
            self.stderr.write("")
        for line in report.lines():
            self.stdout.write(line)
        if report.refused:
            raise CommandError(f"{report.refused.total():,} rows were refused: see {errors}.", returncode=SOME_REFUSED)


class RefusedRows:
    """The file of refused rows, which is made when there is one: number, reason, and the cells as they were.

    That of an earlier import is removed.
    """

    def __init__(self, path: Path, headers: list[str]) -> None:
        self._path = path
        self._headers = headers
        self._stack = ExitStack()
        self._writer: Any = None

    def __enter__(self) -> "RefusedRows":
        if self._is_earlier_one():
            self._path.unlink()
        # Before anything is stored, not at the first refused row.
        if not self._path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._path))
        if not os.access(self._path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self._path))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def write(self, refusal: Refusal) -> None:
        if self._writer is None:
            self._writer = csv.writer(self._stack.enter_context(open_private(self._path)))
            write_headers(self._writer, self._headers)
        write_refusal(self._writer, refusal)

    def _is_earlier_one(self) -> bool:
        if not self._path.is_file():
            return False
        begin = ",".join(FIRST_COLUMNS).encode()
        with self._path.open("rb") as file:
            return file.read(len(begin)) == begin


def _provenance(text: str) -> str:
    if not is_provenance(text):
        raise ArgumentTypeError("tell in 10 to 200 characters where these people agreed to get our mail, and how")
    return text.strip()


def _choice(text: str) -> tuple[str, str]:
    name, _, header = text.partition("=")
    if name not in ALIASES:
        raise ArgumentTypeError(f"{name!r} is none of {', '.join(ALIASES)}")
    return name, header
