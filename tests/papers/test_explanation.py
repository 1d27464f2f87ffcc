from datetime import UTC, datetime, timedelta

import pytest

from papers.explanation import explain
from papers.readings import Observed, Reading, columns
from papers.trending import Score, score_all

AT = datetime(2026, 11, 18, 18, 0, tzinfo=UTC)


def score(upvotes: int, comments: int) -> Score:
    """The score of a paper of today after a fortnight of papers with ten upvotes each."""
    listed = [AT.date() - timedelta(days=days) for days in range(1, 15)]
    before = [
        Observed(
            f"{day}-{number}",
            [Reading("hf", "upvotes", 10, datetime(day.year, day.month, day.day, 9, tzinfo=UTC))],
            listed_on=day,
        )
        for day in listed
        for number in range(3)
    ]
    readings = [Reading("hf", "upvotes", upvotes, AT), Reading("hf", "comments", comments, AT)]
    return score_all(columns([*before, Observed("it", readings, listed_on=AT.date())]), at=AT, window="day")["it"]


def test_the_steps_lead_to_the_points() -> None:
    for step in explain(score(40, 6).parts):
        assert step.points == pytest.approx(step.weight * (step.level + step.lift + 2), abs=0.01)
        assert not step.is_cut


def test_steps_say_what_is_usual_where_it_is_known() -> None:
    upvotes, comments = explain(score(40, 6).parts)
    assert (upvotes.name, upvotes.gain, upvotes.since) == ("upvotes", 40, "since yesterday")
    assert upvotes.usual is not None
    assert upvotes.times is not None
    assert upvotes.lift > 0
    assert (comments.usual, comments.times, comments.lift) == (None, None, 0.0)


def test_a_step_shows_where_the_half_took_something() -> None:
    upvotes = explain(score(100_000, 0).parts)[0]
    assert upvotes.is_cut
    assert upvotes.points < upvotes.reckoned
