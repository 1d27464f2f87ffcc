from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from newsletter.preview import NothingToPreview, preview_digest
from subscribers.exporting import open_private
from subscribers.models import Subscriber


class Command(BaseCommand):
    help = "Write the digest a reader would get now as .html and .txt; nothing is sent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--out", type=Path, default=settings.VAR_DIR / "preview", metavar="FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        reader = Subscriber.objects.with_address(options["email"]).first()
        if reader is None:
            raise CommandError("There is no reader with this address.")
        try:
            body = preview_digest(reader, timezone.now())
        except NothingToPreview as err:
            raise CommandError(str(err)) from err
        self.stdout.write(f"Subject: {body.subject}")
        for suffix, content in ((".html", body.html), (".txt", body.text)):
            # Named by the reader's number: an address has no place in a file name.
            path = options["out"] / f"reader-{reader.pk}{suffix}"
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with open_private(path) as file:
                    file.write(content)
            except OSError as err:
                raise CommandError(f"The preview cannot be written: {err}") from err
            self.stdout.write(str(path))
