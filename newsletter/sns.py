"""Whether a notification of Amazon SNS is one: signed by Amazon, about our own topic, and recent.

Anymail checks none of that. What is signed, and how, is told in Amazon's guide for developers ("Verifying the
signatures of Amazon SNS messages").
"""

import base64
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate

# Whoever could name another place would sign for themselves.
AMAZON = r"https://sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?"
CERTIFICATE_PATH = r"/SimpleNotificationService-[0-9a-zA-Z]{1,64}\.pem"
# Amazon gives up on a notification within the hour.
MAX_AGE = timedelta(hours=1)
CLOCKS_DIFFER = timedelta(minutes=5)
TIMEOUT = 10
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
SIGNED["UnsubscribeConfirmation"] = SIGNED["SubscriptionConfirmation"]
# Amazon's older signatures are over SHA-1; a topic has them until it is told otherwise.
HASHES: dict[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}  # noqa: S303  Amazon's choice, not ours


class NotFromAmazon(Exception):
    """The notification is not signed by Amazon, not about our topic, or too old. Says which."""


def verify(message: Mapping[str, object], topic: str, at: datetime) -> None:
    """Return when `message` came from Amazon, about `topic`, within the last hour. Raises NotFromAmazon."""
    said = {name: value for name, value in message.items() if isinstance(value, str)}
    if said.get("TopicArn") != topic:
        raise NotFromAmazon("about another topic")
    _check_age(said.get("Timestamp", ""), at)
    algorithm = HASHES.get(said.get("SignatureVersion", ""))
    if algorithm is None or said.get("Type") not in SIGNED:
        raise NotFromAmazon("of a kind or signature that is not known")
    # Looked at last: to get this far one must know the topic.
    key = _key_at(said.get("SigningCertURL", ""))
    try:
        key.verify(base64.b64decode(said.get("Signature", "")), string_to_sign(said), PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError) as err:
        raise NotFromAmazon("signed wrongly") from err


def string_to_sign(said: Mapping[str, str]) -> bytes:
    """Return what Amazon signs of a message: the names and values it has of a list, a line each."""
    names = [name for name in SIGNED[said["Type"]] if name in said]
    return "".join(f"{name}\n{said[name]}\n" for name in names).encode()


def confirm_subscription(message: Mapping[str, object]) -> None:
    """Tell Amazon that the subscription is wanted. Raises NotFromAmazon, or httpx's errors."""
    url = str(message.get("SubscribeURL", ""))
    if not re.match(rf"{AMAZON}/\?", url, re.ASCII):
        raise NotFromAmazon("to be confirmed elsewhere")
    httpx.get(url, timeout=TIMEOUT).raise_for_status()


def _check_age(timestamp: str, at: datetime) -> None:
    try:
        age = at - datetime.fromisoformat(timestamp)
    except (ValueError, TypeError) as err:
        raise NotFromAmazon("without a time") from err
    if not -CLOCKS_DIFFER <= age <= MAX_AGE:
        raise NotFromAmazon("too old, or of tomorrow")


def _key_at(url: str) -> RSAPublicKey:
    if not re.fullmatch(AMAZON + CERTIFICATE_PATH, url, re.ASCII):
        raise NotFromAmazon("with a certificate from elsewhere")
    try:
        return _fetch_key(url)
    except (httpx.HTTPError, ValueError) as err:
        raise NotFromAmazon("with a certificate that cannot be read") from err


@lru_cache(maxsize=8)
def _fetch_key(url: str) -> RSAPublicKey:
    """Return the key of the certificate at `url`; fetched once a process, since what stands there never changes."""
    answer = httpx.get(url, timeout=TIMEOUT).raise_for_status()
    key = load_pem_x509_certificate(answer.content).public_key()
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")
    return key
