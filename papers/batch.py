"""What a batch of records says of which papers: each is matched, and its facts are written into the paper in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from papers.matching import KnownPapers, load_known
from papers.models import Paper
from papers.sources.base import PaperRecord, RowError

# What a source may say of a paper. Those of them that an editor corrected are left alone.
FACTS = (
    "title",
    "authors",
    "abstract",
    "summary",
    "keywords",
    "arxiv_id",
    "doi",
    "published_on",
    "github_url",
    "project_url",
)
# arXiv's word on these stands; lists that copy them, each in its own spelling, only fill what is empty.
ARXIVS_OWN = frozenset({"title", "authors", "abstract", "doi", "published_on"})


@dataclass
class IngestReport:
    """What one ingestion changed, in rows; what it skipped, and what it refused and why."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    signals: int = 0
    skipped: int = 0
    refused: list[RowError] = field(default_factory=list)
    # Rows that came, and what was said of them as a whole.
    received: int = field(default=0, compare=False)
    stale: list[str] = field(default_factory=list)

    @property
    def why_not_all(self) -> str:
        """Why some rows were left out, in words; empty when none was."""
        skipped = f"{self.skipped} rows skipped: they tell of papers that are not known." if self.skipped else ""
        refused = f"{len(self.refused)} rows refused, the first: {self.refused[0]}." if self.refused else ""
        return f"{skipped} {refused}".strip()

    def __str__(self) -> str:
        return (
            f"{self.created} new papers, {self.updated} changed, {self.unchanged} unchanged, "
            f"{self.signals} new signals, {self.skipped} rows skipped, {len(self.refused)} refused"
        )

    def add(self, other: "IngestReport") -> None:
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.signals += other.signals
        self.skipped += other.skipped
        self.refused += other.refused


class Batch:
    """Records with the papers they are about, new or known, and what they change."""

    def __init__(self, report: IngestReport) -> None:
        self.report = report
        self.told: list[tuple[PaperRecord, Paper]] = []
        self.no_longer_sample: list[Paper] = []
        self._changed: dict[int, Paper] = {}

    @property
    def changed(self) -> list[Paper]:
        return list(self._changed.values())

    def match(self, records: Sequence[PaperRecord]) -> None:
        known = load_known(records)
        for record in records:
            paper = known.find(record)
            if paper is None and (why := self._why_not_made(record, known)) is not None:
                self._leave_out(record, why)
            elif paper is not None and record.is_sample and not paper.is_sample:
                self.report.unchanged += 1  # real facts are known, and never replaced
            else:
                self._tell(record, paper or Paper(key=record.key, is_sample=record.is_sample), known)

    def _why_not_made(self, record: PaperRecord, known: KnownPapers) -> str | None:
        """Return why the record makes no paper; nothing when it is an update; None when it makes one."""
        if record.is_update:
            return ""
        is_taken = known.with_key(record.key) is not None
        return "another work has this title, and no id tells the two apart" if is_taken else None

    def _leave_out(self, record: PaperRecord, why: str) -> None:
        if why:
            self.report.refused.append(RowError(record.title, why))
        else:
            self.report.skipped += 1

    def _tell(self, record: PaperRecord, paper: Paper, known: KnownPapers) -> None:
        if paper.is_sample and not record.is_sample and paper.pk:
            # The days of the sample were shifted, so its counts were never observed.
            self.no_longer_sample.append(paper)
            paper.counts = {}
        is_changed = apply(record, paper)
        is_changed |= known.improve_key(paper)
        known.add(paper)
        self.told.append((record, paper))
        if is_changed and id(paper) not in self._changed:
            self._changed[id(paper)] = paper
        else:
            self.report.unchanged += 1


def apply(record: PaperRecord, paper: Paper) -> bool:
    """Write what `record` tells into `paper`; return whether that makes a row to save."""
    told = _facts_for(record, paper)
    if record.listed_on and (paper.listed_on is None or paper.is_sample or record.listed_on < paper.listed_on):
        told["listed_on"] = record.listed_on
    if record.categories:
        told["primary_category"] = record.categories[0]
    if not paper.title_hash or "title" in told:
        told["title_hash"] = record.identity.title_hash
    told["is_sample"] = record.is_sample
    different = [name for name, fact in told.items() if getattr(paper, name) != fact]
    for name in different:
        setattr(paper, name, told[name])
    return bool(different) or paper.pk is None


def _facts_for(record: PaperRecord, paper: Paper) -> dict[str, object]:
    """Return the facts of `record` that go into `paper`, by name."""
    ids = {"arxiv_id": record.identity.arxiv_id, "doi": record.identity.doi}
    facts = {name: ids[name] if name in ids else getattr(record, name) for name in FACTS}
    kept = set(paper.edited_facts)
    # A category is something only arXiv tells.
    if paper.primary_category and not record.categories:
        kept |= {name for name in ARXIVS_OWN if getattr(paper, name)}
    if record.categories and paper.github_url:
        # arXiv has the link out of the text, others from somebody who knows the paper.
        kept.add("github_url")
    told = {name: fact for name, fact in facts.items() if fact and name not in kept}
    return {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in told.items()}
