"""Readers as there are many: what they follow, and how many do, told of no single one of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.cache import caches
from django.db.models import Count, Q, QuerySet

from newsletter.models import Edition
from papers.models import Topic
from subscribers.models import Subscriber
from subscribers.preferences import Preferences

HOW_MANY = 3
TOPIC = "topic-"
# Seconds. All followers are counted, and whoever looks at a preview opens it again and again.
KEY, KEPT_FOR = "typical-readers", 300


@dataclass(frozen=True)
class TypicalReader:
    """Somebody who follows one topic, and the words that say so."""

    topic_id: int
    name: str

    @property
    def key(self) -> str:
        """What this reader is asked for by."""
        return f"{TOPIC}{self.topic_id}"

    @property
    def preferences(self) -> Preferences:
        return Preferences(topics=frozenset({self.topic_id}))


def typical_readers(edition: Edition) -> list[TypicalReader]:
    """Return three typical readers: of the topics most are following, else of those that most papers here are in."""
    followed: list[TypicalReader] | None = caches["process"].get(KEY)
    if followed is None:
        followed = list(_followed())
        caches["process"].set(KEY, followed, KEPT_FOR)
    if len(followed) == HOW_MANY:
        return followed
    known = [reader.topic_id for reader in followed]
    return [*followed, *_of_papers(edition, besides=known)][:HOW_MANY]


def _followed() -> Iterator[TypicalReader]:
    active = Topic.objects.filter(followers__status=Subscriber.Status.ACTIVE)
    for topic_id, name, count in _most(active, "followers"):
        readers = "one reader does" if count == 1 else f"{count:,} readers do"
        yield TypicalReader(topic_id, f"follows {name}, as {readers}")


def _of_papers(edition: Edition, besides: list[int]) -> Iterator[TypicalReader]:
    going_out = Q(papers__entries__edition=edition, papers__entries__is_hidden=False, papers__is_hidden=False)
    here = Topic.objects.exclude(pk__in=besides).filter(going_out)
    for topic_id, name, count in _most(here, "papers"):
        papers = "one paper here is" if count == 1 else f"{count:,} papers here are"
        yield TypicalReader(topic_id, f"follows {name}, which {papers} in")


def _most(topics: QuerySet[Topic], of_what: str) -> list[tuple[int, str, int]]:
    """Return id, name and count of those of `topics` that have most."""
    counted = topics.annotate(count=Count(of_what)).order_by("-count", "pk")
    return list(counted.values_list("pk", "name", "count")[:HOW_MANY])
