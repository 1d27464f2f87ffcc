"""Hands one message to whatever carries mail, and says in our words how that went."""

import logging
import smtplib
from http import HTTPStatus
from typing import Self

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.core.mail import BadHeaderError, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from mail.message import Message


logger = logging.getLogger(__name__)


class HandOverError(Exception):
    """A message was not accepted. `permanent` means that the same message will not be accepted later either."""

    permanent = False


class NotSent(HandOverError):
    """Nothing left this machine: no connection, or the account was refused."""


class RefusedForNow(HandOverError):
    """The other side answered, and asks to be tried again later."""


class Refused(HandOverError):
    """The other side, or the message itself, says no for good."""

    permanent = True


class Uncertain(HandOverError):
    """The message may have left: the answer was lost, or makes no sense."""


class Mailer:
    """One connection to the configured mail backend: opened when first needed, kept, opened anew after trouble."""

    def __init__(self) -> None:
        self._connection: BaseEmailBackend | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> BaseEmailBackend:
        """Return the open connection. Raises NotSent when there is none to be had."""
        if self._connection is None:
            connection: BaseEmailBackend = get_connection()
            try:
                connection.open()
            except (OSError, smtplib.SMTPException, AnymailError) as err:
                raise NotSent(type(err).__name__) from err
            self._connection = connection
        return self._connection

    def hand_over(self, message: Message) -> str:
        """Send `message`; return the provider's id for it, empty when it gives none.

        Raises NotSent, RefusedForNow, Refused or Uncertain. Their texts carry codes and types, never an address.
        """
        connection = self.open()
        try:
            count = connection.send_messages([message])
        except Exception as err:
            self.close()
            raise _in_our_words(err) from err
        if not count:
            raise Uncertain("the backend reports that nothing was sent")
        status = getattr(message, "anymail_status", None)
        return str(getattr(status, "message_id", None) or "")

    def close(self) -> None:
        """Close the connection. A server that does not say goodbye is no reason to fail."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except (OSError, smtplib.SMTPException) as err:
                logger.info("The mail connection did not close cleanly: %s", type(err).__name__)


def _in_our_words(err: Exception) -> HandOverError:
    match err:
        case smtplib.SMTPRecipientsRefused():
            return _by_reply(max((reply[0] for reply in err.recipients.values()), default=0))
        case smtplib.SMTPResponseException():
            return _by_reply(err.smtp_code)
        case AnymailRecipientsRefused():
            return Refused("the provider refused the recipient")
        case AnymailAPIError():
            return _by_status(err.status_code)
        case AnymailError() | BadHeaderError() | UnicodeError() | FileExistsError():
            return Refused(f"the message cannot be sent: {type(err).__name__}")
        case _:
            return Uncertain(type(err).__name__)


def _by_reply(code: int) -> HandOverError:
    if 400 <= code < 500:
        return RefusedForNow(f"SMTP {code}")
    return Refused(f"SMTP {code}") if 500 <= code < 600 else Uncertain(f"SMTP {code}")


def _by_status(status: int | None) -> HandOverError:
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return RefusedForNow(f"HTTP {status}")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}:
        return NotSent(f"HTTP {status}")
    if status and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Refused(f"HTTP {status}")
    return Uncertain(f"HTTP {status}" if status else "no answer")
