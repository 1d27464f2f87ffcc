from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from newsletter.erasure import erase
from newsletter.freed_pages import write_over_freed_pages
from subscribers.models import Subscriber


class Command(BaseCommand):
    help = "Forget a reader for good, and never write to the address again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        reader = Subscriber.objects.with_address(options["email"]).first()
        if reader is None:
            raise CommandError("There is no reader with this address.")
        question = f"Everything about reader {reader.pk} will be gone for good. Type erase to go on: "
        if not (options["yes"] or _is_sure(question)):
            raise CommandError("Nothing was erased.")
        erase(reader, timezone.now())
        self.stdout.write(f"Reader {reader.pk} is erased. A keyed hash stays, so that no sign-up or import comes back.")
        if not write_over_freed_pages():
            self.stdout.write("The database is in use: copies in its file go with the next `manage.py retain`.")


def _is_sure(question: str) -> bool:
    try:
        return input(question).strip() == "erase"
    except EOFError as err:
        raise CommandError("Nothing was erased: nobody is there to ask. Without a terminal, say --yes.") from err
