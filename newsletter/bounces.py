"""Where mail that comes back goes: an envelope sender for each delivery, which names it and cannot be made up.

As in `bounces+<delivery id>-<signature>@example.org`. Nothing in it depends on upper case, which servers may change.
"""

import base64
import re
from uuid import UUID

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

MARK = re.compile(r"\+([0-9a-f]{32})-([a-z2-7]{16})@", re.ASCII)


def envelope_sender(delivery_id: UUID) -> str:
    """Return the address that mail about a delivery comes back to; empty when there is no mailbox for it."""
    if not settings.BOUNCE_ADDRESS:
        return ""
    local, _, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    return f"{local}+{delivery_id.hex}-{_signature(delivery_id.hex, settings.LINK_KEYS[0])}@{domain}"


def delivery_id_of(address: str) -> UUID | None:
    """Return the delivery that an address of ours names; None for any other, and for one made up."""
    mark = MARK.search(address.lower())
    if mark is None:
        return None
    name, signature = mark.groups()
    is_ours = any(constant_time_compare(signature, _signature(name, key)) for key in settings.LINK_KEYS)
    return UUID(name) if is_ours else None


def _signature(name: str, key: str) -> str:
    # Eighty bits: short enough for a local part of 64 octets, and nobody can try that many by mail.
    digest = salted_hmac("paper-route.bounces", name, secret=key, algorithm="sha256").digest()
    return base64.b32encode(digest[:10]).decode().lower()
