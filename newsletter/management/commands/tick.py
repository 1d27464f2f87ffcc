from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from newsletter.alerts import tell_operators
from newsletter.audience import choose_again_where_stale, welcome_late_readers
from newsletter.bounce_mailbox import read_bounces
from newsletter.claiming import release_expired
from newsletter.delivery import send_due
from newsletter.editions import keep_editions
from newsletter.events import process_events
from newsletter.operating import skip_cancelled
from newsletter.quiet_days import tell_of_quiet_days
from newsletter.retention import in_words, retain
from newsletter.stopping import listening
from newsletter.watching import watch
from papers.ingest import ingest_due
from papers.modelling import refresh_if_stale
from papers.scoring import score_due
from subscribers.emails import send_due_letters
from subscribers.optin import answer_sign_ups
from subscribers.wanted import look_up_wanted

SENDING_TIME = timedelta(minutes=10)


class Command(BaseCommand):
    help = "Do once whatever is due: ingest, score, model, draft, close, send, sweep. For cron instead of Celery."

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        runs = ingest_due(at)
        for run in runs:
            told = f"{run.status}, {run.created} new papers, {run.signals} new signals. {run.detail}"
            self.stdout.write(f"{run.source}: {told.strip()}")
        look_up_wanted(at)
        while score_due(at):
            pass
        refresh_if_stale(at)
        keep_editions(at)
        release_expired(at)
        read_bounces(at)
        process_events(at)
        skip_cancelled(at)
        choose_again_where_stale(at)
        welcomed = welcome_late_readers(at)
        tell_of_quiet_days(at)
        while answer_sign_ups(at):
            pass
        letters = send_due_letters(timezone.now, until=at + SENDING_TIME)
        with listening() as is_stopping:
            sent = send_due(timezone.now, until=at + SENDING_TIME, is_stopping=is_stopping)
        # Who was just refused for good is not mailed by whatever comes next.
        process_events(timezone.now())
        watch(timezone.now())
        tell_operators(timezone.now())
        removed = retain(timezone.now())
        counts = ", ".join(f"{count} {status}" for status, count in sorted(sent.items()))
        self.stdout.write(f"{welcomed} readers welcomed, {letters} letters, deliveries: {counts or 'none due'}")
        self.stdout.write(f"Kept long enough, and removed: {in_words(removed)}")
