"""Which papers the terms of a curated topic would catch: to see what they do before they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from papers.models import Paper
from papers.text import plain

# So many of the latest papers are looked at: reading takes about a second for these.
MOST_READ = 20_000
# Titles that are shown of what is caught.
EXAMPLES = 5


@dataclass(frozen=True)
class Caught:
    """How many of the papers that were read have one of the terms, and the latest of their titles."""

    count: int
    read: int
    titles: Sequence[str]


def try_terms(terms: Sequence[str], since: date) -> Caught:
    """Return which papers listed since then have one of `terms` in title or keywords, as for new papers."""
    phrases = [plain(term) for term in terms]
    latest = Paper.objects.filter(listed_on__gte=since).order_by("-listed_on", "-pk")
    papers = list(latest.values_list("title", "keywords")[:MOST_READ])
    texts = [(title, plain(title, *keywords)) for title, keywords in papers]
    caught = [title for title, text in texts if any(phrase in text for phrase in phrases)]
    return Caught(len(caught), len(papers), caught[:EXAMPLES])
