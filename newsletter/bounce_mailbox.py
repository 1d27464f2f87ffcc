"""Reads the mailbox for bounces of mail sent by SMTP: what comes back becomes news, as from any provider.

A bounce is deleted once it is kept as news, since it holds an address. What is no bounce of ours is left where it is
and flagged, so that a person finds it and it is not read again.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.conf import settings
from flufl.bounce import all_failures
from imapclient import DELETED, FLAGGED, IMAPClient
from imapclient.exceptions import IMAPClientError

from mail.status_codes import code_in, is_permanent_status
from newsletter.bounces import delivery_id_of
from newsletter.models import DeliveryEvent

logger = logging.getLogger(__name__)

Kind = DeliveryEvent.Kind

TIMEOUT = 30
CHUNK = 50
# What a bounce says stands at its beginning; the mail it brings back may be long.
ENOUGH = b"BODY[]<0>"
PEEK = "BODY.PEEK[]<0.262144>"
# Where servers write whom a mail came to.
ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
ACTIONS = {"failed": Kind.BOUNCED, "delayed": Kind.DEFERRED, "delivered": Kind.DELIVERED, "relayed": Kind.DELIVERED}


def read_bounces(at: datetime, *, limit: int = 1000) -> Counter[str]:
    """Keep up to `limit` mails of the mailbox, if there is one, as news; return how many were of which kind, or left.

    A mailbox that cannot be read now is read another time: nothing is lost in it.
    """
    counts: Counter[str] = Counter()
    if not settings.BOUNCE_MAILBOX_URL:
        return counts
    try:
        with _open() as mailbox:
            uids = mailbox.search(["UNSEEN", "UNFLAGGED", "UNDELETED"])[:limit]
            for start in range(0, len(uids), CHUNK):
                counts.update(_read(mailbox, uids[start : start + CHUNK], at))
    except (IMAPClientError, OSError) as err:
        logger.error("The mailbox for bounces cannot be read: %s", type(err).__name__)
    if counts:
        logger.info("Bounces: %s", ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    return counts


def _read(mailbox: IMAPClient, uids: list[int], at: datetime) -> Counter[str]:
    news: dict[int, DeliveryEvent] = {}
    for uid, answer in mailbox.fetch(uids, [PEEK]).items():
        if event := read_mail(answer[ENOUGH], at):
            news[uid] = event
    # Committed before it is deleted: who dies in between reads it again, and twice is once.
    DeliveryEvent.objects.bulk_create(news.values(), ignore_conflicts=True)
    left = [uid for uid in uids if uid not in news]
    if news:
        mailbox.add_flags(list(news), [DELETED], silent=True)
        mailbox.expunge(list(news))
    if left:
        mailbox.add_flags(left, [FLAGGED], silent=True)
    return Counter(event.kind for event in news.values()) + Counter(left=len(left))


def read_mail(source: bytes, at: datetime) -> DeliveryEvent | None:
    """Return what a mail tells of a delivery; None when it is no bounce of ours, or cannot be read."""
    try:
        mail = message_from_bytes(source)
        delivery_id = _delivery_id(mail)
        return _told(mail, source, delivery_id, at) if delivery_id else None
    except Exception as err:  # noqa: BLE001  anybody can write to a mailbox: no mail may stop the others
        logger.warning("A mail in the mailbox for bounces cannot be read: %s", type(err).__name__)
        return None


@contextmanager
def _open() -> Iterator[IMAPClient]:
    """The mailbox of BOUNCE_MAILBOX_URL, over TLS."""
    url = urlsplit(settings.BOUNCE_MAILBOX_URL)
    with IMAPClient(url.hostname or "", port=url.port, ssl=True, timeout=TIMEOUT) as mailbox:
        mailbox.login(unquote(url.username or ""), unquote(url.password or ""))
        mailbox.select_folder(unquote(url.path.strip("/")) or "INBOX")
        yield mailbox


def _delivery_id(mail: Message) -> UUID | None:
    addresses = (str(value) for name in ADDRESSED for value in mail.get_all(name, []))
    return next((delivery_id for address in addresses if (delivery_id := delivery_id_of(address))), None)


def _told(mail: Message, source: bytes, delivery_id: UUID, at: datetime) -> DeliveryEvent | None:
    kind, permanent, code = _report(mail) or _guess(mail) or (None, None, "")
    if kind is None:
        return None
    own = str(mail["Message-ID"] or hashlib.sha256(source).hexdigest())
    return DeliveryEvent(
        key=hashlib.sha256(f"bounce mailbox {delivery_id} {own}".encode()).hexdigest(),
        provider="bounce mailbox",
        kind=kind,
        happened_at=_date(mail),
        received_at=at,
        reference=str(delivery_id),
        is_permanent=permanent if kind == Kind.BOUNCED else None,
        detail=code,
    )


def _report(mail: Message) -> tuple[Kind, bool | None, str] | None:
    """Return what a report for machines (RFC 3464) says of its first recipient; None when there is none."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            for fields in part.walk():
                action = str(fields.get("Action", "")).split(";")[0].strip().lower()
                if action in ACTIONS:
                    status = str(fields.get("Status", ""))
                    return ACTIONS[action], is_permanent_status(status), code_in(status)
    return None


def _guess(mail: Message) -> tuple[Kind, bool | None, str] | None:
    """Return what a report for people says, of the many forms that servers have; None when it is none."""
    temporary, permanent = all_failures(mail)
    return (Kind.BOUNCED, bool(permanent), "") if temporary or permanent else None


def _date(mail: Message) -> datetime | None:
    try:
        date = parsedate_to_datetime(str(mail["Date"]))
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
