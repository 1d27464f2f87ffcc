"""Shortens the waits that are no settings."""

from datetime import timedelta

from django.apps import AppConfig


class Impatient(AppConfig):
    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from mail import throttle  # noqa: PLC0415  models are there only now
        from newsletter import settling  # noqa: PLC0415

        settling.FIRST_RETRY = timedelta(seconds=1)
        settling.LAST_RETRY = timedelta(seconds=4)
        throttle.FIRST_PAUSE, throttle.LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=2)
