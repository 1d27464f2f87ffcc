"""Signed tokens for links in mail. They name who and what for, carry no personal data and need no database row.

A token is `subject.time.signature`. Its time is passed in, so that a mail rendered again has the same bytes.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hmac import HMAC

from django.conf import settings
from django.core.signing import BadSignature, Signer, b64_encode
from django.utils.crypto import salted_hmac
from django.utils.encoding import force_bytes
from django.utils.http import base36_to_int, int_to_base36


class Purpose(StrEnum):
    """What a token is good for; one for each kind of link, so that none opens another's page."""

    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    NEW_ADDRESS = "new-address"
    WEB_COPY = "web-copy"
    FEEDBACK = "feedback"
    SIGN_UP_FORM = "sign-up-form"


class LinkInvalid(Exception):
    """The token was not made here, or not for this purpose; or what it was for is gone."""

    def __init__(self, purpose: Purpose) -> None:
        super().__init__(purpose)
        self.purpose = purpose


class LinkExpired(LinkInvalid):
    """The token was right once, for `subject`."""

    def __init__(self, purpose: Purpose, subject: str) -> None:
        super().__init__(purpose)
        self.subject = subject


def make_token(purpose: Purpose, subject: str, at: datetime) -> str:
    """Return a token for `subject` (no dots), made at `at`; letters, digits, `-`, `_` and dots only."""
    return _signer(purpose).sign(f"{subject}.{int_to_base36(int(at.timestamp()))}")


def read_token(purpose: Purpose, token: str, at: datetime) -> str:
    """Return the subject of `token` at time `at`. Raises LinkInvalid, or LinkExpired past the purpose's time."""
    return _read(purpose, token, at)[0]


def made_at(purpose: Purpose, token: str, at: datetime) -> datetime:
    """Return when `token` was made, to the second. Raises as read_token does."""
    return _read(purpose, token, at)[1]


def _read(purpose: Purpose, token: str, at: datetime) -> tuple[str, datetime]:
    try:
        subject, seconds = _signer(purpose).unsign(token).rsplit(".", 1)
        made = datetime.fromtimestamp(base36_to_int(seconds), UTC)
    except (BadSignature, ValueError) as err:
        raise LinkInvalid(purpose) from err
    valid_for = _valid_for(purpose)
    if valid_for is not None and at - made > valid_for:
        raise LinkExpired(purpose, subject)
    return subject, made


def _valid_for(purpose: Purpose) -> timedelta | None:
    limits: dict[Purpose, timedelta] = {
        Purpose.CONFIRM: settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR,
        Purpose.NEW_ADDRESS: settings.SUBSCRIBERS_CONFIRMATION_VALID_FOR,
        Purpose.SIGN_UP_FORM: settings.SUBSCRIBERS_FORM_VALID_FOR,
        Purpose.PREFERENCES: settings.SUBSCRIBERS_PREFERENCES_LINK_VALID_FOR,
    }
    return limits.get(purpose)


class _QuickSigner(Signer):
    """Django's signer, with the same signatures; but a key is derived once, which takes as long as a signature does."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        mac = _derived(self.salt, key or self.key).copy()
        mac.update(force_bytes(value))
        return b64_encode(mac.digest()).decode()


@lru_cache(maxsize=50)
def _derived(salt: str, key: str | bytes) -> HMAC:
    return salted_hmac(f"{salt}signer", "", key, algorithm="sha256")


def _signer(purpose: Purpose) -> Signer:
    return _signer_with(purpose, *settings.LINK_KEYS)


@lru_cache(maxsize=50)
def _signer_with(purpose: Purpose, first: str, *others: str) -> Signer:
    # A digest has four signatures; to make a signer takes a quarter of the time of one.
    return _QuickSigner(key=first, fallback_keys=[*others], sep=".", salt=f"paper-route.{purpose}")
