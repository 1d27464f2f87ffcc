from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from papers.ingest import read_due
from papers.modelling import refresh_if_stale
from papers.scoring import score_due


@shared_task
def read_source_task(name: str) -> None:
    read_due(name, timezone.now(), stop_on=SoftTimeLimitExceeded)


@shared_task
def score_due_task() -> None:
    if score_due(timezone.now()):
        # Days that were missed while the service was down, one a task.
        score_due_task.delay()


# Counting the words of very many papers takes longer than a task usually may; never as long as a message stays away.
@shared_task(soft_time_limit=280, time_limit=300)
def refresh_text_model_task() -> None:
    refresh_if_stale(timezone.now())
