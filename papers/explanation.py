"""The trending score of one paper, step by step, as a page can show it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from papers.trending import LIFT_BOUNDS, NAMES, WEIGHT_OF, Part


@dataclass(frozen=True)
class Step:
    """What one kind of signal did: the figures of the formula, and the points that came of them.

    `usual`, and `times` with it, is None where too few papers are known to compare with. `reckoned` are the points
    before the limit that no signal makes more than half of a score.
    """

    name: str
    gain: int
    since: str
    decayed: float
    usual: float | None
    times: float | None
    cohort: str
    level: float
    lift: float
    weight: float
    reckoned: float
    points: float

    @property
    def is_cut(self) -> bool:
        """Whether the limit took something away."""
        return self.reckoned - self.points > 0.01


def explain(parts: Sequence[Part]) -> list[Step]:
    """Return the steps of the signals among `parts`, most points first; the other parts are not made by a formula."""
    return [_step(part) for part in parts if part["kind"] in WEIGHT_OF]


def _step(part: Part) -> Step:
    weight, level = WEIGHT_OF[part["kind"]], log2(1 + part["decayed"])
    times = part.get("times")
    lift = min(max(log2(times), LIFT_BOUNDS[0]), LIFT_BOUNDS[1]) if times else 0.0
    return Step(
        name=NAMES[part["kind"]][1],
        gain=part["gain"],
        since=part["since"],
        decayed=part["decayed"],
        usual=part.get("usual"),
        times=times,
        cohort=part.get("cohort", ""),
        level=level,
        lift=lift,
        weight=weight,
        reckoned=weight * (level + lift - LIFT_BOUNDS[0]),
        points=part["points"],
    )
