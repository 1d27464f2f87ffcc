import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from papers.modelling import current_text_model, refresh_text_model


class Command(BaseCommand):
    help = "Make the model of all papers' texts anew, which tells what papers are alike."

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            version = refresh_text_model(timezone.now())
        except OSError as err:
            raise CommandError(f"The text model cannot be kept: {err}") from err
        model = current_text_model()
        if model is None:
            raise CommandError(f"Text model {version} was written and cannot be read; the log says why.")
        counts = f"{len(model.paper_ids)} papers, {len(model.hashes)} terms"
        self.stdout.write(f"Text model {version}: {counts}, {time.monotonic() - began:.1f} seconds")
