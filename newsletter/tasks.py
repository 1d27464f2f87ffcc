from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from newsletter.alerts import tell_operators
from newsletter.audience import choose_again, choose_again_where_stale, welcome_late_readers
from newsletter.bounce_mailbox import read_bounces
from newsletter.claiming import release_expired
from newsletter.delivery import send_due
from newsletter.editions import keep_editions
from newsletter.events import process_events
from newsletter.heartbeats import beat
from newsletter.operating import skip_cancelled
from newsletter.quiet_days import tell_of_quiet_days
from newsletter.retention import retain
from newsletter.stopping import listening
from newsletter.watching import watch

# Well under the time limit of a task; what is left then is due for the next one.
SENDING_TIME = timedelta(seconds=50)


# Closing may have to make the text model anew, which takes its time.
@shared_task(soft_time_limit=280, time_limit=300)
def keep_editions_task() -> None:
    keep_editions(timezone.now())


@shared_task
def welcome_late_readers_task() -> None:
    if welcome_late_readers(timezone.now()):
        send_due_task.delay()


@shared_task
def choose_again_task(subscriber_id: int) -> None:
    choose_again(subscriber_id, timezone.now())


@shared_task
def send_due_task() -> None:
    with listening() as is_stopping:
        send_due(timezone.now, until=timezone.now() + SENDING_TIME, is_stopping=is_stopping)


@shared_task
def process_events_task() -> None:
    process_events(timezone.now())


@shared_task
def read_bounces_task() -> None:
    read_bounces(timezone.now())


@shared_task
def sweep_task() -> None:
    at = timezone.now()
    release_expired(at)
    skip_cancelled(at)
    choose_again_where_stale(at)
    welcome_late_readers(at)


@shared_task
def tell_of_quiet_days_task() -> None:
    tell_of_quiet_days(timezone.now())


@shared_task
def retain_task() -> None:
    retain(timezone.now())


@shared_task
def beat_task(queue: str) -> None:
    beat(queue, timezone.now())


@shared_task
def watch_task() -> None:
    at = timezone.now()
    watch(at)
    tell_operators(at)
