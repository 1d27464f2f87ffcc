from celery import shared_task
from django.utils import timezone

from papers.ingest import ingest_due
from papers.scoring import score_papers


@shared_task
def ingest_due_task() -> None:
    at = timezone.now()
    if ingest_due(at):
        score_papers(at)
