import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from newsletter.privacy import as_json, everything_about
from subscribers.models import Subscriber


class Command(BaseCommand):
    help = "Write everything kept about a reader as JSON: the answer to somebody who asks for it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--out", type=Path, metavar="FILE", help="a new file, for your eyes only")

    def handle(self, *args: Any, **options: Any) -> None:
        reader = Subscriber.objects.with_address(options["email"]).first()
        if reader is None:
            raise CommandError("There is no reader with this address.")
        content = as_json(everything_about(reader))
        if options["out"] is None:
            self.stdout.write(content, ending="")
            return
        try:
            # Nobody else may read it, not even for the moment in which it is written.
            with os.fdopen(os.open(options["out"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(content)
        except OSError as err:
            raise CommandError(f"The file cannot be written: {err}") from err
        self.stdout.write(f"Everything about reader {reader.pk} is in {options['out']}")
