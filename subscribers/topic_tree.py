"""The topics a reader can follow, as a tree: the curated subjects, then arXiv's categories by archive."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from django.core.cache import caches
from django_stubs_ext import WithAnnotations

from papers.keeping import KEPT_FOR
from papers.models import PaperCount, Topic

CountedTopic: TypeAlias = "WithAnnotations[Topic, PaperCount]"

SUBJECTS = "Subjects"
# In the order of the page; what is not among them comes last, under its own code.
ARCHIVES = {
    "cs": "Computer Science",
    "stat": "Statistics",
    "math": "Mathematics",
    "eess": "Electrical Engineering and Systems Science",
    "physics": "Physics",
    "q-bio": "Quantitative Biology",
    "q-fin": "Quantitative Finance",
    "econ": "Economics",
}
# Archives of their own, which arXiv lists under physics.
PHYSICS = {
    "astro-ph",
    "cond-mat",
    "gr-qc",
    "hep-ex",
    "hep-lat",
    "hep-ph",
    "hep-th",
    "math-ph",
    "nlin",
    "nucl-ex",
    "nucl-th",
    "quant-ph",
}


@dataclass(frozen=True)
class TopicGroup:
    """Topics that stand together, and how many of them are chosen."""

    name: str
    topics: tuple[CountedTopic, ...]
    chosen: int

    @property
    def is_open(self) -> bool:
        return bool(self.chosen) or self.name == SUBJECTS


def topic_tree(chosen: Collection[int]) -> list[TopicGroup]:
    """Return all topics in their groups, subjects first; each has a `paper_count`."""
    groups: dict[str, list[CountedTopic]] = {name: [] for name in (SUBJECTS, *ARCHIVES.values())}
    for topic in _counted_topics():
        groups.setdefault(_group_of(topic), []).append(topic)
    return [
        TopicGroup(name, tuple(topics), sum(topic.pk in chosen for topic in topics))
        for name, topics in groups.items()
        if topics
    ]


def _counted_topics() -> Iterable[CountedTopic]:
    # The same for everybody, and counting looks at every paper.
    topics: list[CountedTopic] | None = caches["process"].get("topic-tree")
    if topics is None:
        topics = list(Topic.objects.with_paper_counts())
        caches["process"].set("topic-tree", topics, KEPT_FOR)
    return topics


def _group_of(topic: Topic) -> str:
    if topic.kind == Topic.Kind.KEYWORDS:
        return SUBJECTS
    archive = topic.slug.partition(".")[0]
    return ARCHIVES.get("physics" if archive in PHYSICS else archive, archive)
