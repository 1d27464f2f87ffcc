from typing import Any

from django.utils import timezone

from newsletter.management.editions import BY, EditionCommand, edition_of
from newsletter.operating import retry_failed


class Command(EditionCommand):
    help = "Queue what was refused for good once more, when the reason was ours."

    def handle(self, *args: Any, **options: Any) -> None:
        done = retry_failed(edition_of(options["period"]), timezone.now(), BY)
        left = f"Left as they are: {done.late} too late, {done.suppressed} to whom we must not write."
        self.stdout.write(f"Queued again: {done.queued}. {left}")
