from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from newsletter.undoing import undo_import
from subscribers.models import ImportBatch


class Command(BaseCommand):
    help = "Take an import back: delete the readers who came with it and have done nothing since."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("import_id", type=int, metavar="ID", help="as import_subscribers and the admin tell it")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = ImportBatch.objects.filter(pk=options["import_id"]).first()
        if batch is None:
            raise CommandError(f"There is no import {options['import_id']}.")
        self.stdout.write(f"Import {batch.pk}: {undo_import(batch, timezone.now())}.")
