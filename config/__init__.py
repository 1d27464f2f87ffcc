# Shared tasks bind to this app; without the import they would fall back to Celery's default one.
from config.celery import app as celery_app

__all__ = ["celery_app"]
