"""Finds the papers whose text is nearest to that of a paper."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations
from math import log2

from papers.models import Paper
from papers.search_index import ANYWHERE, ANYWHERE_UNORDERED, attention_to, look_up, paper_at, plain_words

# The words of a paper that are looked for: long ones are rare as a rule, and rare ones tell most.
WORDS = 8
SHORTEST = 4
# A word that so many papers have says little about any of them.
COMMON = 300
# So many of the nearest are loaded, lest hidden ones take the places of others.
LOADED = 30


def related_papers(paper: Paper, limit: int = 5) -> list[Paper]:
    """Return up to `limit` visible papers that share most words with the title and the keywords of `paper`.

    A rare word counts more than a frequent one. Among equals attention decides, then the key.
    """
    points = _points(_telling_words(paper), limit)
    places = sorted(
        (place for place in points if paper_at(place) != paper.pk), key=lambda place: (-points[place], -place)
    )
    return _load({paper_at(place): points[place] for place in places[:LOADED]})[:limit]


def _telling_words(paper: Paper) -> list[str]:
    words = {word for text in (paper.title, *paper.keywords) for word in plain_words(text) if len(word) >= SHORTEST}
    return sorted(words, key=lambda word: (-len(word), word))[:WORDS]


def _points(words: list[str], wanted: int) -> Mapping[int, float]:
    """Return points for sharing rare words, by place; also for pairs of common ones where few papers share any."""
    points: defaultdict[int, float] = defaultdict(float)
    common = []
    for word in words:
        places = look_up(ANYWHERE_UNORDERED, [word], COMMON)
        if len(places) == COMMON:
            common.append(word)
            continue
        for place in places:
            points[place] += log2(2 * COMMON / len(places))
    if len(points) <= wanted:
        for pair in combinations(common[:3], 2):
            for place in look_up(ANYWHERE, pair, COMMON):
                points[place] += 1
    return points


def _load(points: Mapping[int, float]) -> list[Paper]:
    """Return the visible ones of these papers, the one with most points first."""
    papers = Paper.objects.visible().filter(pk__in=list(points))
    return sorted(papers, key=lambda paper: (-points[paper.pk], -attention_to(paper.counts), paper.key))
