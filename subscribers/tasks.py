from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from subscribers.emails import send_due_optin_mails, send_optin_mail

# Well under the time limit of a task; what is left then is due for the next one.
SENDING_TIME = timedelta(seconds=50)


@shared_task
def send_optin_mail_task(subscriber_id: int) -> None:
    send_optin_mail(subscriber_id, timezone.now())


@shared_task
def send_due_optin_mails_task() -> None:
    send_due_optin_mails(timezone.now, until=timezone.now() + SENDING_TIME)
