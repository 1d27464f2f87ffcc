"""Gets queued deliveries out: claim, check, hand over, settle. A killed process loses nothing and doubles nothing.

What has been claimed has not left. What is handed over is committed as such before the first byte leaves, so a row
found handed over with nobody behind it may have left, and is never sent again by itself.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.conf import settings

from mail import throttle
from mail.message import Message
from mail.outcomes import AccountBroken, HandOverError, NotSent, Refused, RefusedForNow, Uncertain
from mail.transport import Mailer
from newsletter.claiming import CLAIM_SIZE, claim, in_hand
from newsletter.due import reason_to_skip
from newsletter.hand import Hand
from newsletter.joining import CompiledDigest
from newsletter.models import Delivery, Edition
from newsletter.rendering import digest_message
from newsletter.settling import (
    Outcome,
    accepted,
    failed,
    log_trouble,
    note_hard_refusals,
    retried,
    skipped,
    unknown,
)
from newsletter.storms import BAD, pause_for_account, pause_in_storm
from subscribers.models import Suppression

logger = logging.getLogger(__name__)

A_LITTLE_LATER = timedelta(seconds=10)

Clock = Callable[[], datetime]
Status = Delivery.Status


def send_due(clock: Clock, *, until: datetime, is_stopping: Callable[[], bool] = bool) -> Counter[str]:
    """Send what is due, until nothing is, `until` has come or `is_stopping`; return how many went to which status."""
    if not throttle.is_open(clock()):
        return Counter()
    with Mailer() as mailer:
        sender = Sender(mailer, clock, until, is_stopping)
        while sender.goes_on() and (claimed := claim(clock(), throttle.at_once(CLAIM_SIZE))):
            if not sender.send(claimed):
                break
    if sender.counts:
        logger.info("Deliveries: %s", ", ".join(f"{count} {status}" for status, count in sorted(sender.counts.items())))
    return sender.counts


class Sender:
    """Sends claimed deliveries over one connection, and counts which status they went to.

    What it does not get to, because time is up, mail is held back or the connection is lost, goes back to the queue.
    """

    def __init__(self, mailer: Mailer, clock: Clock, until: datetime, is_stopping: Callable[[], bool]) -> None:
        self.mailer = mailer
        self.clock = clock
        self.until = until
        self.is_stopping = is_stopping
        self.counts: Counter[str] = Counter()
        self._editions: dict[int, tuple[Edition, CompiledDigest]] = {}
        self._hand = Hand([])
        # Messages of this claim that the other side had to do with.
        self._answered = 0
        self._is_slowed = False

    def goes_on(self) -> bool:
        return self.clock() < self.until and not self.is_stopping()

    def send(self, claimed: Sequence[Delivery]) -> bool:
        """Send what one claim took; return whether there is reason to claim more."""
        self._hand = Hand(claimed)
        at = self.clock()
        # What is not to be sent waits for nobody's turn.
        wanted = [delivery for delivery in claimed if self._is_wanted(delivery, at)]
        slots = throttle.reserve(len(wanted), at)
        is_open = slots.count == len(wanted)
        try:
            is_open = self._send_in_windows(wanted[: slots.count], slots) and is_open
        except NotSent as err:
            logger.warning("No connection to the mail server: %s", err)
            self._put_off(err)
            is_open = False
        except RefusedForNow as err:
            self._put_off(err, not_before=self._pause_for_all(err))
            is_open = False
        except AccountBroken as err:
            pause_for_account(
                {delivery.edition_id for delivery in self._hand.untouched.values()}, str(err), self.clock()
            )
            is_open = False
        finally:
            is_open = self._finish(slots) and is_open
        return is_open

    def _put_off(self, err: HandOverError, *, not_before: datetime | None = None) -> None:
        """Note that what has not left is tried again later."""
        at = self.clock()
        self._hand.note(*[retried(one, str(err), at, not_before=not_before) for one in self._hand.untouched.values()])

    def _is_wanted(self, delivery: Delivery, at: datetime) -> bool:
        """Whether a delivery is to be sent as far as its claim told; noted if it is not."""
        delivery.edition = self._edition(delivery.edition_id)[0]
        if reason := reason_to_skip(delivery, delivery.subscriber, at):
            self._hand.note(skipped(delivery, reason))
        return not reason

    def _send_in_windows(self, deliveries: Sequence[Delivery], slots: throttle.Slots) -> bool:
        # Who is held back has the time to write down each message.
        size = 1 if slots.spacing else settings.NEWSLETTER_WINDOW
        for start in range(0, len(deliveries), size):
            if not self._wait_until(slots.at(start)):
                return False
            self.mailer.open()
            if not self._send_window(deliveries[start : start + size]):
                return False
        return True

    def _wait_until(self, moment: datetime) -> bool:
        """Wait for `moment`; return whether sending goes on then."""
        if moment > self.clock():
            self._hand.write_down(self.clock())
        while self.goes_on():
            if (wait := (moment - self.clock()).total_seconds()) <= 0:
                return True
            time.sleep(min(wait, 1))
        return False

    def _send_window(self, window: Sequence[Delivery]) -> bool:
        """Hand a window over; return whether there is time for more, and the other side takes it."""
        at = self.clock()
        ready = [(delivery, message) for delivery in window if (message := self._message(delivery, at))]
        leaving = self._commit_hand_over(ready, at)
        for delivery, message in leaving:
            # Long before somebody else takes it for unknown.
            if not self.goes_on() or self.clock() - at > settings.NEWSLETTER_LEASE / 2:
                return False
            self._hand.let_go(delivery)
            if not self._hand_over(delivery, message):
                return False
        # When nothing of a window may leave, perhaps nothing may at all.
        return bool(leaving) or not ready or throttle.is_open(at)

    def _message(self, delivery: Delivery, at: datetime) -> Message | None:
        """Return the mail of a delivery; None, with that noted, when it cannot be made."""
        if delivery.subscriber is None:
            raise ValueError(f"Delivery {delivery.pk} is nobody's.")
        compiled = self._edition(delivery.edition_id)[1]
        try:
            message = digest_message(delivery, delivery.subscriber, compiled, at)
            self.mailer.build(message)
        except (LookupError, ValueError, TypeError, AttributeError):
            # One that cannot be made does not stop the others.
            logger.exception("Delivery %s cannot be rendered", delivery.pk)
            self._hand.note(failed(delivery, "cannot be rendered"))
            return None
        return message

    def _edition(self, edition_id: int) -> tuple[Edition, CompiledDigest]:
        # Its compiled mail is large, and the same for every reader.
        if edition_id not in self._editions:
            edition = Edition.objects.get(pk=edition_id)
            self._editions[edition_id] = edition, CompiledDigest(edition.fragments, is_own=True)
        return self._editions[edition_id]

    def _commit_hand_over(
        self, ready: Sequence[tuple[Delivery, Message]], at: datetime
    ) -> Sequence[tuple[Delivery, Message]]:
        """Write down how the last window went, and mark as handed over what of `ready` may still go out; return it."""
        deliveries = [delivery for delivery, _ in ready]
        if self._hand.hand_over(deliveries, at) == len(ready):
            return ready
        leaving = set(in_hand(deliveries).filter(status=Status.HANDED_OVER).values_list("pk", flat=True))
        self._look_again([delivery for delivery in deliveries if delivery.pk not in leaving], at)
        return [(delivery, message) for delivery, message in ready if delivery.pk in leaving]

    def _look_again(self, deliveries: Sequence[Delivery], at: datetime) -> None:
        """Note why `deliveries` may not leave after all.

        What waits with its edition is put back; what only changed is tried again a little later.
        """
        sending = set(Edition.objects.sending().values_list("pk", flat=True)) if throttle.is_open(at) else set()
        for delivery in in_hand(deliveries).select_related("subscriber"):
            delivery.edition = self._edition(delivery.edition_id)[0]
            reader = delivery.subscriber
            is_suppressed = reader is not None and Suppression.objects.covers(reader.email)
            reason = Delivery.SkipReason.SUPPRESSED if is_suppressed else reason_to_skip(delivery, reader, at)
            if reason:
                self._hand.note(skipped(delivery, reason))
            elif delivery.edition_id in sending:
                self._hand.note(retried(delivery, "something changed", at, not_before=at + A_LITTLE_LATER))

    def _hand_over(self, delivery: Delivery, message: Message) -> bool:
        """Hand one message over and note how that went; return whether the other side takes more."""
        try:
            provider_id = self.mailer.hand_over(message)
        except Refused as err:
            self._hand.note(failed(delivery, str(err), is_hard=err.is_hard))
        except Uncertain as err:
            self._hand.note(unknown(delivery, str(err)))
        except AccountBroken as err:
            self._hand.take_back(delivery)
            pause_for_account([delivery.edition_id], str(err), self.clock())
            return False
        except RefusedForNow as err:
            return self._try_later(delivery, err)
        except NotSent as err:
            self._hand.note(retried(delivery, str(err), self.clock()))
            return True
        else:
            self._hand.note(accepted(delivery, provider_id))
        self._answered += 1
        return True

    def _try_later(self, delivery: Delivery, err: RefusedForNow) -> bool:
        self._answered += 1
        until = self._pause_for_all(err) if err.is_about_us else None
        self._hand.note(retried(delivery, str(err), self.clock(), not_before=until))
        return until is None

    def _pause_for_all(self, err: RefusedForNow) -> datetime:
        """Let no process send for a while; return until when."""
        until = throttle.slow_down(self.clock(), err.retry_after)
        self._is_slowed = True
        logger.warning("The mail provider asks for a pause until %s: %s", until, err)
        return until

    def _finish(self, slots: throttle.Slots) -> bool:
        """Write down how it went and put back what did not leave; return whether anything came of it."""
        at = self.clock()
        self._hand.put_down(at)
        went = self._hand.noted
        self.counts.update(outcome.status for outcome in went)
        answered, self._answered = self._answered, 0
        throttle.give_back(slots.count - answered, at)
        if slots.was_slowed and not self._is_slowed and any(outcome.status == Status.ACCEPTED for outcome in went):
            throttle.note_accepted()
        log_trouble(went)
        stormy = self._pause_where_it_storms(went, at)
        # Who refuses everybody does not mean the mailbox.
        note_hard_refusals([outcome for outcome in went if outcome.delivery.edition_id not in stormy], at)
        return bool(went)

    def _pause_where_it_storms(self, went: Sequence[Outcome], at: datetime) -> set[int]:
        bad = [outcome.delivery.edition_id for outcome in went if outcome.status in BAD]
        suspects = set(bad) if 2 * len(bad) >= len(went) else set()
        return {edition_id for edition_id in suspects if pause_in_storm(edition_id, at)}
