"""Made-up papers of four fields, and people who have to do with them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from newsletter.evaluation.events import Catalogue, Contest, Histories, Paper, weekly
from newsletter.evaluation.races import Race, fit_until_then

MONDAY = date(2026, 11, 23)
# What papers of four fields speak of; words of nobody are in between.
FIELDS = {
    "robots": "gripper arm walking balance torque joint",
    "speech": "voice speaker accent phoneme audio pitch",
    "proofs": "theorem lemma logic induction axiom prover",
    "images": "pixel texture camera segment colour edge",
}
FILLER = "we study show results method new data large better strong simple fast model learn train test"


def make_paper(number: int, field: str, listed_on: date, *, votes: int | None = 1) -> Paper:
    """A paper that speaks of its field, somewhat differently from all others."""
    chance = Random(number)  # noqa: S311  the same papers each time
    words = chance.choices(FIELDS[field].split(), k=6) + chance.choices(FILLER.split(), k=10)
    chance.shuffle(words)
    keyword = FIELDS[field].split()[0]
    return Paper(f"2611.{number:05}", f"{field} {words[0]}", " ".join(words), listed_on.toordinal(), (keyword,), votes)


def make_weeks(weeks: int = 6) -> tuple[Catalogue, Histories]:
    """Papers of four fields on each working day up to the week of MONDAY, and two people of each field.

    One writes every week's paper of Tuesday, the other that of Thursday.
    """
    papers: list[Paper] = []
    people: list[tuple[str, str]] = []
    for week in range(weeks):
        for day in range(5):
            for place, field in enumerate(FIELDS):
                listed_on = MONDAY - timedelta(weeks=weeks - 1 - week) + timedelta(days=day)
                paper = make_paper(len(papers), field, listed_on, votes=None if place == 3 else week + day + place)
                papers.append(paper)
                if day in (1, 3):
                    people.append((f"{field} {day}", paper.arxiv_id))
    catalogue = Catalogue.of(papers)
    return catalogue, make_histories(catalogue, people)


def make_histories(catalogue: Catalogue, people: Iterable[tuple[str, str]]) -> Histories:
    places = {paper.arxiv_id: place for place, paper in enumerate(catalogue.papers)}
    histories: Histories = {}
    for user, arxiv_id in people:
        histories.setdefault(user, []).append(places[arxiv_id])
    return {user: sorted(of_user) for user, of_user in histories.items()}


def this_week(catalogue: Catalogue, histories: Histories) -> list[Contest]:
    return weekly(catalogue, histories, MONDAY, MONDAY + timedelta(days=6))


def race(**changes: Any) -> Race:
    catalogue, histories = make_weeks()
    [contest] = this_week(catalogue, histories)
    contest = replace(contest, **changes)
    return Race(catalogue, contest, fit_until_then(catalogue, contest))
