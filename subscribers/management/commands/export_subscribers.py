from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError

from subscribers.exporting import open_private, rows_of, write_csv
from subscribers.models import Subscriber


class Command(BaseCommand):
    help = "Write all readers as CSV, whatever their status. They are people's addresses: keep the file to yourself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with open_private(options["out"]) if options["out"] else nullcontext(cast("TextIO", self.stdout)) as out:
                count = write_csv(rows_of(Subscriber.objects.all()), out)
        except OSError as err:
            raise CommandError(f"{options['out'] or 'The output'} cannot be written: {err.strerror}.") from err
        self.stderr.write(f"{count:,} readers written.")
