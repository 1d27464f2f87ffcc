"""Email addresses: what we accept, and how we recognise one without keeping it."""

import hashlib
import hmac
import unicodedata

from django.conf import settings
from email_validator import EmailNotValidError, validate_email


class AddressRefused(ValueError):
    """This is not an address mail can be sent to; the message says why, for the person who typed it."""


def clean_address(typed: str) -> str:
    """Return the address as it is delivered to: syntax checked, domain in lower case. Raises AddressRefused."""
    try:
        return validate_email(typed.strip(), check_deliverability=False).normalized
    except EmailNotValidError as err:
        raise AddressRefused(str(err)) from err


def fingerprint(address: str) -> str:
    """Return the keyed hash under which an address is remembered after it is gone; case does not matter."""
    folded = unicodedata.normalize("NFC", address.strip()).casefold()
    return hmac.new(settings.SUPPRESSION_KEY.encode(), folded.encode(), hashlib.sha256).hexdigest()
