"""The mails of the way in: "confirm your address", or "you are already subscribed"."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings

from mail.message import make_message, render_body
from mail.transport import HandOverError, Mailer, NotSent, RefusedForNow
from subscribers.links import confirm_url, preferences_url, unsubscribe_url
from subscribers.models import ConsentEvent, Subscriber, Suppression

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
# Mails looked up at a time.
BATCH = 100


def send_due_optin_mails(clock: Callable[[], datetime], *, until: datetime) -> int:
    """Send the opt-in mails that are due, until none is or `until` has come; return how many were accepted."""
    accepted = 0
    due = Subscriber.objects.optin_mail_due(clock()).order_by("optin_mail_due_at").values_list("pk", flat=True)
    for pk in list(due[:BATCH]):
        if (at := clock()) >= until:
            break
        accepted += send_optin_mail(pk, at)
    return accepted


def send_optin_mail(subscriber_id: int, at: datetime) -> bool:
    """Send one reader's due opt-in mail; return whether it was accepted.

    Only one process gets to send it. When the mail surely did not leave, or the process died, it is due again after
    LEASE: a confirmation that comes twice does less harm than one that never comes.
    """
    lease = at + LEASE
    claimed = Subscriber.objects.filter(pk=subscriber_id).optin_mail_due(at).update(optin_mail_due_at=lease)
    if not claimed:
        return False
    reader = Subscriber.objects.get(pk=subscriber_id)
    if Suppression.objects.covers(reader.email):  # since the sign-up
        Subscriber.objects.filter(pk=subscriber_id).update(optin_mail_due_at=None)
        return False
    accepted = False
    try:
        _deliver_optin_mail(reader, at)
        accepted = True
    except HandOverError as err:
        logger.warning("The opt-in mail of reader %s was not accepted: %s", subscriber_id, err)
        if isinstance(err, NotSent | RefusedForNow) and _still_waiting(reader, at):
            return False
    # Refused for good, or perhaps on its way: as with one that was accepted, the next is a day away.
    Subscriber.objects.filter(pk=subscriber_id, optin_mail_due_at=lease).update(
        optin_mail_due_at=None, optin_mail_sent_at=at
    )
    return accepted


def _still_waiting(reader: Subscriber, at: datetime) -> bool:
    """Whether the reader asked so lately that a confirmation is still of use."""
    since = at - settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR
    return reader.consent_events.filter(kind=ConsentEvent.Kind.REQUESTED, at__gt=since).exists()


def _deliver_optin_mail(reader: Subscriber, at: datetime) -> None:
    name = "already_subscribed" if reader.is_active else "confirmation"
    context: dict[str, object] = {
        "confirm_url": confirm_url(reader, at),
        "preferences_url": preferences_url(reader, at),
        "unsubscribe_url": unsubscribe_url(reader, at),
        "valid_days": settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR.days,
        "postal_address": settings.POSTAL_ADDRESS,
        "site_url": settings.SITE_URL,
    }
    message = make_message(
        render_body(name, context),
        to=reader.email,
        sender=settings.SUBSCRIBERS_FROM,
        reference=f"{name.replace('_', '-')}-{reader.pk}-{int(at.timestamp())}",
        tag="opt-in",
    )
    with Mailer() as mailer:
        mailer.hand_over(message)
