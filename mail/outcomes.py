"""How a hand-over went, in our words: whatever a mail server or provider says is one of five kinds of error."""

import re
import smtplib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailError
from django.core.mail import BadHeaderError
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

# What refusals say, of whatever provider, when they are about us and not about the recipient.
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
    """The other side, or the message itself, says no for good."""

    permanent = True


class Uncertain(HandOverError):
    """The message may have left: the answer was lost, or makes no sense."""


def in_our_words(err: Exception, *, may_have_sent: bool) -> HandOverError:
    """Return what `err` means. The text carries codes and types, never an address."""
    match err:
        case HandOverError():
            return err
        case smtplib.SMTPRecipientsRefused() | smtplib.SMTPResponseException():
            return _by_server(err)
        case AnymailAPIError():
            return _by_answer(err)
        case AnymailError() | BadHeaderError() | UnicodeError() | FileExistsError():
            return Refused(f"the message cannot be sent: {type(err).__name__}")
        case _:
            return (Uncertain if may_have_sent else NotSent)(type(err).__name__)


def _by_server(err: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> HandOverError:
    if isinstance(err, smtplib.SMTPRecipientsRefused):
        return _by_reply(max((reply[0] for reply in err.recipients.values()), default=0))
    is_refused_sender = isinstance(err, smtplib.SMTPSenderRefused) and err.smtp_code >= 500
    if isinstance(err, smtplib.SMTPAuthenticationError) or is_refused_sender:
        # Said before any recipient was named: it is about the account (530: log in first), not about the message.
        return AccountBroken(f"SMTP {err.smtp_code}")
    return _by_reply(err.smtp_code)


def _by_reply(code: int) -> HandOverError:
    if 400 <= code < 500:
        return RefusedForNow(f"SMTP {code}", is_about_us=code == 421)
    return Refused(f"SMTP {code}") if 500 <= code < 600 else Uncertain(f"SMTP {code}")


def _by_answer(err: AnymailAPIError) -> HandOverError:
    amazon = getattr(err.__cause__, "response", None)
    if isinstance(amazon, dict):
        return _by_name(amazon)
    if err.status_code is None:
        return NotSent("no connection to the provider") if _never_connected(err) else Uncertain("no answer")
    return _by_status(err.status_code, err)


def _by_name(answer: dict[str, Any]) -> HandOverError:
    """Return what an error of Amazon's client means, which has a name beside its status."""
    name = str(answer.get("Error", {}).get("Code", ""))[:60]
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if name in THROTTLED_NAMES or status == HTTPStatus.TOO_MANY_REQUESTS:
        return RefusedForNow(name, is_about_us=True)
    if name in ACCOUNT_NAMES or status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AccountBroken(name)
    return Refused(name) if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR else Uncertain(name)


def _by_status(status: int, err: AnymailAPIError) -> HandOverError:
    text = f"HTTP {status}"
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return RefusedForNow(text, is_about_us=True, retry_after=_retry_after(err))
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}:
        return AccountBroken(text)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        is_about_us = ABOUT_ACCOUNT.search(str(getattr(err.response, "text", "")))
        return AccountBroken(text) if is_about_us else Refused(text)
    return Uncertain(text)


def _retry_after(err: AnymailAPIError) -> timedelta | None:
    """Return how long the provider asks to be left alone: it says so in seconds, or as a date."""
    value = str(getattr(err.response, "headers", {}).get("Retry-After", "")).strip()
    if value.isdecimal():
        return timedelta(seconds=min(int(value), 86_400))
    try:
        return max(parsedate_to_datetime(value) - datetime.now(UTC), timedelta())
    except (TypeError, ValueError):
        return None


def _never_connected(err: BaseException | None) -> bool:
    """Whether an HTTP request failed at its connection: no such host, refused, or no answer to the first knock."""
    while err is not None:
        if isinstance(err, NewConnectionError | ConnectTimeoutError):
            return True
        err = err.__cause__ or err.__context__
    return False
