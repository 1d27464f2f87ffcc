from celery import shared_task
from django.utils import timezone

from subscribers.optin import send_due_optin_mails, send_optin_mail


@shared_task
def send_optin_mail_task(subscriber_id: int) -> None:
    send_optin_mail(subscriber_id, timezone.now())


@shared_task
def send_due_optin_mails_task() -> None:
    send_due_optin_mails(timezone.now())
