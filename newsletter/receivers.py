"""News from below: a reader confirmed, or wants something else."""

from typing import Any

from django.dispatch import receiver

from newsletter.tasks import choose_again_task, welcome_late_readers_task
from subscribers.signals import confirmed, preferences_changed


@receiver(confirmed)
def on_confirmed(subscriber_id: int, **_: Any) -> None:
    welcome_late_readers_task.delay()


@receiver(preferences_changed)
def on_preferences_changed(subscriber_id: int, **_: Any) -> None:
    choose_again_task.delay(subscriber_id)
