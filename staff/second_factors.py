"""Forgetting a second factor, for somebody whose phone and recovery codes are lost."""

import logging

from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction

logger = logging.getLogger(__name__)


@transaction.atomic
def forget_second_factor(user: User, by: str) -> bool:
    """Forget app and recovery codes of `user`, who sets up new ones at the next log-in; return whether there were any.

    All sessions of this person end, or whoever holds the lost phone's or a stolen computer's could set up the new ones.
    """
    deleted, _ = Authenticator.objects.filter(user=user).delete()
    _end_sessions(user)
    if deleted:
        logger.info("The second factor of user %s was forgotten by %s", user.pk, by)
    return bool(deleted)


def _end_sessions(user: User) -> None:
    # Whose a session is stands inside it. Readers have none, so there are few.
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()
