"""The shipped settings with less patience, so that what takes minutes in production takes seconds here."""

from datetime import timedelta

from config.settings import *  # noqa: F403

INSTALLED_APPS += ["tests.chaos.apps.Impatient"]  # noqa: F405
NEWSLETTER_LEASE = timedelta(seconds=10)
ANYMAIL["REQUESTS_TIMEOUT"] = 2  # noqa: F405
# What moves deliveries on, and nothing that makes new ones.
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": 1, "options": {"expires": 5}}
    for name, task in {
        "send digests": "newsletter.tasks.send_due_task",
        "sweep": "newsletter.tasks.sweep_task",
    }.items()
}
