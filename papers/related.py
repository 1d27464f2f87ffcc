"""Finds the papers whose text is nearest to that of a paper."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from math import log2

from papers.models import Paper
from papers.search_index import ANYWHERE, IN_TITLE, attention_to, look_up, look_up_rare, paper_at, plain_words

# So many words of a paper are looked for: those of its title first, then keywords, the long ones before the short.
WORDS = 10
SHORTEST = 4
# Long, and yet about nothing.
# fmt: off
EMPTY = {
    "about", "across", "against", "among", "based", "better", "between", "beyond", "does", "each", "exploring",
    "from", "improving", "into", "more", "over", "rethinking", "some", "than", "that", "their", "them", "these",
    "they", "this", "through", "toward", "towards", "under", "using", "what", "when", "where", "which", "while",
    "with", "within", "without", "your",
}
# fmt: on
# A word (or a pair) that so many papers have says little about any of them.
COMMON = 300
# A paper with fewer rare words than these is looked for by pairs of so many common ones, too.
FEW_RARE = 3
PAIRED = 3
# So many of the nearest are loaded, lest hidden ones take the places of others.
LOADED = 30


def related_papers(paper: Paper, limit: int = 5) -> list[Paper]:
    """Return up to `limit` visible papers that share most words with the title and the keywords of `paper`.

    A word counts more the fewer papers have it, and once more where it stands in a title.
    Among equals attention decides, then the key.
    """
    points = _points(_telling_words(paper))
    places = (place for place in points if paper_at(place) != paper.pk)
    nearest = sorted(places, key=lambda place: (-points[place], -place))[:LOADED]
    return _load({paper_at(place): points[place] for place in nearest})[:limit]


def _telling_words(paper: Paper) -> list[str]:
    title = set(plain_words(paper.title))
    words = {word for text in (paper.title, *paper.keywords) for word in plain_words(text) if len(word) >= SHORTEST}
    words -= EMPTY
    return sorted(words, key=lambda word: (word not in title, -len(word), word))[:WORDS]


def _points(words: Sequence[str]) -> Mapping[int, float]:
    """Return what each paper gets for the words it shares, by place."""
    points: defaultdict[int, float] = defaultdict(float)
    common, rare = [], 0
    for word in words:
        in_titles = look_up_rare(IN_TITLE, [word], COMMON)
        # What is common in titles is so anywhere.
        places = None if in_titles is None else look_up_rare(ANYWHERE, [word], COMMON)
        if places is None:
            common.append(word)
        else:
            # A word that nobody else has relates nobody.
            rare += len(places) > 1
        _add(points, in_titles)
        _add(points, places)
    if rare < FEW_RARE:
        for pair in combinations(common[:PAIRED], 2):
            _add(points, look_up_rare(ANYWHERE, pair, COMMON))
    if len(points) <= 1 and common:
        _add(points, look_up(ANYWHERE, common[:PAIRED], LOADED))
    return points


def _add(points: defaultdict[int, float], places: Sequence[int] | None) -> None:
    """Give each of these papers points for what they share: the more, the fewer they are."""
    if places:
        for place in places:
            points[place] += log2(2 * COMMON / len(places))


def _load(points: Mapping[int, float]) -> list[Paper]:
    """Return the visible ones of these papers, the one with most points first."""
    papers = Paper.objects.visible().filter(pk__in=list(points))
    return sorted(papers, key=lambda paper: (-points[paper.pk], -attention_to(paper.counts), paper.key))
