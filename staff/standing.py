"""How far somebody has come in: a password, a second factor, and neither of them too long ago."""

import time
from enum import Enum

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest


class Standing(Enum):
    OVER = "logged in too long ago"
    WITHOUT = "has no second factor yet"
    OWING = "has not given the second factor in this session"
    IN = "has given both"


def standing_of(request: HttpRequest) -> Standing:
    """Return how far the person who is logged in has come."""
    records = get_authentication_records(request, request.user)
    started_at = min((record["at"] for record in records), default=0.0)
    if time.time() - started_at > settings.STAFF_SESSION_ENDS_AFTER.total_seconds():
        return Standing.OVER
    # Asked anew each time: a code of a phone that was taken away or forgotten since opens nothing.
    factor = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP).first()
    if factor is None:
        return Standing.WITHOUT
    given_at = max((record["at"] for record in records if record["method"] == "mfa"), default=0.0)
    return Standing.IN if given_at >= factor.created_at.timestamp() else Standing.OWING


def note_second_factor(request: HttpRequest) -> None:
    """Note that the person gave a code of the second factor they just set up."""
    record_authentication(request, request.user, "mfa", type=Authenticator.Type.TOTP)
