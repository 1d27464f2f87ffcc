"""What `manage.py check --deploy` says of running a newsletter. docs/operations.md tells what each id means."""

from collections.abc import Sequence
from typing import Any

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004  Django's name for it
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

from newsletter.webhooks import has_webhook, verifying_view

# What a key of random letters needs to be out of anybody's reach: so many, and not one letter again and again.
SHORTEST_KEY = 32
FEWEST_LETTERS = 8


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
    keys = {
        "SECRET_KEY": [settings.SECRET_KEY],
        "LINK_KEYS": settings.LINK_KEYS,
        "SUPPRESSION_KEY": [settings.SUPPRESSION_KEY],
    }
    weak = [name for name, given in keys.items() if any(map(_is_guessable, given))]
    hint = f"Take {SHORTEST_KEY} random letters or more. An older key of LINK_KEYS stays behind the new one."
    return [Warning(f"{name} is short enough to be guessed.", hint=hint, id="newsletter.W002") for name in weak]


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


@register(Tags.security, deploy=True)
def check_webhook(**_: Any) -> Sequence[CheckMessage]:
    """Warn when what the provider tells of mails is not believed, since anybody could tell it."""
    if not has_webhook(settings.ANYMAIL_PROVIDER):
        return []
    try:
        verifying_view(settings.ANYMAIL_PROVIDER)
    except ImproperlyConfigured as err:
        told = " ".join(str(err).split())
        hint = "Until then bounces and complaints take nobody off the list; see docs/email.md."
        return [Warning(f"The provider's webhook is not served: {told}", hint=hint, id="newsletter.W004")]
    return []


@register(Tags.security, deploy=True)
def check_bounces(**_: Any) -> Sequence[CheckMessage]:
    """Warn when mail goes out by SMTP and nobody reads what comes back."""
    if settings.MAIL_PROVIDER != "smtp" or (settings.BOUNCE_ADDRESS and settings.BOUNCE_MAILBOX_URL):
        return []
    hint = "Set BOUNCE_ADDRESS and BOUNCE_MAILBOX_URL, or use a provider with a webhook."
    return [Warning("Who cannot be reached is mailed again and again.", hint=hint, id="newsletter.W005")]


@register(Tags.security, deploy=True)
def check_production(**_: Any) -> Sequence[CheckMessage]:
    """Warn when mail really leaves a site that is set up like a demo."""
    if settings.PRODUCTION or settings.MAIL_PROVIDER == "outbox":
        return []
    hint = "Set PRODUCTION=1: it asks for what a public site needs, and forces https and secure cookies."
    return [Warning("Readers get mail from a site that is set up like a demo.", hint=hint, id="newsletter.W006")]


@register(Tags.security, deploy=True)
def check_debug(**_: Any) -> Sequence[CheckMessage]:
    """Warn when error pages tell strangers what is inside."""
    if not settings.DEBUG:
        return []
    hint = "Set DEBUG=0: error pages with details show settings and rows, readers' addresses among them."
    return [Warning("Error pages show what is inside.", hint=hint, id="newsletter.W007")]


def _is_guessable(key: str) -> bool:
    return len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_LETTERS
