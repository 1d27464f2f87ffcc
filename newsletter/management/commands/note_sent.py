import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from newsletter.reconciling import note_sent


class Command(BaseCommand):
    help = "Note as sent what stands in a provider's log of accepted messages, so that it is not sent again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="with Message-IDs, in any form; else standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["file"]
        try:
            log = path.open(encoding="utf-8", errors="replace") if path else sys.stdin
        except OSError as err:
            raise CommandError(f"{path} cannot be read: {err.strerror}.") from err
        with log:
            noted = note_sent(log, timezone.now())
        self.stdout.write(f"{noted.named} deliveries of ours in it. Noted as sent, and not before: {noted.changed}.")
        if noted.in_hand:
            self.stdout.write(f"{noted.in_hand} of them are in a process's hands. Run this again in five minutes.")
