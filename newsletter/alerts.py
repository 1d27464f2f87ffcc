"""What an operator must know of, told once."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

import environ
from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse

from newsletter.models import Alert, AlertQuerySet, Edition

logger = logging.getLogger(__name__)

# What ends by itself is told when it has stood for so long: after some hours of rest all is late in the first second.
PASSING = (Alert.Kind.OVERDUE, Alert.Kind.SILENT)
STANDS_FOR = timedelta(seconds=50)

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


def raise_alert(kind: Alert.Kind, text: str, at: datetime, *, edition: Edition | None = None, about: str = "") -> bool:
    """Note what needs a hand, unless it is noted and stands; return whether it is new. `text` holds no address."""
    try:
        with transaction.atomic():
            Alert.objects.create(kind=kind, about=about, edition=edition, text=text[:300], raised_at=at)
    except IntegrityError:
        return False
    logger.error("%s: %s", kind.label, text)
    return True


def clear(alerts: AlertQuerySet, at: datetime) -> int:
    """Note that what stands of `alerts` is over; return how many did."""
    return alerts.standing().update(cleared_at=at)


def tell_operators(at: datetime) -> int:
    """Write to ADMINS about what stands and was not told yet; return how many alerts were told.

    What cannot be told is tried again at the next call. Two callers at once may tell it twice, which is better than
    a note that was never sent.
    """
    told = 0
    if not settings.ADMINS:
        return told
    passing = Q(kind__in=PASSING, raised_at__gt=at - STANDS_FOR)
    for alert in Alert.objects.standing().filter(~passing, told_at=None).order_by("pk"):
        try:
            _message(alert).send()
        except (OSError, SMTPException, AnymailError) as err:
            # What a server says may hold an address.
            logger.error("Alert %s could not be mailed: %s", alert.pk, type(err).__name__)
            break
        told += Alert.objects.filter(pk=alert.pk, told_at=None).update(told_at=at)
    return told


def _message(alert: Alert) -> EmailMessage:
    kind = Alert.Kind(alert.kind)
    page = reverse("admin:newsletter_alert_changelist")
    body = f"{alert.text}\n\nSince {alert.raised_at:%Y-%m-%d %H:%M} UTC. Look here: {settings.SITE_URL}{page}\n"
    return EmailMessage(
        subject=f"[Paper Route] {kind.label}",
        body=body,
        from_email=settings.SERVER_EMAIL,
        to=[address for _, address in settings.ADMINS],
        connection=_connection(),
    )


def _connection() -> BaseEmailBackend:
    """The operators' own way, if there is one: the readers' may be what is broken."""
    if not settings.ADMINS_EMAIL_URL:
        return get_connection()
    way = environ.Env.email_url_config(settings.ADMINS_EMAIL_URL)
    return get_connection(
        SMTP_BACKEND,
        host=way["EMAIL_HOST"],
        port=way["EMAIL_PORT"] or 25,
        username=way["EMAIL_HOST_USER"] or "",
        password=way["EMAIL_HOST_PASSWORD"] or "",
        use_tls=way.get("EMAIL_USE_TLS", False),
        use_ssl=way.get("EMAIL_USE_SSL", False),
    )
