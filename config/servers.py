"""Where other servers are, as the environment says. Raises ImproperlyConfigured by name, with nothing of a password."""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

MAIL_SCHEMES = ("smtp", "smtp+tls", "smtp+ssl", "smtps")
DATABASE_SCHEMES = ("postgres", "postgresql", "pgsql", "psql")
REDIS_SCHEMES = ("redis", "rediss")
SITE = re.compile(
    r"https?://[a-z0-9.-]*[a-z0-9](:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?", re.ASCII | re.IGNORECASE
)
SENDER = re.compile(r"""(?P<name>"[^"\\\r\n]*"|[^"\\<>()\[\],:;@\r\n]*?) *<(?P<address>\S+)>|(?P<alone>\S+)""")
ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[\w-]+(\.[\w-]+)*")


def check_mail_server(name: str, url: str) -> None:
    """Raise when `url` is no mail server such as smtp+tls://user:password@host:587."""
    example = "smtp+tls://user:password@host:587"
    parts = _parts(name, url, MAIL_SCHEMES, example)
    if not parts.hostname or parts.path.strip("/") or parts.query:
        raise ImproperlyConfigured(_wrong(name, example))


def check_database(name: str, url: str) -> None:
    """Raise when `url` is no database such as postgres://user:password@host:5432/name."""
    example = "postgres://user:password@host:5432/name"
    # Without a host it is the machine's own.
    if not (url.startswith("sqlite:") or _parts(name, url, DATABASE_SCHEMES, example).path.strip("/")):
        raise ImproperlyConfigured(_wrong(name, example))


def check_redis(name: str, url: str) -> None:
    """Raise when `url` is no Redis server such as redis://host:6379/0."""
    example = "redis://host:6379/0"
    if not _parts(name, url, REDIS_SCHEMES, example).hostname:
        raise ImproperlyConfigured(_wrong(name, example))


def check_site(name: str, url: str) -> None:
    """Raise when `url` is more or less than a site such as https://papers.example.org."""
    if not (SITE.fullmatch(url) and _has_possible_port(url)):
        raise ImproperlyConfigured(
            f"{name} must be an http or https address without a path, such as https://papers.example.org; of a name in "
            "other letters than those of ASCII the form that begins with xn--."
        )


def check_sender(name: str, sender: str) -> None:
    """Raise when `sender` is no address such as Paper Route <digest@example.org>."""
    found = SENDER.fullmatch(sender)
    address = found and (found["address"] or found["alone"])
    if not (address and ADDRESS.fullmatch(address) and address.rpartition("@")[0].isascii()):
        raise ImproperlyConfigured(
            f"{name} must hold one address on one line, such as Paper Route <digest@example.org>. A name with a comma "
            "or another sign stands in quotes."
        )


def check_addresses(name: str, addresses: Iterable[str]) -> None:
    """Raise when one of `addresses` is none."""
    if not all(ADDRESS.fullmatch(address) for address in addresses):
        raise ImproperlyConfigured(
            f"{name} must be addresses separated by commas, such as a@example.org,b@example.org."
        )


def _has_possible_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _parts(name: str, url: str, schemes: Iterable[str], example: str) -> SplitResult:
    """Return the parts of `url`. What cannot be read is not shown: it may be a part of a password."""
    if not _has_possible_port(url):
        raise ImproperlyConfigured(_wrong(name, example))
    parts = urlsplit(url)
    if parts.fragment or parts.scheme not in schemes:
        raise ImproperlyConfigured(_wrong(name, example))
    return parts


def _wrong(name: str, example: str) -> str:
    escaped = "In a user or password write @ as %40, # as %23, / as %2F, ? as %3F, : as %3A and % as %25."
    return f"{name} must look like {example}. {escaped}"
