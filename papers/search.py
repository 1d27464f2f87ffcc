"""Finds papers by words, also while they are typed."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from math import log2
from typing import overload

from papers.models import Paper
from papers.search_index import ACRONYM, ANYWHERE, IN_TITLE, Entry, look_up, paper_at, plain_words, read_entries

MAX_QUERY = 200
# Beyond so many words the others are not looked for: nobody types more, and each costs a look-up.
MAX_WORDS = 12
# Nobody turns so many pages, and no look-up needs to read on.
MAX_RESULTS = 300

# How a paper is found, best first. What is found in one way comes before all that is found in the next.
AS_TITLE_WORDS, AS_ACRONYM, AS_TITLE_PREFIXES, AS_PREFIXES = range(4)
# What twice the attention is worth, beside the points of relevance below.
POINTS_A_DOUBLING = 0.5


# The ways in which people write the id of a paper, around the id itself.
ARXIV_ADDRESS = re.compile(
    r"(?:(?:https?://)?(?:www\.)?arxiv\.org/(?:abs|pdf)/|arxiv:\s*)(\S+?)(?:v\d+)?(?:\.pdf)?(?=\s|$)", re.I
)


class Found(Sequence[Paper]):
    """The papers a query finds, best first, with their topics. Looks for them, and loads them, when asked to."""

    def __init__(self, query: str) -> None:
        # Each word once, in the order they came.
        self._words = list(dict.fromkeys(plain_words(ARXIV_ADDRESS.sub(r"\1", query[:MAX_QUERY]))))[:MAX_WORDS]

    def __len__(self) -> int:
        return len(self._paper_ids)

    @overload
    def __getitem__(self, wanted: int) -> Paper: ...

    @overload
    def __getitem__(self, wanted: slice) -> list[Paper]: ...

    def __getitem__(self, wanted: int | slice) -> Paper | list[Paper]:
        if isinstance(wanted, slice):
            return _load(self._paper_ids[wanted])
        return Paper.objects.prefetch_related("topics").get(pk=self._paper_ids[wanted])

    def __iter__(self) -> Iterator[Paper]:
        return iter(self[:])

    @cached_property
    def _paper_ids(self) -> list[int]:
        """What was found, best first."""
        ways = _look_for(self._words) if self._words else {}
        ranks = {entry.paper_id: rank(entry, ways[entry.paper_id], self._words) for entry in read_entries(ways)}
        return sorted(ranks, key=ranks.__getitem__)


def search(query: str) -> Found:
    """Return the visible papers that have every word of `query`, best first; its last three may be unfinished.

    First come those with all words as whole words of the title, then those whose title is headed by an acronym that
    begins with the query, then other titles, then matches in names, keywords, summary and abstract; among each of them
    relevance and attention are weighed, and ties are broken by key. Finds 300 papers at most, and none for a query
    without words; of a query the first 200 characters and twelve words are read.
    """
    return Found(query)


def rank(entry: Entry, way: int, words: Sequence[str]) -> tuple[int, float, str]:
    """Return what puts a paper that was found in this way into its place among others: the lowest comes first."""
    points = relevance_elsewhere(entry, words) if way == AS_PREFIXES else relevance_of_title(entry.title, words)
    return way, -(points + POINTS_A_DOUBLING * log2(1 + entry.attention)), entry.key


def relevance_of_title(title: str, words: Sequence[str]) -> float:
    """Return how well a title with all `words` answers them: 20 points when it has no others, else up to 9.

    Six for having them side by side, as they were typed; up to three for having the first of them near its beginning.
    """
    title_words = title.split()
    if title_words == list(words):
        return 20
    places = (place for place, word in enumerate(title_words) if word.startswith(words[0]))
    near_beginning = 3 / (1 + next(places, len(title_words)))
    return near_beginning + 6 * (f" {' '.join(words)}" in f" {title}")


def relevance_elsewhere(entry: Entry, words: Sequence[str]) -> float:
    """Return the mean over `words` of what each gets for where it stands, and how: up to 4 points."""
    title, names = f" {entry.title} ", f" {entry.names} "

    def points(word: str) -> float:
        whole, beginning = f" {word} ", f" {word}"
        if whole in title:
            return 4
        if beginning in title or whole in names:
            return 3
        return 2 if beginning in names else 0

    return sum(points(word) for word in words) / len(words)


def _look_for(words: Sequence[str]) -> dict[int, int]:
    """Return the ids of the papers found, each with the best way it was found in; of too many, the highest places."""
    found: dict[int, int] = {}
    acronym = ACRONYM + "".join(words)
    for way, where, sought, as_prefixes in (
        (AS_TITLE_WORDS, IN_TITLE, words, False),
        (AS_ACRONYM, IN_TITLE, [acronym], True),
        (AS_TITLE_PREFIXES, IN_TITLE, words, True),
        (AS_PREFIXES, ANYWHERE, words, True),
    ):
        for place in look_up(where, sought, MAX_RESULTS, as_prefixes=as_prefixes):
            if len(found) < MAX_RESULTS:
                found.setdefault(paper_at(place), way)
        if len(found) == MAX_RESULTS:
            break
    return found


def _load(paper_ids: Sequence[int]) -> list[Paper]:
    """Return these papers in this order; one that was hidden or deleted meanwhile is left out."""
    papers = Paper.objects.visible().prefetch_related("topics").in_bulk(paper_ids)
    return [papers[paper_id] for paper_id in paper_ids if paper_id in papers]
