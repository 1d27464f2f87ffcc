from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from newsletter.management.editions import BY
from newsletter.operating import stop_all


class Command(BaseCommand):
    help = "Let no mail leave any more, from whatever process; what is leaving right now finishes."

    def handle(self, *args: Any, **options: Any) -> None:
        is_new = stop_all(timezone.now(), BY)
        self.stdout.write(f"All mail {'is stopped' if is_new else 'was stopped before'}. To go on: start_mail")
