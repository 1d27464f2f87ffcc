"""A contest as the service itself would rank it: the offer, everybody's taste, and what every method may know. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from newsletter.evaluation.events import Catalogue, Contest, Event
from newsletter.evaluation.figures import Figures, measure
from newsletter.offer import Candidate, Offer
from newsletter.relevance import Taste
from papers.text import plain
from papers.text_model import TextModel, fit
from subscribers.preferences import Said

Scores = NDArray[np.floating]
# The final scores of each candidate of an offer, in its order, for each reader.
Ranker = Callable[[Offer, Sequence[Taste]], Scores]
# Makes the model a contest is ranked with.
Fitter = Callable[[Catalogue, Contest], TextModel]


def fit_until_then(catalogue: Catalogue, contest: Contest) -> TextModel:
    """Return the model of all papers listed up to the contest's last day, candidates included."""
    count = catalogue.until(contest.day)
    return fit(np.arange(count), catalogue.days[:count], catalogue.counts[:count], "evaluation")


@dataclass(frozen=True)
class Race:
    """A contest, and the model it is ranked with. Scores are events × candidates, candidates by arXiv id."""

    catalogue: Catalogue
    contest: Contest
    model: TextModel

    @cached_property
    def places(self) -> list[int]:
        """The candidates by arXiv id, so that among equals the lower id comes first."""
        return sorted(self.contest.candidates, key=lambda place: self.catalogue.papers[place].arxiv_id)

    @cached_property
    def votes(self) -> Scores:
        """The early upvotes of each candidate; where nobody counted, the median of those where somebody did."""
        votes = [self.catalogue.papers[place].early_upvotes for place in self.places]
        usual = float(np.median([count for count in votes if count is not None] or [0]))
        return np.array([usual if count is None else count for count in votes])

    @cached_property
    def attention(self) -> Scores:
        """Votes on a logarithmic scale, as the service counts them."""
        return np.log1p(self.votes)

    @cached_property
    def tastes(self) -> list[Taste]:
        """What each event's person is taken to have liked: their papers so far, each on its day."""
        return [self.taste(*event.history) for event in self.contest.events]

    def taste(self, *liked: int) -> Taste:
        return Taste(said=tuple(Said(place, "more", int(self.catalogue.days[place])) for place in liked))

    def offer(self, attention: Scores) -> Offer:
        """Return the candidates as an edition's: the most attention first."""
        order = np.argsort(-attention, kind="stable")
        candidates = [
            Candidate(self.places[place], rank, float(attention[place]), text=self._text(self.places[place]))
            for rank, place in enumerate(order, start=1)
        ]
        return Offer(candidates, self.model, self.contest.day)

    def by_id(self, offer: Offer, scores: Scores) -> Scores:
        """Return scores that are in the offer's order by arXiv id."""
        return scores[:, [offer.places[place] for place in self.places]]

    def order(self, event: Event, scores: Scores) -> list[int]:
        """Return the candidates by `scores`, without those that the person knows from before."""
        ranking = [self.places[place] for place in np.argsort(-scores, kind="stable")]
        return [place for place in ranking if place not in event.history]

    def measure(self, scores: Scores) -> list[Figures]:
        """Return what the ranking by `scores` is worth in each event."""
        return [
            measure(self.order(event, of_event), event.targets)
            for event, of_event in zip(self.contest.events, scores, strict=True)
        ]

    def _text(self, place: int) -> str:
        paper = self.catalogue.papers[place]
        return plain(paper.title, paper.abstract, *paper.keywords)

    @cached_property
    def counts(self) -> csr_matrix:
        """How often each paper listed so far has each term that at least two of them have."""
        counts = self.catalogue.counts[: len(self.model.paper_ids)]
        _, columns, papers_with = np.unique(counts.indices, return_inverse=True, return_counts=True)
        compact = csr_matrix((counts.data, columns, counts.indptr), (counts.shape[0], len(papers_with)))
        return compact[:, papers_with >= 2]
