"""Tells people who sign up from programs that sign up others. Whatever looks odd meets a challenge, never a wall."""

import json
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from altcha import Payload, create_challenge, verify_solution
from django.conf import settings
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from subscribers.models import UsedChallenge
from subscribers.tokens import LinkInvalid, Purpose, made_at, make_token

logger = logging.getLogger(__name__)

# What a browser does in a second or so, and the server checks in milliseconds: 256 keys on average, each by so many
# rounds of PBKDF2.
ALGORITHM, COST = "PBKDF2/SHA-256", 2_000
CHALLENGE_VALID_FOR = timedelta(minutes=20)
# Callers whose address is not known share one.
NOWHERE = ip_address("0.0.0.0")  # noqa: S104  no server listens here

Caller = IPv4Address | IPv6Address


def make_stamp(at: datetime) -> str:
    """Return what a form carries to tell when it was shown."""
    return make_token(Purpose.SIGN_UP_FORM, "form", at)


def make_kept_stamp(at: datetime) -> str:
    """Return the stamp of forms on pages that are kept and shared: of the last full hour, so that pages stay the same.

    A minute is taken off, since a form shown as the hour strikes would look as if it were filled in too fast.
    """
    return make_stamp((at - timedelta(minutes=1)).replace(minute=0, second=0, microsecond=0))


def is_suspicious(caller: Caller, *, stamp: str, bait: str, at: datetime) -> bool:
    """Return whether a sign-up needs a challenge; it is counted against the limits.

    `stamp` is what the form carried, `bait` what stands in the field that nobody sees.
    """
    reasons = {
        "no form was shown, or a moment ago": not _is_stamped(stamp, at),
        "the hidden field was filled in": bool(bait),
        "a limit": not _is_within_limits(caller),
    }
    found = [reason for reason, holds in reasons.items() if holds]
    if found:
        logger.info("A sign-up is challenged: %s", ", ".join(found))
    return bool(found)


def _is_stamped(stamp: str, at: datetime) -> bool:
    try:
        return made_at(Purpose.SIGN_UP_FORM, stamp, at) <= at - settings.SUBSCRIBERS_FORM_TAKES
    except LinkInvalid:
        return False


# --- Limits -------------------------------------------------------------------------------------------------------


def networks_of(caller: Caller) -> tuple[str, str]:
    """Return what counts as one caller, and the network around it: /32 and /24, of IPv6 /64 and /48."""
    lengths = (32, 24) if caller.version == 4 else (64, 48)
    one, around = (ip_network((caller, length), strict=False) for length in lengths)
    return str(one), str(around)


def truncated_ip(caller: Caller) -> str | None:
    """Return the address of the caller without its last part, where that is kept at all."""
    if not settings.SUBSCRIBERS_KEEP_IP:
        return None
    return networks_of(caller)[1].partition("/")[0]


def caller_at(address: str) -> Caller:
    """Return the caller with this address; of an IPv4 address written as IPv6 that IPv4 address."""
    try:
        caller = ip_address(address)
    except ValueError:
        return NOWHERE
    return getattr(caller, "ipv4_mapped", None) or caller


def is_within(rate: str, name: str, who: str) -> bool:
    """Count one more `name` of `who`, and return whether that is within `rate`; what cannot be counted is not."""
    return _are_within([(parse(rate), name, who)])


def _is_within_limits(caller: Caller) -> bool:
    one, around = networks_of(caller)
    rates = settings.SUBSCRIBERS_LIMITS
    hits = [(rates["address"], one), (rates["network"], around), (rates["everywhere"], "everywhere")]
    return _are_within([(parse(rate), "sign-up", who) for rate, who in hits])


def _are_within(hits: Iterable[tuple[RateLimitItem, str, str]]) -> bool:
    """Count `hits`, and return whether all were within their limits; what cannot be counted is not.

    The first that is not ends the count: one caller beyond its limit does not use up everybody's.
    """
    try:
        limiter = _limiter(settings.SUBSCRIBERS_LIMITS_STORAGE)
        return all(limiter.hit(rate, *names) for rate, *names in hits)
    except StorageError as err:
        logger.warning("The limits of readers cannot be counted: %s", type(err.storage_error).__name__)
        return False


@cache
def _limiter(storage: str) -> MovingWindowRateLimiter:
    options = {} if storage.startswith("memory") else {"socket_timeout": 1, "socket_connect_timeout": 1}
    return MovingWindowRateLimiter(storage_from_string(storage, wrap_exceptions=True, **options))


# --- The challenge ------------------------------------------------------------------------------------------------


def make_challenge(at: datetime) -> str:
    """Return a challenge for static/site.js to solve, as JSON."""
    challenge = create_challenge(ALGORITHM, COST, expires_at=at + CHALLENGE_VALID_FOR, hmac_secret=_key())
    return json.dumps(challenge.to_dict())


def is_solved(solution: str) -> bool:
    """Return whether `solution` solves a challenge of ours that has not expired; true once for each."""
    if not solution or not verify_solution(solution, _key()).verified:
        return False
    challenge = Payload.from_base64(solution).challenge
    expires_at = datetime.fromtimestamp(challenge.parameters.expires_at or 0).astimezone()
    _, is_new = UsedChallenge.objects.get_or_create(signature=challenge.signature, defaults={"expires_at": expires_at})
    return is_new


def _key() -> bytes:
    return salted_hmac("subscribers.abuse", "challenge", algorithm="sha256").digest()
