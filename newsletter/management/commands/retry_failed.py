from typing import Any

from django.utils import timezone

from newsletter.leftovers import is_held, still_leaving
from newsletter.management.editions import BY, EditionCommand, edition_of
from newsletter.operating import retry_failed


class Command(EditionCommand):
    help = "Queue what was refused for good once more, when the reason was ours."

    def handle(self, *args: Any, **options: Any) -> None:
        edition = edition_of(options["period"])
        done = retry_failed(edition, timezone.now(), BY)
        left = f"Left as they are: {done.late} too late, {done.suppressed} to whom we must not write."
        self.stdout.write(f"Queued again: {done.queued}. {left}")
        for told in (still_leaving(edition), is_held(edition)):
            if told:
                self.stdout.write(told)
