from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from papers.scoring import score_missing_days


class Command(BaseCommand):
    help = "Make the lists of past days that have none, from what was read on them: after importing saved answers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("first", type=date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("last", type=date.fromisoformat, metavar="YYYY-MM-DD", nargs="?", help="default: yesterday")

    def handle(self, *args: Any, **options: Any) -> None:
        yesterday = timezone.now().date() - timedelta(days=1)
        first, last = options["first"], options["last"] or yesterday
        if not first <= last <= yesterday:
            raise CommandError(f"The days must be in order, and end on {yesterday} at the latest.")
        scored = score_missing_days(first, last)
        self.stdout.write(f"Scored: {', '.join(map(str, scored)) or 'none; every day that was read has its list'}.")
