"""Email addresses: what we accept, and how we recognise one without keeping it."""

import hashlib
import hmac
import unicodedata

from disposable_email_domains import blocklist
from django.conf import settings
from email_validator import EmailNotValidError, validate_email


class AddressRefused(ValueError):
    """This is not an address mail can be sent to; the message says why, for the person who typed it."""


def clean_address(typed: str) -> str:
    """Return the address as it is delivered to: syntax checked, domain in lower case and ASCII.

    Raises AddressRefused.
    """
    try:
        # No backend can deliver to a name that is not ASCII, and each writes such a domain in its own way.
        checked = validate_email(typed.strip(), check_deliverability=False, strict=True, allow_smtputf8=False)
    except EmailNotValidError as err:
        raise AddressRefused(str(err)) from err
    return checked.ascii_email or checked.normalized


def fingerprint(address: str) -> str:
    """Return the keyed hash under which an address is remembered after it is gone; case does not matter."""
    folded = unicodedata.normalize("NFC", address.strip()).casefold()
    return hmac.new(settings.SUPPRESSION_KEY.encode(), folded.encode(), hashlib.sha256).hexdigest()


def is_disposable(address: str) -> bool:
    """Return whether the address is of a service whose mailboxes live for minutes."""
    labels = address.rpartition("@")[2].lower().split(".")
    return any(".".join(labels[start:]) in blocklist for start in range(len(labels) - 1))


def mailbox_of(address: str) -> str:
    """Return one spelling for all addresses that end in the same mailbox, as far as it is known. For limits only.

    What follows a plus sign is a label almost everywhere; Gmail does not look at dots.
    """
    local, _, domain = address.lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"
