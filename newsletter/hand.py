"""What a sending process has in hand: the deliveries of one claim, and how it went with each."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from newsletter.claiming import put_back
from newsletter.models import Delivery
from newsletter.settling import Outcome, persist, settle, settle_and_hand_over


class Hand:
    """The deliveries of one claim. Those that are `untouched` have surely not left; of the others it is noted how it
    went, which is written down together with the next hand-over, or at the end.
    """

    def __init__(self, claimed: Iterable[Delivery]) -> None:
        self.untouched: dict[UUID, Delivery] = {delivery.pk: delivery for delivery in claimed}
        self.noted: list[Outcome] = []
        self._unwritten: list[Outcome] = []

    def let_go(self, delivery: Delivery) -> None:
        """A delivery may have left from now on."""
        del self.untouched[delivery.pk]

    def take_back(self, delivery: Delivery) -> None:
        """A delivery has surely not left after all."""
        self.untouched[delivery.pk] = delivery

    def note(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self.untouched.pop(outcome.delivery.pk, None)
            self.noted.append(outcome)
            self._unwritten.append(outcome)

    def hand_over(self, deliveries: Sequence[Delivery], at: datetime) -> int:
        """Write down how it went so far, and mark those of `deliveries` as leaving that may; return how many do."""
        count = settle_and_hand_over(self._unwritten, deliveries, at)
        self._unwritten.clear()
        for delivery in deliveries:
            delivery.handed_over_at = at
        return count

    def write_down(self, at: datetime) -> None:
        """Write down how it went so far, as soon as the database can be reached."""
        persist(partial(settle, self._unwritten, at))
        self._unwritten.clear()

    def put_down(self, at: datetime) -> None:
        """Write down how it went and put back what is untouched, as soon as the database can be reached."""
        self.write_down(at)
        persist(partial(put_back, list(self.untouched.values())))
        self.untouched.clear()
