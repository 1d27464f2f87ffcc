import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.opening import LONGEST_SUBJECT, NUMBERS, PREHEADER, opening_of, preheader_of, subject_of
from newsletter.reasons import Basis
from papers.text import collapse

titles = st.lists(st.text("Aλ漢🙂 ", min_size=1).map(lambda text: collapse(f"T{text * 9}")), min_size=1, max_size=20)
bases = st.lists(st.sampled_from(Basis), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("picked", "expected"),
    [
        ("T", "One paper for you: it is trending."),
        ("W", "One paper for you: it matches what you asked for."),
        ("TT", "Both are trending."),
        ("TTT", "All three are trending."),
        (
            "WTT",
            "Of these three papers, one matches what you asked for and two are trending.",
        ),
        (
            "TWALEO",
            (
                "Of these six papers, one was picked by the editors, two match what you asked for, one is near "
                "what you like, one is trending, and one is from outside your usual."
            ),
        ),
        ("W" * 13, "All 13 match what you asked for."),
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
    assert opening_of([by_letter[letter] for letter in picked]) == expected


@given(bases)
def test_what_it_counts_adds_up_whatever_the_order(chosen: list[Basis]) -> None:
    said = opening_of(chosen)
    assert said == opening_of(chosen[::-1])
    if len(set(chosen)) > 1:
        total, *parts = [number_of(word) for word in re.findall(r"\w+", said) if number_of(word)]
        assert total == len(chosen) == sum(parts)


def number_of(word: str) -> int:
    return NUMBERS.index(word) if word in NUMBERS else int(word) if word.isdecimal() else 0


def test_of_picks_whose_basis_is_not_known_nothing_is_claimed() -> None:
    assert opening_of(["", Basis.WISHED]) == "2 papers for you."
    assert opening_of([""]) == "One paper for you."


def test_the_subject_names_the_first_paper_and_how_many_more() -> None:
    assert subject_of(["Sorting in Space"]) == "Sorting in Space"
    assert subject_of(["Sorting in Space", "B", "C"]) == "Sorting in Space, and 2 more"
    cut = subject_of(["Sorting in Space Where Nobody Can Hear Whether One Element Is Larger Than Another", "B"])
    assert cut == "Sorting in Space Where Nobody Can Hear Whether One Element Is… and 1 more"


@given(titles)
def test_no_subject_is_too_long_to_be_shown(said: Sequence[str]) -> None:
    subject = subject_of(said)
    assert 0 < len(subject) <= LONGEST_SUBJECT
    assert len(said) == 1 or subject.endswith(f" and {len(said) - 1} more")


@example(["A", "B"], Basis.TRENDING)
@example(["A"], Basis.TRENDING)
@given(titles, st.sampled_from(Basis))
def test_beside_the_subject_stands_neither_nothing_nor_too_much(said: Sequence[str], basis: Basis) -> None:
    opening = opening_of([basis] * len(said))
    line = preheader_of(said, opening)
    assert line.count(opening) <= 1
    assert PREHEADER.start <= len(line) < PREHEADER.stop


def test_beside_the_subject_stand_the_next_titles() -> None:
    said = ["First", "Sorting in Space", "A Walk in the Park", "Marmots of the Alps and Elsewhere", "Too long " * 9]
    expected = "Also: Sorting in Space; A Walk in the Park; Marmots of the Alps and Elsewhere."
    assert preheader_of(said, "All five match.") == expected
    short = "Also: B. Both match what you asked for. The mail says why."
    assert preheader_of(["First", "B"], "Both match what you asked for.") == short
    assert preheader_of(["First"], "One paper for you: it matches what you asked for.").startswith("One paper for you")
