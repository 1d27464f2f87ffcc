"""Which known paper a record is about: by arXiv id, else by DOI, else by title where nothing speaks against it.

Versions, cross-lists and the same work from two sources so become one paper.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from papers.models import Paper
from papers.sources.base import Identity, PaperRecord
from papers.text import fold

# From the weakest to the best: a paper is known by the best it has.
KEY_KINDS = ("title", "doi", "arxiv")


class KnownPapers:
    """Papers by all that identifies them. Grows while a batch is matched, so that a batch may tell of one twice."""

    def __init__(self, papers: Iterable[Paper] = ()) -> None:
        self._by_key: dict[str, Paper] = {}
        self._by_arxiv_id: dict[str, Paper] = {}
        self._by_doi: defaultdict[str, list[Paper]] = defaultdict(list)
        self._by_title: defaultdict[str, list[Paper]] = defaultdict(list)
        for paper in papers:
            self.add(paper)

    def add(self, paper: Paper) -> None:
        """Make the paper known by what it has now."""
        self._by_key[paper.key] = paper
        if paper.arxiv_id:
            self._by_arxiv_id.setdefault(paper.arxiv_id, paper)
        for known, value in ((self._by_doi, paper.doi), (self._by_title, paper.title_hash)):
            if value and paper not in known[value]:
                known[value].append(paper)

    def with_key(self, key: str) -> Paper | None:
        return self._by_key.get(key)

    def find(self, record: PaperRecord) -> Paper | None:
        """Return the paper that `record` is about, or None when it is a new one."""
        identity = record.identity
        if identity.arxiv_id and (paper := self._by_arxiv_id.get(identity.arxiv_id)):
            return paper
        same_doi = self._by_doi[identity.doi] if identity.doi else []
        same_title = [
            paper for paper in self._by_title[identity.title_hash] if may_share_authors(record.authors, paper.authors)
        ]
        return next((paper for paper in (*same_doi, *same_title) if not contradicts(identity, paper)), None)

    def improve_key(self, paper: Paper) -> bool:
        """Give `paper` the best key its ids allow, unless another paper has it; return whether that changed it."""
        better = Identity(paper.arxiv_id, paper.doi, paper.title_hash).key
        if not is_better(better, paper.key) or better in self._by_key:
            return False
        paper.key = better
        self._by_key[better] = paper
        return True


def load_known(records: Sequence[PaperRecord]) -> KnownPapers:
    """Return the papers that any of `records` could be about, locked until the transaction ends. Three queries."""
    papers = Paper.objects.select_for_update().order_by("pk")
    # One after the other, not one with OR: each is a look-up in an index of its own. Most are found by the first.
    known = {paper.key: paper for paper in papers.filter(key__in={record.key for record in records})}
    unknown = [record.identity for record in records if record.key not in known]
    found = [
        *papers.filter(doi__in={identity.doi for identity in unknown if identity.doi}),
        *papers.filter(title_hash__in={identity.title_hash for identity in unknown}),
    ]
    return KnownPapers((known | {paper.key: paper for paper in found if paper.key not in known}).values())


def is_better(key: str, than: str) -> bool:
    """Return whether `key` says more than the other: an arXiv id more than a DOI, a DOI more than a title."""
    kinds = [KEY_KINDS.index(each.partition(":")[0]) for each in (key, than)]
    return kinds[0] > kinds[1]


def contradicts(identity: Identity, paper: Paper) -> bool:
    """Return whether both have an id of the same kind, and not the same one."""
    pairs = ((identity.arxiv_id, paper.arxiv_id), (identity.doi, paper.doi))
    return any(told and known and told != known for told, known in pairs)


def may_share_authors(some: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether the lists have a family name in common, or one of them says nothing."""
    names, other_names = set(map(family_name, some)), set(map(family_name, others))
    return not names or not other_names or not names.isdisjoint(other_names)


def family_name(author: str) -> str:
    """Return the family name in a spelling that sources share: "Karol Życzkowski" and "Zyczkowski, K." alike."""
    family = author.partition(",")[0] if "," in author else (author.split() or [""])[-1]
    return fold(family.strip())
