"""The two statements that each message waits for, written by hand.

At a window of one the ORM would take longer to build them than the database to run them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db.models import Field

from newsletter.models import Delivery
from subscribers.addresses import fingerprint

HAND_OVER = """
    UPDATE newsletter_delivery SET status = 'handed_over', handed_over_at = %(at)s, lease_until = %(lease_until)s
    WHERE id IN ({ids}) AND claim = %(claim)s AND status = 'claimed' AND lease_until > %(at)s AND due_at >= %(oldest)s
    AND EXISTS (
        SELECT 1 FROM newsletter_edition AS edition
        WHERE edition.id = edition_id AND edition.status = 'closed' AND edition.paused_at IS NULL
    )
    AND EXISTS (
        SELECT 1 FROM subscribers_subscriber AS reader
        WHERE reader.id = subscriber_id AND reader.status = 'active' AND reader.email IN ({emails})
        AND (reader.preferences_changed_at IS NULL OR reader.preferences_changed_at <= %(claimed_at)s)
    )
    AND NOT EXISTS (SELECT 1 FROM subscribers_suppression WHERE address_hash IN ({hashes}))
    AND NOT EXISTS (SELECT 1 FROM mail_provider WHERE name = %(provider)s AND stopped_at IS NOT NULL)
"""


def hand_over(deliveries: Sequence[Delivery], at: datetime) -> int:
    """Mark those of `deliveries` in hand as handed over that may go out; return how many those are.

    What counts is what is on record at this moment: a reader who has left, was suppressed, moved to another address or
    changed a wish since the claim gets nothing by it, nor does anybody of an edition that was paused, or when mail is
    stopped.
    """
    if not deliveries:
        return 0
    addresses = [delivery.subscriber.email for delivery in deliveries if delivery.subscriber]
    claimed_at = min(delivery.lease_until or at for delivery in deliveries) - settings.NEWSLETTER_LEASE
    moments = {
        "at": at,
        "lease_until": at + settings.NEWSLETTER_LEASE,
        "claimed_at": claimed_at,
        "oldest": at - settings.NEWSLETTER_LATE_AFTER,
    }
    lists = {
        "ids": [_as_stored(delivery.pk) for delivery in deliveries],
        "emails": addresses or [""],
        "hashes": [fingerprint(address) for address in addresses] or [""],
    }
    parameters: dict[str, Any] = {f"{name}_{n}": value for name, many in lists.items() for n, value in enumerate(many)}
    parameters |= {name: database.ops.adapt_datetimefield_value(moment) for name, moment in moments.items()}
    parameters |= {"claim": _as_stored(deliveries[0].claim), "provider": settings.MAIL_PROVIDER}
    placeholders = {name: ", ".join(f"%({name}_{n})s" for n in range(len(many))) for name, many in lists.items()}
    with database.cursor() as cursor:
        cursor.execute(HAND_OVER.format(**placeholders), parameters)
        return int(cursor.rowcount)


def _as_stored(number: UUID | None) -> Any:
    return Delivery._meta.pk.get_db_prep_value(number, database)


def update_in_hand(deliveries: Sequence[Delivery], changes: Mapping[str, Any]) -> int:
    """Write `changes` to those of `deliveries` that still bear the claim they were read with; return how many."""
    columns = ", ".join(f"{name} = %s" for name in changes)
    places = ", ".join(["%s"] * len(deliveries))
    values = [_field(name).get_db_prep_save(value, database) for name, value in changes.items()]
    ids = [_as_stored(delivery.pk) for delivery in deliveries]
    with database.cursor() as cursor:
        statement = f"UPDATE newsletter_delivery SET {columns} WHERE claim = %s AND id IN ({places})"  # noqa: S608  names of columns
        cursor.execute(statement, [*values, _as_stored(deliveries[0].claim), *ids])
        return int(cursor.rowcount)


def _field(name: str) -> Field[Any, Any]:
    return Delivery._meta.get_field(name)  # type: ignore[return-value]  # none of them is a relation
