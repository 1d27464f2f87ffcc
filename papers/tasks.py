from celery import shared_task
from django.utils import timezone

from papers.ingest import read_due
from papers.models import SourceRun
from papers.scoring import score_due


@shared_task
def read_source_task(name: str) -> None:
    at = timezone.now()
    run = read_due(name, at)
    if run and run.status != SourceRun.Status.RESTING:
        score_due(at)
