from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from papers.ingest import ingest
from papers.scoring import score_papers
from papers.sources import SOURCES, huggingface
from papers.sources.base import PaperRecord, RowError, SourceError

# Not 2, which is what a wrong command line gives.
SOME_REFUSED = 3


class Command(BaseCommand):
    help = "Read papers from a source, or from saved answers of it. Exit code 1: unreadable; 3: some rows refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", choices=sorted(SOURCES), default=huggingface.NAME)
        parser.add_argument("--date", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the listing day")
        parser.add_argument("--file", nargs="+", type=Path, metavar="FILE", help="saved answers to read instead")

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            report = ingest(options["source"], self._rows(options))
        except SourceError as err:
            raise CommandError(str(err)) from err
        for error in report.refused:
            self.stderr.write(f"refused {error}")
        self.stdout.write(str(report))
        if report.created + report.updated + report.unchanged == 0 and not report.refused:
            self.stdout.write("The source has no papers for this day.")
        score_papers(at)
        if report.refused:
            raise CommandError(
                f"{len(report.refused)} rows were refused; the others are kept.", returncode=SOME_REFUSED
            )

    def _rows(self, options: dict[str, Any]) -> Iterable[PaperRecord | RowError]:
        day: date | None = options["date"]
        if options["source"] != huggingface.NAME:
            if day or options["file"]:
                raise CommandError("--date and --file go with --source huggingface.")
            return SOURCES[options["source"]]().fetch(timezone.now())
        if options["file"]:
            # All of them before the first is stored: a file that cannot be read leaves nothing half-written.
            return list(huggingface.read_files(options["file"], day=day, observed_at=None))
        return huggingface.HuggingFace(day).fetch(timezone.now())
