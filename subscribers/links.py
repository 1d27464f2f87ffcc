"""The links of a reader, as they stand in mail."""

from datetime import datetime
from functools import cache

from django.conf import settings
from django.urls import reverse

from subscribers.models import AddressChange, Subscriber
from subscribers.tokens import Purpose, make_token


def confirm_url(reader: Subscriber, at: datetime) -> str:
    return absolute("confirm", make_token(Purpose.CONFIRM, f"{reader.pk}-{reader.optin_nonce}", at))


def preferences_url(reader: Subscriber, at: datetime) -> str:
    return absolute("preferences", preferences_token(reader, at))


def preferences_token(reader: Subscriber, at: datetime) -> str:
    """Return what opens the preferences, the saved papers, and what we keep about the reader."""
    return make_token(Purpose.PREFERENCES, f"{reader.pk}-{reader.link_version}", at)


def unsubscribe_url(reader: Subscriber, at: datetime) -> str:
    return absolute("unsubscribe", make_token(Purpose.UNSUBSCRIBE, str(reader.pk), at))


def new_address_url(change: AddressChange, at: datetime) -> str:
    return absolute("new_address", make_token(Purpose.NEW_ADDRESS, f"{change.subscriber_id}-{change.nonce}", at))


def absolute(view: str, token: str, *more: object) -> str:
    """Return the address of a view that a token opens as mail must give it: with scheme and host."""
    before, after = _around_token(view, *more)
    return f"{settings.SITE_URL}{before}{token}{after}"


@cache
def _around_token(view: str, *more: object) -> tuple[str, str]:
    """Return what stands before and after the token in the path of a view: to reverse each link takes its time."""
    before, _, after = reverse(view, args=["-token-", *more]).partition("-token-")
    return before, after
