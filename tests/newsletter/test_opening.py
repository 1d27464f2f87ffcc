from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.opening import LONGEST_SUBJECT, PREHEADER, opening_of, preheader_of, subject_of
from newsletter.reasons import Basis
from papers.text import collapse

titles = st.lists(st.text("Aλ漢🙂 ", min_size=1).map(lambda text: collapse(f"T{text * 9}")), min_size=1, max_size=20)
bases = st.lists(st.sampled_from(Basis), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("picked", "expected"),
    [
        ("T", "One paper today: it is what people are most excited about."),
        ("W", "One paper today: it matches what you asked for."),
        ("TTT", "All three are what people are most excited about today."),
        (
            "WTT",
            "Of the three papers today, one matches what you asked for and two are what people are most excited about.",
        ),
        (
            "TWALEO",
            (
                "Of the six papers today, one was picked by the editors, two match what you asked for, one is near "
                "what you like, one is what people are most excited about, and one is from outside your usual."
            ),
        ),
        ("W" * 13, "All 13 match what you asked for today."),
    ],
)
def test_the_first_sentence_says_what_the_picks_rest_on(picked: str, expected: str) -> None:
    by_letter = {
        "E": Basis.EDITORS,
        "W": Basis.WISHED,
        "A": Basis.WISHED,
        "L": Basis.TASTE,
        "T": Basis.TRENDING,
        "O": Basis.OUTSIDE,
    }
    assert opening_of([by_letter[letter] for letter in picked], is_week=False) == expected


def test_a_weekly_digest_opens_with_its_week() -> None:
    assert opening_of([Basis.TASTE] * 2, is_week=True) == "All two are near what you like this week."


@given(bases)
def test_what_it_counts_adds_up_whatever_the_order(chosen: list[Basis]) -> None:
    said = opening_of(chosen, is_week=False)
    assert said == opening_of(chosen[::-1], is_week=False)
    assert said.endswith(".")
    assert len(said) < 300


def test_the_subject_names_the_first_paper_and_how_many_more() -> None:
    assert subject_of(["Sorting in Space"]) == "Sorting in Space"
    assert subject_of(["Sorting in Space", "B", "C"]) == "Sorting in Space, and 2 more"


@given(titles)
def test_no_subject_is_too_long_to_be_shown(said: Sequence[str]) -> None:
    subject = subject_of(said)
    assert 0 < len(subject) <= LONGEST_SUBJECT
    assert len(said) == 1 or subject.endswith(f", and {len(said) - 1} more")


@given(titles, bases)
def test_beside_the_subject_stands_neither_nothing_nor_too_much(said: Sequence[str], chosen: list[Basis]) -> None:
    line = preheader_of(said, opening_of(chosen, is_week=False))
    assert PREHEADER.start <= len(line) < PREHEADER.stop


def test_beside_the_subject_stand_the_next_titles() -> None:
    said = ["First", "Sorting in Space", "A Walk in the Park", "Marmots", "Fifth"]
    assert preheader_of(said, "All five match.") == "Also: Sorting in Space; A Walk in the Park; Marmots."
    assert (
        preheader_of(["First", "B"], "All two match what you asked for.")
        == "Also: B. All two match what you asked for."
    )
    assert preheader_of(["First"], "One paper today: it matches what you asked for.").startswith("One paper today")
