from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from newsletter.leftovers import is_held, still_leaving
from newsletter.management.editions import BY, EditionCommand, edition_of
from newsletter.operating import let_unknown_be, send_unknown_again


class Command(EditionCommand):
    help = "Decide about deliveries that may have left: let them be, or send them again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--skip", action="store_true", help="let them be, as if they had arrived (default)")
        choice.add_argument("--send-again", action="store_true", help="at the risk of a second copy")

    def handle(self, *args: Any, **options: Any) -> None:
        edition, at = edition_of(options["period"]), timezone.now()
        if options["send_again"]:
            done = send_unknown_again(edition, at, BY)
            self.stdout.write(f"Queued again: {done.queued}. Too late to be of use, and let be: {done.late}.")
        else:
            self.stdout.write(f"Let be: {let_unknown_be(edition, at, BY)}.")
        if leaving := still_leaving(edition):
            self.stdout.write(leaving)
        if options["send_again"] and (held := is_held(edition)):
            self.stdout.write(held)
