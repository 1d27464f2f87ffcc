"""What `manage.py check --deploy` says of running a newsletter."""

from collections.abc import Sequence
from typing import Any

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004  Django's name for it
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

# What a key of random letters needs to be out of anybody's reach.
SHORTEST_KEY = 32


@register(Tags.security, deploy=True)
def check_operators(**_: Any) -> Sequence[CheckMessage]:
    """Warn when nobody is told of what needs a hand."""
    if settings.ADMINS:
        return []
    hint = "Set ADMINS to your address, and ADMINS_EMAIL_URL to another server than the readers', which may be broken."
    return [Warning("Nobody is told when an edition is stuck.", hint=hint, id="newsletter.W001")]


@register(Tags.security, deploy=True)
def check_keys(**_: Any) -> Sequence[CheckMessage]:
    """Warn of keys that could be guessed."""
    keys = {"LINK_KEYS": settings.LINK_KEYS, "SUPPRESSION_KEY": [settings.SUPPRESSION_KEY]}
    short = [name for name, given in keys.items() if min(map(len, given)) < SHORTEST_KEY]
    hint = f"Take {SHORTEST_KEY} random letters or more. An older key of LINK_KEYS stays behind the new one."
    return [Warning(f"{name} is short enough to be guessed.", hint=hint, id="newsletter.W002") for name in short]


@register(Tags.security, deploy=True)
def check_provider(**_: Any) -> Sequence[CheckMessage]:
    """Warn when the mail provider lacks a setting without which no mail leaves."""
    try:
        get_connection()
    except (AnymailError, ImproperlyConfigured) as err:
        # Its words name the settings, and no value.
        told = " ".join(str(err).split())
        return [Warning(f"No mail can leave: {told}", hint="See the ANYMAIL_ settings.", id="newsletter.W003")]
    return []
