"""One connection to whatever carries mail, kept open and opened anew after trouble."""

import logging
import smtplib
from collections.abc import Sequence
from email.utils import getaddresses
from typing import Self

from anymail.exceptions import AnymailError
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from mail.headers import one_line
from mail.message import PLAIN_ADDRESS, Message
from mail.outcomes import AccountBroken, Refused, Uncertain, in_our_words

logger = logging.getLogger(__name__)


class Mailer:
    """One connection to the configured mail backend: opened when first needed, kept, opened anew after trouble."""

    def __init__(self) -> None:
        self._connection: BaseEmailBackend | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> BaseEmailBackend:
        """Return the open connection. Raises NotSent, RefusedForNow or AccountBroken."""
        if self._connection is None:
            try:
                self._connection = get_connection()
                self._connection.open()
            except (AnymailError, ImproperlyConfigured) as err:
                self.close()
                raise AccountBroken(type(err).__name__) from err
            except (OSError, smtplib.SMTPException) as err:
                self.close()  # the server may have answered, and refused the password
                raise in_our_words(err, may_have_sent=False) from err
        return self._connection

    def build(self, message: Message) -> None:
        """Make what will be sent of `message`; raises whatever making it raises, before it counts as leaving."""
        if getattr(self.open(), "sends_bytes", False):
            message.mime_bytes()
        else:
            _ = message.body, message.alternatives

    def hand_over(self, message: Message) -> str:
        """Send `message`; return the provider's id for it, empty when it gives none.

        Raises NotSent, AccountBroken, RefusedForNow, Refused or Uncertain. Their texts carry codes, types and what was
        said, never an address.
        """
        if not _is_one_address(message.to):
            raise Refused("the recipient is not one address")
        connection = self.open()
        try:
            count = connection.send_messages([message])
        except Exception as err:
            may_have_sent = getattr(connection, "may_have_sent", True)
            if not getattr(connection, "is_in_order", False):
                self.close()
            raise in_our_words(err, may_have_sent=may_have_sent, recipient=message.to[0]) from err
        if not count:
            raise Uncertain("the backend reports that nothing was sent")
        return _provider_id(message)

    def close(self) -> None:
        """Close the connection. A server that does not say goodbye is no reason to fail."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except (OSError, smtplib.SMTPException) as err:
                logger.info("The mail connection did not close cleanly: %s", type(err).__name__)


def _provider_id(message: Message) -> str:
    """Return the id that a provider gave an accepted message. Raises Refused or Uncertain when it did not accept it."""
    told = getattr(message, "anymail_status", None)
    if told is None:
        return ""
    statuses = {recipient.status for recipient in told.recipients.values()}
    if statuses & {"invalid", "rejected", "failed"}:
        raise Refused(f"the provider says: {', '.join(sorted(statuses))}", is_hard="invalid" in statuses)
    if not statuses or statuses - {"sent", "queued"}:
        raise Uncertain("the provider does not say whether it took the message")
    return one_line(str(told.message_id or ""))


def _is_one_address(recipients: Sequence[str]) -> bool:
    if len(recipients) == 1 and PLAIN_ADDRESS.fullmatch(recipients[0]):
        return True
    # Providers get what stands here as it is, and some would read a second address, or a header, in it.
    addresses = [address for _, address in getaddresses(recipients)]
    return len(addresses) == 1 and list(recipients) == addresses == [one_line(addresses[0], limit=320)]
