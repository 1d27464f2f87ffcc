from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from subscribers.emails import send_due_letters
from subscribers.optin import answer_sign_ups
from subscribers.wanted import look_up_wanted

# Well under the time limit of a task; what is left then is due for the next one.
SENDING_TIME = timedelta(seconds=50)


@shared_task
def answer_sign_ups_task() -> None:
    at = timezone.now()
    answer_sign_ups(at)
    send_due_letters(timezone.now, until=at + SENDING_TIME)


@shared_task
def look_up_wanted_task() -> None:
    look_up_wanted(timezone.now())
