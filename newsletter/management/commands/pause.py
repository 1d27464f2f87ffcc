from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from newsletter.management.editions import BY, EditionCommand, edition_of
from newsletter.operating import pause


class Command(EditionCommand):
    help = "Stop sending an edition; what is leaving right now finishes."

    def handle(self, *args: Any, **options: Any) -> None:
        edition = edition_of(options["period"])
        if not pause(edition, timezone.now(), BY):
            raise CommandError(f"{edition} is not paused: only a closed edition that is being sent can be.")
        self.stdout.write(f"{edition} is paused. To go on: resume {edition.period}")
