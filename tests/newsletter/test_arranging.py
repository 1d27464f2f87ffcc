from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from newsletter.arranging import arrange, move


@dataclass(eq=False)
class Entry:
    rank: int
    position: int | None = None
    is_pinned: bool = False
    goes_out: bool = True


@st.composite
def editions(draw: st.DrawFn) -> list[Entry]:
    ranks = draw(st.permutations(range(1, draw(st.integers(1, 12)) + 1)))
    positions, flag = st.none() | st.integers(1, 15), st.booleans()
    return [Entry(rank, draw(positions), draw(flag), draw(flag)) for rank in ranks]


def ranks(entries: list[Entry]) -> list[int]:
    return [entry.rank for entry in entries]


def test_without_wishes_the_rank_is_the_order() -> None:
    assert ranks(arrange([Entry(3), Entry(1), Entry(2)])) == [1, 2, 3]


def test_what_has_a_position_stands_at_it_and_the_others_fill_the_rest() -> None:
    assert ranks(arrange([Entry(1, position=3), Entry(2), Entry(3), Entry(4, position=1)])) == [4, 2, 1, 3]


def test_of_two_at_one_position_the_better_ranked_comes_first() -> None:
    assert ranks(arrange([Entry(1), Entry(2, position=1), Entry(3, position=1)])) == [2, 3, 1]


def test_pinned_ones_come_first_and_what_does_not_go_out_last() -> None:
    entries = [Entry(1, goes_out=False), Entry(2), Entry(3, is_pinned=True), Entry(4, position=1)]
    assert ranks(arrange(entries)) == [3, 4, 2, 1]


@given(editions(), st.randoms())
def test_each_entry_is_there_once_whatever_order_they_came_in(entries: list[Entry], random: object) -> None:
    order = arrange(entries)
    assert sorted(ranks(order)) == sorted(ranks(entries))
    assert ranks(arrange(entries[::-1])) == ranks(order)


@given(editions(), st.integers(0, 20), st.data())
def test_what_is_moved_stands_there_and_the_others_keep_their_order(
    entries: list[Entry], place: int, data: st.DataObject
) -> None:
    order = [entry for entry in arrange(entries) if entry.goes_out]
    if not order:
        return
    moved = data.draw(st.sampled_from(order))
    move(order, moved, place)
    after = arrange(order)
    assert [entry for entry in after if entry is not moved] == [entry for entry in order if entry is not moved]
    pinned = sum(entry.is_pinned for entry in order)
    lowest, highest = (1, pinned) if moved.is_pinned else (pinned + 1, len(order))
    assert after.index(moved) + 1 == min(max(place, lowest), highest)
