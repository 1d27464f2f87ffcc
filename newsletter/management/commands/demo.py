import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from newsletter.demo import DemoFailed, run_demo


class Command(BaseCommand):
    help = "Import the sample catalogue, sign up three readers and deliver their digests as files."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            summary = run_demo(timezone.now())
        except DemoFailed as err:
            raise CommandError(str(err)) from err
        path = settings.VAR_DIR / "demo" / "summary.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        self._show(summary)
        self.stdout.write(f"\nThe same as JSON: {path}")

    def _show(self, summary: dict[str, Any]) -> None:
        self.stdout.write(f"Edition {summary['edition'] or 'none'}: {summary['delivered']} digests delivered now")
        if summary["why_nothing"]:
            self.stdout.write(summary["why_nothing"])
        for reader in summary["readers"]:
            topics = ", ".join(reader["wants"]["topics"])
            self.stdout.write(f"\n{reader['name']} follows {topics}; likes {reader['wants']['interests']}")
            for pick in reader["picks"]:
                self.stdout.write(f"  {pick['score']:5.2f}  {pick['title'][:64]:64}  {pick['reason']}")
            for file in reader["files"]:
                self.stdout.write(f"  {settings.MAIL_OUTBOX_DIR / file}")
        steps = ", ".join(f"{step} {spent:.2f} s" for step, spent in summary["seconds"].items())
        self.stdout.write(f"\n{steps}")
