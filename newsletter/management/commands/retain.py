from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from newsletter.retention import retain, would_remove


class Command(BaseCommand):
    help = "Remove what has been kept for long enough, and say how much of what that was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        counts = would_remove(at) if options["dry_run"] else retain(at)
        for name, count in counts.items():
            self.stdout.write(f"{count:>8} {name}")
        if not counts:
            self.stdout.write("Nothing has been kept for too long.")
        elif options["dry_run"]:
            self.stdout.write("Nothing was removed.")
