"""Forgetting a second factor, for somebody whose phone and recovery codes are lost."""

import logging

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User

logger = logging.getLogger(__name__)


def forget_second_factor(user: User, by: str) -> bool:
    """Forget app and recovery codes of `user`, who sets up new ones at the next log-in; return whether there were any.

    Sessions that began with the old one open nothing from now on.
    """
    deleted, _ = Authenticator.objects.filter(user=user).delete()
    if deleted:
        logger.info("The second factor of user %s was forgotten by %s", user.pk, by)
    return bool(deleted)
