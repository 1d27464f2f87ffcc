from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from newsletter.management.editions import BY, EditionCommand, edition_of
from newsletter.operating import cancel


class Command(EditionCommand):
    help = "Never send what has not left of an edition. There is no way back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        edition = edition_of(options["period"])
        question = f"{edition} will never go out to whom it has not gone. Type {edition.period} to go on: "
        if not (options["yes"] or _answer(question) == edition.period):
            raise CommandError("Nothing was cancelled.")
        skipped = cancel(edition, timezone.now(), BY)
        if skipped is None:
            raise CommandError(f"{edition} was cancelled before.")
        self.stdout.write(f"{edition} is cancelled. Deliveries skipped: {skipped}.")


def _answer(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError as err:
        raise CommandError("Nothing was cancelled: nobody is there to ask. Without a terminal, say --yes.") from err
