from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from newsletter.leftovers import OPEN
from newsletter.management.editions import BY, EditionCommand, edition_of
from newsletter.operating import resume


class Command(EditionCommand):
    help = "Go on sending a paused edition."

    def handle(self, *args: Any, **options: Any) -> None:
        edition = edition_of(options["period"])
        if not resume(edition, timezone.now(), BY):
            raise CommandError(f"{edition} is not resumed: only a paused edition can be.")
        left = edition.deliveries.filter(status__in=OPEN).count()
        self.stdout.write(f"{edition} is not paused any more. Still to be sent: {left}.")
