"""The order of an edition: from what the scores say and what editors want. Pure."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar


class Wish(Protocol):
    """A paper of an edition, as far as its order goes; ranks are unique in an edition."""

    rank: int
    position: int | None
    is_pinned: bool

    @property
    def goes_out(self) -> bool: ...


Entry = TypeVar("Entry", bound=Wish)


def arrange(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries in the order in which they go out.

    Pinned ones come first, what does not go out last. Whatever has a position stands at it, counted from 1 over all, as
    far as there are so many; the others fill the places that are left, by rank. Of two at one position the better
    ranked comes first.
    """
    ranked = sorted(entries, key=lambda entry: entry.rank)
    pinned = [entry for entry in ranked if entry.goes_out and entry.is_pinned]
    others = [entry for entry in ranked if entry.goes_out and not entry.is_pinned]
    left_out = [entry for entry in ranked if not entry.goes_out]
    return [*_fill(pinned, first=1), *_fill(others, first=len(pinned) + 1), *left_out]


def move(entries: Sequence[Entry], moved: Entry, place: int) -> None:
    """Give `moved` the place, counted from 1, and let what else was put at a place stand where it then does.

    `entries` are those that go out, in order. A pinned one stays among the pinned, another one below them.
    """
    order = [entry for entry in entries if entry is not moved]
    order.insert(max(place - 1, 0), moved)
    order.sort(key=lambda entry: not entry.is_pinned)
    for number, entry in enumerate(order, start=1):
        if entry is moved or entry.position is not None:
            entry.position = number


def _fill(entries: Sequence[Entry], first: int) -> list[Entry]:
    """Order entries, which come by rank, at places from `first` on."""
    order = [entry for entry in entries if entry.position is None]
    placed = [(entry.position, entry) for entry in entries if entry.position is not None]
    last = -1
    for position, entry in sorted(placed, key=lambda pair: pair[0]):
        last = max(position - first, last + 1)
        order.insert(last, entry)
    return order
