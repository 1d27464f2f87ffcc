"""What we think a reader likes: their papers, words and wishes, in the very numbers that papers are ranked by."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import numpy as np

from newsletter.choosing import choose_for, taste_of
from newsletter.offer import BACKGROUND, Offer
from newsletter.preview import OnOffer, what_is_on_offer
from newsletter.relevance import Case, reckon
from papers.modelling import current_text_model
from papers.models import Paper, Topic
from papers.text_model import NOTHING, Text, hash_terms, terms_of
from subscribers.models import Feedback, Subscriber
from subscribers.preferences import read_preferences

WORDS = 20


class Word(NamedTuple):
    """A word, or a pair of neighbouring words, of liked papers, and what it weighs in the taste."""

    term: str
    weight: float


class Wish(NamedTuple):
    """A stated interest and its share of the taste: None where no paper of the past year has its words."""

    phrase: str
    share: float | None


@dataclass(frozen=True)
class PaperSaidOf:
    """A paper and what somebody said of it; its share of the taste, None while the text model does not hold it."""

    paper: Paper
    kinds: list[Feedback.Kind]
    said_on: date
    share: float | None = None


@dataclass(frozen=True)
class Interests:
    """What we think somebody likes. Papers and wishes with most weight come first; hidden papers are left out."""

    liked: list[PaperSaidOf]
    less: list[PaperSaidOf]
    words: list[Word]
    wishes: list[Wish]
    authors: list[str]
    topics: list[Topic]
    muted: list[str]
    ignored: list[str]
    automated: list[Feedback]
    has_model: bool

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that tells what they like."""
        return not (self.liked or self.less or self.wishes or self.authors or self.topics)


@dataclass(frozen=True)
class Reckoning:
    """How the points of a reader stand at the moment, and the edition they are about, where there is one."""

    case: Case
    on_offer: OnOffer | None
    picks: list[int]
    reasons: Mapping[int, str]


def read_reckoning(reader: Subscriber, at: datetime) -> Reckoning:
    """Return how the points of `reader` stand at `at`, reckoned as for the digest they would get now."""
    preferences = read_preferences([reader])[reader.pk]
    on_offer = what_is_on_offer(at, reader)
    offer = on_offer.offer if on_offer else Offer([], current_text_model() or NOTHING, at.date().toordinal())
    seen = on_offer.seen if on_offer else ()
    taste = taste_of(preferences, seen)
    chosen = choose_for(preferences, offer, seen)
    return Reckoning(
        case=Case(offer, reckon(offer, [taste]), taste, 0),
        on_offer=on_offer,
        picks=[pick["paper_id"] for pick in chosen],
        reasons={pick["paper_id"]: pick["reason"] for pick in chosen},
    )


def read_interests(reader: Subscriber, case: Case) -> Interests:
    """Return what we think `reader` likes, whose share of the points `case` is."""
    said = _papers_said_of(case)
    liked = [one for one in said if Feedback.Kind.LESS not in one.kinds]
    automated = reader.feedback.filter(is_automated=True, paper__is_hidden=False)
    return Interests(
        liked=sorted(liked, key=lambda one: (-(one.share or 0), one.paper.title)),
        less=[one for one in said if Feedback.Kind.LESS in one.kinds],
        words=strongest_words(case, {one.paper.pk: text_of(one.paper) for one in liked}),
        wishes=find_wishes(case),
        authors=list(case.taste.authors),
        topics=list(reader.topics.order_by("name")),
        muted=list(case.taste.muted),
        ignored=list(case.taste.ignored),
        automated=list(automated.select_related("paper")),
        has_model=len(case.offer.model.paper_ids) > 0,
    )


def text_of(paper: Paper) -> Text:
    """Return the text that the model compares a paper by."""
    return Text(paper.title, paper.abstract or paper.summary)


def _papers_said_of(case: Case) -> list[PaperSaidOf]:
    """Return what was said of papers, the latest first: liking a paper and wanting less of it stand apart."""
    papers = Paper.objects.visible().in_bulk({said.paper_id for said in case.taste.said})
    shares = shares_of_papers(case)
    grouped = defaultdict(list)
    for said in sorted(case.taste.said, key=lambda said: (-said.day, said.kind)):
        grouped[said.paper_id, said.kind == Feedback.Kind.LESS].append(said)
    return [
        PaperSaidOf(
            paper=papers[paper_id],
            kinds=[Feedback.Kind(one.kind) for one in group],
            said_on=date.fromordinal(group[0].day),
            share=None if is_less else shares.get(paper_id),
        )
        for (paper_id, is_less), group in grouped.items()
        if paper_id in papers
    ]


def shares_of_papers(case: Case) -> dict[int, float]:
    """Return the share of the taste that each liked paper has, by id."""
    rows, shares = case.points.likes_of(case.row)
    return dict(zip(case.offer.model.paper_ids[rows].tolist(), shares.tolist(), strict=True))


def find_wishes(case: Case) -> list[Wish]:
    """Return the stated interests in the order they were typed."""
    columns, shares = case.points.wishes_of(case.row)
    found = {case.points.phrases[column]: share for column, share in zip(columns, shares.tolist(), strict=True)}
    return [Wish(phrase, found.get(phrase)) for phrase in case.taste.interests]


def strongest_words(case: Case, texts: Mapping[int, Text], limit: int = WORDS) -> list[Word]:
    """Return the terms of liked papers that weigh most in the taste, ignored ones left out.

    What a term weighs, times what it weighs in another paper, is what it adds to that one's nearness: the shares of
    the liked papers that have it, less what all papers have of it. `texts` are those of the liked papers, by id.
    """
    model = case.offer.model
    rows, shares = case.points.likes_of(case.row)
    liked = model.vectors[rows]
    columns, places = np.unique(liked.indices, return_inverse=True)
    profile = np.bincount(places, liked.data * np.repeat(shares, np.diff(liked.indptr)), len(columns))
    weights = np.where(np.isin(columns, model.columns_of(case.taste.ignored)), 0, profile)
    weights = weights - BACKGROUND * model.mean[columns]
    best = np.argsort(-weights, kind="stable")[:limit]
    terms = _terms_by_hash([*texts.values()])
    return [
        Word(terms[found], float(weights[place]))
        for place in best
        if weights[place] > 0 and (found := int(model.hashes[columns[place]])) in terms
    ]


def _terms_by_hash(texts: Sequence[Text]) -> dict[int, str]:
    """Return the terms of `texts` by what the model knows of them."""
    terms = [*dict.fromkeys(term for text in texts for part in text for term in terms_of(part))]
    return dict(zip(hash_terms(terms).tolist(), terms, strict=True))
