"""How a hand-over went, in our words: whatever a mail server or provider says is one of five kinds of error."""

import re
import smtplib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ssl import SSLCertVerificationError
from typing import Any

from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailError,
    AnymailUnsupportedFeature,
)
from django.core.mail import BadHeaderError
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from mail.said import answer_in_words, keepable, reply_in_words
from mail.status_codes import is_permanent_status

# What refusals say, of whatever provider, when they are about us and not about the recipient.
TOO_LARGE = 552
# The longest pause that is taken from a provider: longer ones are more likely a mistake.
LONGEST_ASKED = timedelta(hours=1)
ADDRESS = re.compile(r"\S+@\S+")
ABOUT_ACCOUNT = re.compile(
    r"\b(sender|from.?(address|email|domain)|signature|domain.{0,20}not.{0,20}verified|api.?key|token|account|credits?"
    r"|quota|not authorized|sandbox|suspended)\b",
    re.IGNORECASE,
)
# Names that Amazon gives its errors; their status is 400 as of any other.
THROTTLED_NAMES = {"Throttling", "ThrottlingException", "TooManyRequestsException", "LimitExceededException"}
ACCOUNT_NAMES = {
    "AccessDeniedException",
    "AccountSuspendedException",
    "MailFromDomainNotVerifiedException",
    "SendingPausedException",
}


OURS_TO_MEND = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
}


class HandOverError(Exception):
    """A message was not accepted. `permanent` means that the same message will not be accepted later either."""

    permanent = False


class NotSent(HandOverError):
    """Nothing left this machine: there is no connection."""


class AccountBroken(HandOverError):
    """Nothing left: the other side refuses us, whatever we send. A person must mend it."""


class RefusedForNow(HandOverError):
    """The other side answered, and asks to be tried again later.

    `is_about_us` when it wants less from us, and not just this message later; `retry_after` when it says how much.
    """

    def __init__(self, text: str, *, is_about_us: bool = False, retry_after: timedelta | None = None) -> None:
        super().__init__(text)
        self.is_about_us = is_about_us
        self.retry_after = retry_after


class Refused(HandOverError):
    """The other side, or the message itself, says no for good. `is_hard` when there is no such mailbox."""

    permanent = True

    def __init__(self, text: str, *, is_hard: bool = False) -> None:
        super().__init__(text)
        self.is_hard = is_hard


class Uncertain(HandOverError):
    """The message may have left: the answer was lost, or makes no sense."""


def in_our_words(err: Exception, *, may_have_sent: bool, recipient: str = "") -> HandOverError:
    """Return what `err` means. The text carries codes, types and what was said, never an address.

    `recipient` is whom the message was to: of its names nothing stays in the text either.
    """
    match err:
        case smtplib.SMTPRecipientsRefused() | smtplib.SMTPResponseException():
            return _by_server(err, recipient)
        case AnymailAPIError():
            return _by_answer(err, recipient)
        case AnymailError() if isinstance(err, AnymailConfigurationError | AnymailUnsupportedFeature):
            return AccountBroken(type(err).__name__)
        case AnymailError() | BadHeaderError() | UnicodeError() | FileExistsError():
            return Refused(f"the message cannot be sent: {type(err).__name__}")
        case _:
            return (Uncertain if may_have_sent else NotSent)(type(err).__name__)


def _by_server(err: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException, recipient: str) -> HandOverError:
    if isinstance(err, smtplib.SMTPRecipientsRefused):
        # We name one at a time.
        return _by_reply(*max(err.recipients.values(), default=(0, b"")), recipient)
    text = reply_in_words(err.smtp_code, err.smtp_error, recipient)
    if isinstance(err, smtplib.SMTPConnectError):
        # It answered, but not with a greeting.
        return RefusedForNow(text, is_about_us=True)
    is_about_us = isinstance(err, smtplib.SMTPSenderRefused | smtplib.SMTPAuthenticationError)
    if is_about_us and err.smtp_code != TOO_LARGE:
        # Said before any recipient was named: it is about the account (530: log in first), not about the message.
        return AccountBroken(text) if err.smtp_code >= 500 else RefusedForNow(text, is_about_us=True)
    return _by_reply(err.smtp_code, err.smtp_error, recipient)


def _by_reply(code: int, said: bytes | str, recipient: str) -> HandOverError:
    text = reply_in_words(code, said, recipient)
    if 400 <= code < 500:
        return RefusedForNow(text, is_about_us=code == 421)
    return Refused(text, is_hard=bool(is_permanent_status(text))) if 500 <= code < 600 else Uncertain(text)


def _by_answer(err: AnymailAPIError, recipient: str) -> HandOverError:
    amazon = getattr(err.__cause__, "response", None)
    if isinstance(amazon, dict):
        return _by_name(amazon, recipient)
    if err.status_code is None:
        return NotSent("no connection to the provider") if _never_connected(err) else Uncertain("no answer")
    return _by_status(err.status_code, err, recipient)


def _by_name(answer: dict[str, Any], recipient: str) -> HandOverError:
    """Return what an error of Amazon's client means, which has a name beside its status."""
    error = answer.get("Error", {})
    name = str(error.get("Code", ""))[:60]
    text = f"{name} {keepable(str(error.get('Message', '')), recipient)}".rstrip()
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if name in THROTTLED_NAMES or status == HTTPStatus.TOO_MANY_REQUESTS:
        return RefusedForNow(text, is_about_us=True)
    if name in ACCOUNT_NAMES or status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AccountBroken(text)
    return Refused(text) if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR else Uncertain(text)


def _by_status(status: int, err: AnymailAPIError, recipient: str) -> HandOverError:
    text = answer_in_words(status, _json(err), recipient)
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return RefusedForNow(text, is_about_us=True, retry_after=_retry_after(err))
    if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}:
        return RefusedForNow(text)
    if status in OURS_TO_MEND:
        return AccountBroken(text)
    if status == HTTPStatus.CONFLICT:
        return Uncertain(text)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        # Without addresses: "account@example.org is inactive" is not about ours.
        is_about_us = ABOUT_ACCOUNT.search(ADDRESS.sub("", str(getattr(err.response, "text", ""))))
        return AccountBroken(text) if is_about_us else Refused(text)
    return Uncertain(text)


def _json(err: AnymailAPIError) -> object:
    try:
        return err.response.json() if err.response is not None else None
    except ValueError:
        return None


def _retry_after(err: AnymailAPIError) -> timedelta | None:
    """Return how long the provider asks to be left alone: it says so in seconds, or as a date."""
    value = str(getattr(err.response, "headers", {}).get("Retry-After", "")).strip()
    try:
        asked = timedelta(seconds=int(value)) if value.isdecimal() else parsedate_to_datetime(value) - datetime.now(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(asked, timedelta()), LONGEST_ASKED)


def _never_connected(err: BaseException | None) -> bool:
    """Whether an HTTP request failed at its connection: no such host, refused, or no answer to the first knock."""
    while err is not None:
        if isinstance(err, NewConnectionError | ConnectTimeoutError | NameResolutionError | SSLCertVerificationError):
            return True
        err = err.__cause__ or err.__context__
    return False
