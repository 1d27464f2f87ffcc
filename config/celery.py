"""The Celery app. The database is the queue; Celery is only the doorbell."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("paper_route")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
