from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from papers.batch import IngestReport
from papers.ingest import ingest, read_source
from papers.models import SourceRun
from papers.scoring import score_papers
from papers.sources import SOURCES, arxiv, arxiv_search, huggingface
from papers.sources.base import Source, SourceError

# Not 2, which is what a wrong command line gives.
SOME_REFUSED = 3


class Command(BaseCommand):
    help = "Read papers from a source, or from saved answers of it. Exit code 1: unreadable; 3: some rows refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", choices=sorted(SOURCES), default=huggingface.NAME)
        when = parser.add_mutually_exclusive_group()
        when.add_argument(
            "--date",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="the listing or submission day; with --file that of rows which tell none",
        )
        when.add_argument("--week", type=huggingface.week_period, metavar="YYYY-Www", help="an ISO week of listings")
        when.add_argument("--month", type=huggingface.month_period, metavar="YYYY-MM", help="a month of listings")
        parser.add_argument(
            "--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the last of several submission days"
        )
        parser.add_argument("--file", nargs="+", type=Path, metavar="FILE", help="saved answers to read instead")

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        report = self._read_files(options) if options["file"] else self._read_live(options)
        for error in report.refused:
            self.stderr.write(f"refused {error}")
        self.stdout.write(str(report))
        if not report.received:
            self.stdout.write("The source has no papers for this day.")
        score_papers(at)
        if report.refused:
            raise CommandError(
                f"{len(report.refused)} rows were refused; the others are kept.", returncode=SOME_REFUSED
            )

    def _read_files(self, options: dict[str, Any]) -> IngestReport:
        if options["source"] != huggingface.NAME or options["week"] or options["month"] or options["until"]:
            raise CommandError("--file goes with --source huggingface, and of the days only with --date.")
        try:
            # All of them before the first is stored: a file that cannot be read leaves nothing half-written.
            rows = list(huggingface.read_files(options["file"], day=options["date"], observed_at=None))
        except SourceError as err:
            raise CommandError(str(err)) from err
        self.stdout.write("Lists of past days are made by `manage.py score_days`.")
        return ingest(huggingface.NAME, rows)

    def _read_live(self, options: dict[str, Any]) -> IngestReport:
        run, report = read_source(_source(options), timezone.now())
        if run.status == SourceRun.Status.FAILED:
            raise CommandError(run.detail)
        if run.status in {SourceRun.Status.STALE, SourceRun.Status.EMPTY}:
            self.stderr.write(run.detail)
        return report


def _source(options: dict[str, Any]) -> Source:
    """Return the source that was asked for, for the days that were asked for."""
    name, first, last = options["source"], options["date"], options["until"]
    period = options["week"] or options["month"]
    begins = period.first if period else first
    if begins and begins > timezone.now().date():
        raise CommandError(f"{begins} is still to come.")
    if period and name != huggingface.NAME:
        raise CommandError("--week and --month go with --source huggingface.")
    if last and (name != arxiv.NAME or first is None or last < first):
        raise CommandError("--until goes with --source arxiv and a --date that is not after it.")
    if name == huggingface.NAME:
        return huggingface.HuggingFace(period or (huggingface.day_period(first) if first else None))
    if name == arxiv.NAME and first:
        return arxiv_search.ArxivSearch(first, last or first)
    if first:
        raise CommandError("--date goes with --source huggingface or arxiv.")
    return SOURCES[name]()
