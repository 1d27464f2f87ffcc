"""What a ranking has to beat: chance, the crowd, and how others rank papers for a person. Pure."""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.svm import LinearSVC

from newsletter.evaluation.races import Race, Scores

HALF_LIFE = 180
FEATURES = 20_000
NEGATIVES = 1_000

Method = Callable[[Race], Scores]


def random(race: Race) -> Scores:
    return np.random.default_rng(race.contest.day).random((len(race.contest.events), len(race.places)))


def newest(race: Race) -> Scores:
    """The last listed first: no method, but a test of whether age gives the targets away."""
    return _for_all(race, race.catalogue.days[race.places].astype(np.float64))


def popularity(race: Race) -> Scores:
    return _for_all(race, race.votes)


def tfidf_centroid(race: Race) -> Scores:
    """Cosine to the mean of a person's papers, of which half counts after 180 days, in scikit-learn's TF-IDF."""
    vectors = _tfidf(race.counts)
    likeness = (vectors @ vectors[race.places].T).toarray()
    scores = np.zeros((len(race.contest.events), len(race.places)))
    for row, event in enumerate(race.contest.events):
        history = [*event.history]
        weights = 0.5 ** ((race.contest.day - race.catalogue.days[history]) / HALF_LIFE)
        scores[row] = weights @ likeness[history]
    return scores


def linear_svm(race: Race) -> Scores:
    """As arxiv-sanity-lite ranks: a linear support vector machine of a person's papers against others.

    On the TF-IDF of the 20,000 most frequent words and pairs, C = 0.01, balanced; the others are the thousand papers
    that were listed last before the candidates.
    """
    totals = np.asarray(race.counts.sum(axis=0)).ravel()
    frequent = np.sort(np.argsort(-totals, kind="stable")[:FEATURES])
    vectors = _tfidf(race.counts[:, frequent])
    recent = range(max(race.contest.candidates.start - NEGATIVES, 0), race.contest.candidates.start)
    candidates = vectors[race.places]
    scores = np.zeros((len(race.contest.events), len(race.places)))
    for row, event in enumerate(race.contest.events):
        others = [place for place in recent if place not in event.history]
        if others:
            machine = LinearSVC(C=0.01, class_weight="balanced", random_state=0)
            is_theirs = np.repeat([True, False], [len(event.history), len(others)])
            machine.fit(vstack([vectors[[*event.history]], vectors[others]]), is_theirs)
            scores[row] = machine.decision_function(candidates)
    return scores


BASELINES: dict[str, Method] = {
    "random": random,
    "newest": newest,
    "popularity": popularity,
    "tfidf_centroid": tfidf_centroid,
    "linear_svm": linear_svm,
}


def _tfidf(counts: csr_matrix) -> csr_matrix:
    return TfidfTransformer(sublinear_tf=True).fit_transform(counts)


def _for_all(race: Race, scores: Scores) -> Scores:
    return np.tile(scores, (len(race.contest.events), 1))
