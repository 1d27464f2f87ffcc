"""Gets queued deliveries out: claim, check, hand over, settle. A killed process loses nothing and doubles nothing.

What has been claimed has not left. What is handed over is committed as such before the first byte leaves, so a row
found handed over with nobody behind it may have left, and is never sent again by itself.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import F

from mail.message import Message
from mail.transport import HandOverError, Mailer, NotSent, Refused, RefusedForNow, Uncertain
from newsletter.due import reason_not_wanted
from newsletter.models import Delivery, DeliveryQuerySet, Edition
from newsletter.rendering import digest_message
from subscribers.models import Subscriber, Suppression

logger = logging.getLogger(__name__)

CLAIM_SIZE = 20
FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=1)

Clock = Callable[[], datetime]
Status = Delivery.Status


def send_due(clock: Clock, *, until: datetime) -> Counter[str]:
    """Send what is due, until nothing is or `until` has come; return how many deliveries went to which status."""
    with Mailer() as mailer:
        sender = Sender(mailer, clock, until)
        while clock() < until and (claimed := claim(clock())):
            if not sender.send(claimed):
                break
    if sender.outcome:
        counts = ", ".join(f"{count} {status}" for status, count in sorted(sender.outcome.items()))
        logger.info("Deliveries: %s", counts)
    return sender.outcome


def release_expired(at: datetime) -> Counter[str]:
    """Take back the rows whose process is gone: claimed ones are queued again, handed-over ones become unknown."""
    expired = Delivery.objects.expired(at)
    queued = expired.filter(status=Status.CLAIMED).update(status=Status.QUEUED, claim=None, lease_until=None)
    unknown = expired.filter(status=Status.HANDED_OVER).update(
        status=Status.UNKNOWN,
        claim=None,
        lease_until=None,
        settled_at=at,
        detail="the sending process ended before the answer came",
    )
    if queued or unknown:
        logger.warning("Expired leases: %s back to queued, %s unknown", queued, unknown)
    return Counter(queued=queued, unknown=unknown)


def claim(at: datetime) -> list[Delivery]:
    """Take up to CLAIM_SIZE due deliveries for this process alone, those due longest first."""
    claim_id = uuid.uuid4()
    with transaction.atomic():
        due = Delivery.objects.due(at).order_by("next_attempt_at", "pk")
        if database.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        # Read first, then written: PostgreSQL may evaluate a locking subquery with a limit more than once, and claim
        # more. The status is asked for again: where rows are not locked, somebody else may have been faster.
        due_ids = list(due.values_list("pk", flat=True)[:CLAIM_SIZE])
        Delivery.objects.queued().filter(pk__in=due_ids).update(
            status=Status.CLAIMED,
            claim=claim_id,
            lease_until=at + settings.NEWSLETTER_LEASE,
            attempts=F("attempts") + 1,
        )
    return list(Delivery.objects.filter(claim=claim_id).order_by("next_attempt_at", "pk"))


class Sender:
    """Sends claimed deliveries over one connection, and counts which status they went to.

    What it does not get to, before `until` or because the connection is lost, goes back to the queue.
    """

    def __init__(self, mailer: Mailer, clock: Clock, until: datetime) -> None:
        self.mailer = mailer
        self.clock = clock
        self.until = until
        self.outcome: Counter[str] = Counter()
        self._editions: dict[int, Edition] = {}
        self._untouched: dict[uuid.UUID, Delivery] = {}

    def send(self, claimed: Sequence[Delivery]) -> bool:
        """Send what one claim took; return whether there is a connection for more."""
        self._untouched = {delivery.pk: delivery for delivery in claimed}
        try:
            for start in range(0, len(claimed), settings.NEWSLETTER_WINDOW):
                if self.clock() >= self.until:
                    break
                self.mailer.open()
                self._send_window(claimed[start : start + settings.NEWSLETTER_WINDOW])
        except NotSent as err:
            logger.warning("No connection to the mail server: %s", err)
            self.outcome.update(_retry_later(delivery, err, self.clock()) for delivery in self._untouched.values())
            self._untouched.clear()
            return False
        finally:
            _put_back(self._untouched.values())
        return True

    def _send_window(self, window: Sequence[Delivery]) -> None:
        for delivery, message in self._commit_hand_over(window):
            if self.clock() >= self.until:
                break
            del self._untouched[delivery.pk]
            self.outcome[self._hand_over(delivery, message)] += 1

    def _commit_hand_over(self, window: Sequence[Delivery]) -> list[tuple[Delivery, Message]]:
        """Mark as handed over what of `window` is still ours and may go out; return it with its messages.

        One transaction that holds the rows and their readers: who left before it is not mailed, and who leaves
        during it finds the mail gone.
        """
        at = self.clock()
        ready: list[tuple[Delivery, Message]] = []
        with transaction.atomic():
            ours = _in_hand(window).filter(status=Status.CLAIMED, lease_until__gt=at).select_for_update()
            deliveries = list(ours.order_by("next_attempt_at", "pk"))
            readers = Subscriber.objects.select_for_update().filter(pk__in=[one.subscriber_id for one in deliveries])
            reader_by_id = {reader.pk: reader for reader in readers.order_by("pk")}
            sending = set(Edition.objects.sending().values_list("pk", flat=True))
            for delivery in deliveries:
                if delivery.edition_id in sending:
                    message = self._message(delivery, reader_by_id.get(delivery.subscriber_id or 0), at)
                    if message:
                        ready.append((delivery, message))
            _in_hand([delivery for delivery, _ in ready]).update(
                status=Status.HANDED_OVER, handed_over_at=at, lease_until=at + settings.NEWSLETTER_LEASE
            )
        return ready

    def _message(self, delivery: Delivery, reader: Subscriber | None, at: datetime) -> Message | None:
        """Return the mail of a delivery; or settle it, when it is not to be sent or cannot be made."""
        delivery.edition = self._edition(delivery.edition_id)
        reason = _reason_to_skip(delivery, reader, at)
        try:
            if reader and not reason:
                return digest_message(delivery, reader)
        except Exception:  # one row that cannot be rendered, whatever the cause, does not stop the others
            logger.exception("Delivery %s cannot be rendered", delivery.pk)
            status = _settle(delivery, Status.FAILED, at, detail="cannot be rendered")
        else:
            status = _settle(delivery, Status.SKIPPED, at, skip_reason=reason or "")
        del self._untouched[delivery.pk]
        self.outcome[status] += 1
        return None

    def _edition(self, edition_id: int) -> Edition:
        # Its compiled mail is large, and the same for every reader.
        if edition_id not in self._editions:
            self._editions[edition_id] = Edition.objects.get(pk=edition_id)
        return self._editions[edition_id]

    def _hand_over(self, delivery: Delivery, message: Message) -> str:
        """Hand one delivery over and settle it; return the status it has now."""
        try:
            provider_id = self.mailer.hand_over(message)
        except (NotSent, RefusedForNow) as err:
            return _retry_later(delivery, err, self.clock())
        except Refused as err:
            return _settle(delivery, Status.FAILED, self.clock(), detail=str(err))
        except Uncertain as err:
            return _settle(delivery, Status.UNKNOWN, self.clock(), detail=str(err))
        return _settle(delivery, Status.ACCEPTED, self.clock(), detail="", provider_message_id=provider_id[:200])


def _reason_to_skip(delivery: Delivery, reader: Subscriber | None, at: datetime) -> Delivery.SkipReason | None:
    if reader is None:
        return Delivery.SkipReason.ERASED
    if not reader.is_active:
        return Delivery.SkipReason.UNSUBSCRIBED
    if Suppression.objects.covers(reader.email):
        return Delivery.SkipReason.SUPPRESSED
    if at > delivery.due_at + settings.NEWSLETTER_LATE_AFTER:
        return Delivery.SkipReason.LATE
    if reason := reason_not_wanted(delivery.edition, reader, delivery.due_at):
        return reason
    return None if delivery.picks else Delivery.SkipReason.NOTHING_RELEVANT


def _put_back(deliveries: Iterable[Delivery]) -> None:
    """Queue again what this process has taken and surely not sent."""
    _in_hand(list(deliveries)).update(status=Status.QUEUED, claim=None, lease_until=None, handed_over_at=None)


def _retry_later(delivery: Delivery, err: HandOverError, at: datetime) -> str:
    wait = min(FIRST_RETRY * 2 ** min(delivery.attempts - 1, 10), LAST_RETRY)
    return _update_in_hand(
        delivery, status=Status.QUEUED, next_attempt_at=at + wait, detail=str(err), handed_over_at=None
    )


def _settle(delivery: Delivery, status: Delivery.Status, at: datetime, **facts: str) -> str:
    if status not in {Status.ACCEPTED, Status.SKIPPED}:
        logger.warning("Delivery %s %s: %s", delivery.pk, status, facts.get("detail"))
    return _update_in_hand(delivery, status=status, settled_at=at, **facts)


def _update_in_hand(delivery: Delivery, *, status: Delivery.Status, **changes: object) -> str:
    if not _in_hand([delivery]).update(status=status, claim=None, lease_until=None, **changes):
        logger.error("Delivery %s was taken from this process before it became %s", delivery.pk, status)
    return status


def _in_hand(deliveries: Sequence[Delivery]) -> DeliveryQuerySet:
    """Those of `deliveries` that still bear the claim they were read with."""
    claims = {delivery.claim for delivery in deliveries}
    return Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries], claim__in=claims)
