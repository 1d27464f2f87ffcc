"""What readers said of papers lately, by topic: only what people meant, not what programs pressed."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from subscribers.models import Feedback

LATELY = timedelta(days=30)
TOPICS_SHOWN = 12


@dataclass(frozen=True)
class Opinion:
    """How often each was said of the papers of a topic; a paper of several topics counts in each."""

    topic: str
    more: int
    less: int
    saved: int

    @property
    def total(self) -> int:
        return self.more + self.less + self.saved


@dataclass(frozen=True)
class Opinions:
    """Of all papers, each once; and of the topics of which most was said, in that order, then by name."""

    all: Opinion
    topics: list[Opinion]

    @property
    def most(self) -> int:
        """How much was said of the topic of which most was said."""
        return self.topics[0].total if self.topics else 0


def opinions(at: datetime) -> Opinions:
    """Return what was said in the last thirty days: two queries, however much that is."""
    said = Feedback.objects.meant().filter(at__gt=at - LATELY, at__lte=at).order_by()
    of_topics: dict[str, Counter[str]] = defaultdict(Counter)
    by_topic = said.exclude(paper__topics=None).values_list("paper__topics__name", "kind")
    for topic, kind, count in by_topic.annotate(count=Count("*")):
        of_topics[topic][kind] += count
    everything = Counter(dict(said.values_list("kind").annotate(count=Count("*"))))
    topics = sorted(
        (_opinion(name, kinds) for name, kinds in of_topics.items()), key=lambda one: (-one.total, one.topic)
    )
    return Opinions(_opinion("All papers", everything), topics[:TOPICS_SHOWN])


def _opinion(topic: str, kinds: Counter[str]) -> Opinion:
    return Opinion(topic, kinds[Feedback.Kind.MORE], kinds[Feedback.Kind.LESS], kinds[Feedback.Kind.SAVED])
