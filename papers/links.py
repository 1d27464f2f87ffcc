"""Addresses as the world must be given them."""

from django.conf import settings


def absolute(path: str) -> str:
    """Return the address under which the world reaches `path`."""
    return f"{settings.SITE_URL}{path}"
