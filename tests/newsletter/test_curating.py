"""The steps by which editors change a draft."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from newsletter import curating
from newsletter.curating import NotDone
from newsletter.editions import close_edition, refresh_draft
from newsletter.models import Edition, EditionEntry
from papers.models import TrendingScore
from papers.scoring import score_due
from tests.factories import NOW, TODAY, make_paper
from tests.newsletter.desk import draft_of, entry_of, make_draft, titles

pytestmark = pytest.mark.django_db


def move(draft: Edition, title: str, place: int) -> str:
    return curating.move_to(draft.pk, entry_of(draft, title).pk, place)


STEPS: dict[str, Callable[[int, int], str]] = {
    "move": lambda edition, entry: curating.move_to(edition, entry, 1),
    "follow": curating.follow_scores,
    "pin": curating.pin,
    "unpin": curating.unpin,
    "hide": curating.hide,
    "unhide": curating.unhide,
    "note": lambda edition, entry: curating.set_note(edition, entry, "Good."),
}


def state(draft: Edition) -> list[tuple[object, ...]]:
    facts = ("paper_id", "place", "position", "is_pinned", "is_hidden", "note")
    return list(draft.entries.in_order().values_list(*facts))


# --- The order ------------------------------------------------------------------------------------------------------


def test_an_entry_moves_to_the_place_it_is_given() -> None:
    draft = draft_of("A", "B", "C", "D")
    assert move(draft, "D", 2) == "Moved “D” to place 2"
    assert titles(draft) == ["A", "D", "B", "C"]


def test_a_place_beyond_the_end_is_the_last() -> None:
    draft = draft_of("A", "B", "C")
    assert move(draft, "A", 99) == "Moved “A” to place 3"
    assert titles(draft) == ["B", "C", "A"]


def test_what_is_not_pinned_stays_below_what_is() -> None:
    draft = draft_of("A", "B", "C")
    curating.pin(draft.pk, entry_of(draft, "B").pk)
    assert move(draft, "C", 1) == "Moved “C” to place 2"
    assert titles(draft) == ["B", "C", "A"]


def test_a_moved_entry_stays_where_it_was_put_when_others_move() -> None:
    draft = draft_of("A", "B", "C", "D")
    move(draft, "D", 1)
    move(draft, "C", 2)
    assert titles(draft) == ["D", "C", "A", "B"]


def test_following_the_scores_again_leads_back_to_the_rank() -> None:
    draft = draft_of("A", "B", "C")
    move(draft, "C", 1)
    assert curating.follow_scores(draft.pk, entry_of(draft, "C").pk) == "Let “C” follow the scores again"
    assert titles(draft) == ["A", "B", "C"]


def test_what_is_left_out_has_no_place_to_move_to() -> None:
    draft = draft_of("A", "B")
    curating.hide(draft.pk, entry_of(draft, "B").pk)
    with pytest.raises(NotDone, match="does not go out"):
        move(draft, "B", 1)


@given(st.lists(st.tuples(st.sampled_from([*STEPS, "down"]), st.integers(0, 5)), max_size=12))
def test_places_count_from_one_whatever_editors_do(steps: list[tuple[str, int]]) -> None:
    draft = Edition.objects.filter(period=TODAY.isoformat()).first() or draft_of(*"ABCDEF")
    entries = list(draft.entries.order_by("pk"))
    for step, number in steps:
        act = STEPS.get(step) or (lambda edition, entry: curating.move_to(edition, entry, 4))
        try:
            act(draft.pk, entries[number].pk)
        except NotDone:
            assert not entries[number].goes_out or draft.entries.get(pk=entries[number].pk).is_hidden
    stored = list(draft.entries.in_order())
    assert [entry.place for entry in stored] == [1, 2, 3, 4, 5, 6]
    assert [entry.is_hidden for entry in stored] == sorted(entry.is_hidden for entry in stored)
    out = [entry.is_pinned for entry in stored if not entry.is_hidden]
    assert out == sorted(out, reverse=True)


# --- Each step ------------------------------------------------------------------------------------------------------


def test_a_pinned_entry_comes_first_and_an_unpinned_one_goes_back() -> None:
    draft = draft_of("A", "B")
    entry = entry_of(draft, "B")
    assert curating.pin(draft.pk, entry.pk) == "Pinned “B”"
    assert titles(draft) == ["B", "A"]
    assert curating.unpin(draft.pk, entry.pk) == "Unpinned “B”"
    assert titles(draft) == ["A", "B"]


def test_what_is_left_out_goes_to_nobody_until_it_is_taken_in_again() -> None:
    draft = draft_of("A", "B")
    entry = entry_of(draft, "A")
    assert curating.hide(draft.pk, entry.pk) == "Left “A” out"
    assert titles(draft) == ["B"]
    assert curating.unhide(draft.pk, entry.pk) == "Took “A” in again"
    assert titles(draft) == ["A", "B"]


def test_a_note_is_one_line_of_characters_that_a_mail_can_hold() -> None:
    draft = draft_of("A")
    entry = entry_of(draft, "A")
    done = curating.set_note(draft.pk, entry.pk, " Read\r\nsection\x00 3\uffff\u202e. ")
    assert draft.entries.get().note == "Read section 3."
    assert done == "Noted on “A”: Read section 3."
    assert curating.set_note(draft.pk, entry.pk, "  ") == "Took the note off “A”"
    assert draft.entries.get().note == ""


@pytest.mark.parametrize("step", STEPS)
def test_twice_is_once(step: str) -> None:
    draft = draft_of("A", "B", "C")
    entry = entry_of(draft, "C")
    STEPS[step](draft.pk, entry.pk)
    once = state(draft)
    assert STEPS[step](draft.pk, entry.pk) == ""
    assert state(draft) == once


@pytest.mark.parametrize("step", STEPS)
def test_an_entry_that_left_the_draft_is_told_and_nothing_else_changes(step: str) -> None:
    draft = draft_of("A", "B", "C")
    entry = entry_of(draft, "B")
    entry.delete()
    before = state(draft)
    with pytest.raises(NotDone, match="has left the draft"):
        STEPS[step](draft.pk, entry.pk or 10**6)
    assert state(draft) == before


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", [Edition.Status.CLOSING, Edition.Status.CLOSED, Edition.Status.CANCELLED])
def test_nothing_is_changed_once_the_draft_closes(step: str, status: Edition.Status) -> None:
    draft = draft_of("A", "B")
    entry = entry_of(draft, "B")
    Edition.objects.update(status=status, closing_at=NOW)
    before = state(draft)
    with pytest.raises(NotDone, match="no draft any more"):
        STEPS[step](draft.pk, entry.pk)
    assert state(draft) == before


@pytest.mark.parametrize("step", STEPS)
def test_closing_and_scores_wait_until_a_step_is_done(step: str) -> None:
    draft = draft_of("A", "B")
    entry = entry_of(draft, "B")
    with CaptureQueriesContext(connection) as queries:
        STEPS[step](draft.pk, entry.pk)
    locking = [query["sql"] for query in queries if "FOR UPDATE" in query["sql"]]
    # SQLite has one writer at a time, and no such lock.
    assert len(locking) == int(connection.features.has_select_for_update)


def test_an_entry_of_another_edition_is_none_of_this_one() -> None:
    draft, other = draft_of("A"), draft_of("B", day=TODAY - timedelta(days=1))
    with pytest.raises(NotDone):
        curating.pin(draft.pk, entry_of(other, "B").pk)
    assert not entry_of(other, "B").is_pinned


# --- Adding ---------------------------------------------------------------------------------------------------------


def test_a_paper_is_added_last_with_the_score_it_has() -> None:
    draft = draft_of("A", "B")
    paper = make_paper(title="New")
    parts = [{"kind": "stars", "gain": 3, "points": 1.5}]
    known = {"window": "day", "version": "2", "scored_at": NOW}
    for day, score in ((TODAY - timedelta(days=1), 9.9), (TODAY, 1.5)):
        TrendingScore.objects.create(paper=paper, day=day, score=score, parts=parts, **known)
    assert curating.add_paper(draft.pk, paper.pk) == "Added “New”"
    assert titles(draft) == ["A", "B", "New"]
    entry = entry_of(draft, "New")
    assert (entry.rank, entry.place, entry.score, entry.parts) == (3, 3, 1.5, parts)


def test_papers_that_nobody_talks_about_are_added_without_a_score_and_stay() -> None:
    draft = draft_of("A")
    for title in ("Quiet", "Silent"):
        curating.add_paper(draft.pk, make_paper(title=title, upvotes=None).pk)
    score_due(NOW)
    refresh_draft(draft.pk)
    assert titles(draft) == ["A", "Quiet", "Silent"]
    assert [entry.score for entry in draft.entries.in_order()][1:] == [0.0, 0.0]


def test_an_added_paper_moves_like_any_other() -> None:
    draft = draft_of("A", "B")
    curating.add_paper(draft.pk, make_paper(title="New").pk)
    move(draft, "New", 1)
    assert titles(draft) == ["New", "A", "B"]


def test_a_paper_is_not_added_twice() -> None:
    draft = draft_of("A", "B")
    with pytest.raises(NotDone, match="“B” is in this edition already, at place 2 of it"):
        curating.add_paper(draft.pk, entry_of(draft, "B").paper_id)
    curating.hide(draft.pk, entry_of(draft, "B").pk)
    with pytest.raises(NotDone, match="left out of it"):
        curating.add_paper(draft.pk, entry_of(draft, "B").paper_id)
    assert draft.entries.count() == 2


def test_a_paper_that_is_hidden_everywhere_or_gone_is_not_added() -> None:
    draft = make_draft()
    with pytest.raises(NotDone, match="hidden everywhere"):
        curating.add_paper(draft.pk, make_paper(is_hidden=True).pk)
    with pytest.raises(NotDone, match="is gone"):
        curating.add_paper(draft.pk, 10**6)
    assert not EditionEntry.objects.exists()


# --- Words ----------------------------------------------------------------------------------------------------------


def test_the_words_of_an_edition_are_set_and_taken_away() -> None:
    draft = draft_of("A")
    done = curating.set_words(draft.pk, " A quiet\nday. ", "One\x00\r\n\r\n\r\n\r\nTwo  \nlines\uffff\n\n")
    draft.refresh_from_db()
    assert (draft.opening_line, draft.header_note) == ("A quiet day.", "One\n\nTwo\nlines")
    assert done == "Set the opening line: A quiet day.; Set the header note: One Two lines"
    assert curating.set_words(draft.pk, draft.opening_line, draft.header_note) == ""
    assert curating.set_words(draft.pk, "", draft.header_note) == "Took the opening line away"


def test_words_come_too_late_for_an_edition_that_closed() -> None:
    draft = draft_of("A")
    close_edition(draft.pk, NOW)
    with pytest.raises(NotDone):
        curating.set_words(draft.pk, "Late", "")
    assert Edition.objects.get().opening_line == ""
