"""The two statements that each message waits for, written by hand.

At a window of one the ORM would take longer to build them than the database to run them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db.models import Field
from psycopg import Cursor

from newsletter.models import Delivery
from subscribers.addresses import fingerprint

UPDATE = "UPDATE newsletter_delivery SET {columns} WHERE claim = %(claim)s AND id IN ({ids})"
TOGETHER = """
    WITH settled AS ({first} RETURNING 1), leaving AS ({second} RETURNING 1)
    SELECT (SELECT COUNT(*) FROM settled), (SELECT COUNT(*) FROM leaving)
"""
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
    AND NOT EXISTS (
        SELECT 1 FROM mail_provider WHERE name = %(provider)s AND (stopped_at IS NOT NULL OR slowed_until > %(at)s)
    )
"""


Statement = tuple[str, dict[str, Any]]


def settle_and_hand_over(
    settled: Sequence[Delivery], changes: Mapping[str, Any], leaving: Sequence[Delivery], at: datetime
) -> tuple[int, int]:
    """Write `changes` to `settled` as far as they are in hand, and hand over what of `leaving` may go out.

    Return how many that are of each. On PostgreSQL it is one statement, so one way there and back and one commit.
    """
    statements = [_update(settled, changes)] if settled else []
    statements += [_hand_over(leaving, at)] if leaving else []
    if len(statements) == 2 and database.vendor == "postgresql":
        return _together(*statements)
    counts = [_execute(statement) for statement in statements]
    return (counts[0] if settled else 0), (counts[-1] if leaving else 0)


def _together(first: Statement, second: Statement) -> tuple[int, int]:
    """Execute two statements as one, which PostgreSQL keeps prepared: to plan it takes it thrice as long as to run it.

    With psycopg's own cursor: Django's puts the values into the statement, which is another one each time then.
    """
    database.ensure_connection()
    statement = TOGETHER.format(first=first[0], second=second[0])
    with database.wrap_database_errors, Cursor(database.connection) as cursor:
        cursor.execute(statement, first[1] | second[1])
        ((settled, leaving),) = cursor.fetchall()
    if database.queries_logged:
        database.queries_log.append({"sql": statement, "time": ""})
    return int(settled), int(leaving)


def _execute(statement: Statement) -> int:
    with database.cursor() as cursor:
        cursor.execute(*statement)
        return int(cursor.rowcount)


def _update(deliveries: Sequence[Delivery], changes: Mapping[str, Any]) -> Statement:
    ids = {f"done_{number}": _as_stored(delivery.pk) for number, delivery in enumerate(deliveries)}
    values = {f"new_{name}": _field(name).get_db_prep_save(value, database) for name, value in changes.items()}
    columns = ", ".join(f"{name} = %(new_{name})s" for name in changes)
    return UPDATE.format(columns=columns, ids=_places(ids)), ids | values | {"claim": _as_stored(deliveries[0].claim)}


def _hand_over(deliveries: Sequence[Delivery], at: datetime) -> Statement:
    """Return what marks those of `deliveries` in hand as handed over that may go out.

    What counts is what is on record at this moment: a reader who has left, was suppressed, moved to another address or
    changed a wish since the claim gets nothing by it, nor does anybody of an edition that was paused, or when mail is
    stopped.
    """
    addresses = [delivery.subscriber.email if delivery.subscriber else "" for delivery in deliveries]
    ids = {f"id_{number}": _as_stored(delivery.pk) for number, delivery in enumerate(deliveries)}
    emails = {f"email_{number}": address for number, address in enumerate(addresses)}
    hashes = {f"hash_{number}": fingerprint(address) for number, address in enumerate(addresses)}
    moments = {
        "at": at,
        "lease_until": at + settings.NEWSLETTER_LEASE,
        "claimed_at": min(delivery.lease_until or at for delivery in deliveries) - settings.NEWSLETTER_LEASE,
        "oldest": at - settings.NEWSLETTER_LATE_AFTER,
    }
    stored = {name: database.ops.adapt_datetimefield_value(moment) for name, moment in moments.items()}
    facts = {"claim": _as_stored(deliveries[0].claim), "provider": settings.MAIL_PROVIDER}
    statement = HAND_OVER.format(ids=_places(ids), emails=_places(emails), hashes=_places(hashes))
    return statement, ids | emails | hashes | stored | facts


def _places(names: Iterable[str]) -> str:
    return ", ".join([f"%({name})s" for name in names])


def _as_stored(number: UUID | None) -> Any:
    return Delivery._meta.pk.get_db_prep_value(number, database)


def _field(name: str) -> Field[Any, Any]:
    return Delivery._meta.get_field(name)  # type: ignore[return-value]  # none of them is a relation
