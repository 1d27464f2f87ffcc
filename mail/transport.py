"""Hands one message to whatever carries mail, and says in our words how that went."""

import logging
import smtplib
from collections.abc import Sequence
from email.utils import getaddresses
from http import HTTPStatus
from typing import Self

from anymail.exceptions import AnymailAPIError, AnymailError
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import BadHeaderError, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from mail.headers import one_line
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
            try:
                self._connection = get_connection()
                self._connection.open()
            except (OSError, smtplib.SMTPException, AnymailError, ImproperlyConfigured) as err:
                self.close()  # the server may have answered, and refused the password
                raise NotSent(type(err).__name__) from err
        return self._connection

    def hand_over(self, message: Message) -> str:
        """Send `message`; return the provider's id for it, empty when it gives none.

        Raises NotSent, RefusedForNow, Refused or Uncertain. Their texts carry codes and types, never an address.
        """
        if not _is_one_address(message.to):
            raise Refused("the recipient is not one address")
        connection = self.open()
        try:
            count = connection.send_messages([message])
        except Exception as err:
            may_have_sent = getattr(connection, "may_have_sent", True)
            self.close()
            raise _in_our_words(err, may_have_sent) from err
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


def _is_one_address(recipients: Sequence[str]) -> bool:
    # Providers get what stands here as it is, and some would read a second address, or a header, in it.
    addresses = [address for _, address in getaddresses(recipients)]
    return len(addresses) == 1 and list(recipients) == addresses == [one_line(addresses[0], limit=320)]


def _in_our_words(err: Exception, may_have_sent: bool) -> HandOverError:
    match err:
        case smtplib.SMTPRecipientsRefused():
            return _by_reply(max((reply[0] for reply in err.recipients.values()), default=0))
        case smtplib.SMTPSenderRefused() if err.smtp_code >= 500:
            # Said before any recipient was named: it is about the account (530: log in first), not about the message.
            return NotSent(f"SMTP {err.smtp_code}")
        case smtplib.SMTPResponseException():
            return _by_reply(err.smtp_code)
        case AnymailAPIError():
            return _by_answer(err)
        case AnymailError() | BadHeaderError() | UnicodeError() | FileExistsError():
            return Refused(f"the message cannot be sent: {type(err).__name__}")
        case _:
            return (Uncertain if may_have_sent else NotSent)(type(err).__name__)


def _by_answer(err: AnymailAPIError) -> HandOverError:
    if err.status_code is not None:
        return _by_status(err.status_code)
    return NotSent("no connection to the provider") if _never_connected(err) else Uncertain("no answer")


def _never_connected(err: BaseException | None) -> bool:
    """Whether an HTTP request failed at its connection: no such host, refused, or no answer to the first knock."""
    while err is not None:
        if isinstance(err, NewConnectionError | ConnectTimeoutError):
            return True
        err = err.__cause__ or err.__context__
    return False


def _by_reply(code: int) -> HandOverError:
    if 400 <= code < 500:
        return RefusedForNow(f"SMTP {code}")
    return Refused(f"SMTP {code}") if 500 <= code < 600 else Uncertain(f"SMTP {code}")


def _by_status(status: int) -> HandOverError:
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return RefusedForNow(f"HTTP {status}")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}:
        return NotSent(f"HTTP {status}")
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Refused(f"HTTP {status}")
    return Uncertain(f"HTTP {status}")
