from typing import Any

from django.core.management.base import BaseCommand

from newsletter.management.editions import BY
from newsletter.operating import start_again


class Command(BaseCommand):
    help = "Let mail leave again after stop_mail, also when the provider had asked for a pause."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Mail leaves again." if start_again(BY) else "Mail was not stopped.")
