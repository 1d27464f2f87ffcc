"""What a reader wants, and the news that it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction

from papers.models import Paper, Topic
from subscribers import signals
from subscribers.models import DEFAULT_SIZE, TIME_ZONES, Feedback, Subscriber, WantedPaper
from subscribers.pasted import known_papers, looks_up_papers

STORED = [
    "interests",
    "followed_authors",
    "muted_words",
    "size",
    "cadence",
    "weekday",
    "hour",
    "time_zone",
    "paused_until",
    "hears_of_quiet_days",
]


# As fresh as can be, whatever the day is.
JUST_NOW = date.max.toordinal()


class Said(NamedTuple):
    """What somebody said of a paper: "more", "less" or "saved"; on which day, a date's ordinal in UTC."""

    paper_id: int
    kind: str
    day: int


@dataclass(frozen=True)
class Preferences:
    """What decides which papers somebody gets: of a reader, or of a visitor who is not one yet.

    Phrases and names as typed; topics by id. Of "more" and "less" what counts. `ignored` are words of papers they like
    that say nothing about their taste.
    """

    interests: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    topics: frozenset[int] = frozenset()
    said: tuple[Said, ...] = ()
    size: int = DEFAULT_SIZE


def read_preferences(readers: Sequence[Subscriber]) -> dict[int, Preferences]:
    """Return what each reader wants, by id."""
    topics, said = _topics(readers), read_feedback(readers)
    return {
        reader.pk: Preferences(
            interests=tuple(reader.interest_phrases),
            muted=tuple(reader.muted_phrases),
            ignored=tuple(reader.ignored_phrases),
            authors=tuple(reader.author_names),
            topics=frozenset(topics[reader.pk]),
            said=tuple(said[reader.pk]),
            size=reader.size,
        )
        for reader in readers
    }


def _topics(readers: Sequence[Subscriber]) -> Mapping[int, list[int]]:
    topics: dict[int, list[int]] = defaultdict(list)
    rows = Subscriber.topics.through._default_manager.filter(subscriber__in=[reader.pk for reader in readers])
    for reader_id, topic_id in rows.values_list("subscriber_id", "topic_id"):
        topics[reader_id].append(topic_id)
    return topics


def read_feedback(readers: Sequence[Subscriber]) -> Mapping[int, list[Said]]:
    """Return what each reader said of papers that may be shown, as far as it counts, by id.

    A saved paper of which they want less stays saved, and says nothing of what they like.
    """
    said: dict[int, list[Said]] = defaultdict(list)
    rows = Feedback.objects.counting().filter(subscriber__in=[reader.pk for reader in readers], paper__is_hidden=False)
    for reader_id, paper_id, kind, at in rows.order_by().values_list("subscriber_id", "paper_id", "kind", "at"):
        said[reader_id].append(Said(paper_id, kind, at.toordinal()))
    for reader_id, of_reader in said.items():
        less = {one.paper_id for one in of_reader if one.kind == Feedback.Kind.LESS}
        said[reader_id] = [one for one in of_reader if one.kind == Feedback.Kind.LESS or one.paper_id not in less]
    return said


def just_liked(papers: Iterable[int]) -> tuple[Said, ...]:
    """Return what somebody says who ticks these papers."""
    return tuple(Said(paper_id, Feedback.Kind.MORE, JUST_NOW) for paper_id in sorted(papers))


def save_preferences(
    reader: Subscriber,
    topics: Iterable[Topic],
    at: datetime,
    *,
    no_longer_liked: Collection[int] = (),
    arxiv_ids: Sequence[str] = (),
) -> None:
    """Store the preferences set on `reader`, and `topics` in place of those followed so far.

    `no_longer_liked` are ids of papers; `arxiv_ids` those of papers that are liked from now on, known to us or not.
    """
    with transaction.atomic():
        # An update: somebody may have been erased since.
        stored = {name: getattr(reader, name) for name in STORED}
        if not Subscriber.objects.filter(pk=reader.pk).update(preferences_changed_at=at, **stored):
            return
        reader.topics.set(topics)
        # With "less" of before, which shall not count again.
        reader.feedback.filter(paper__in=no_longer_liked, kind__in=Feedback.OPPOSITES).delete()
        like_by_arxiv_id(reader, arxiv_ids, at)
        _tell_of_change(reader)


def like_by_arxiv_id(reader: Subscriber, arxiv_ids: Sequence[str], at: datetime) -> None:
    """Let `reader` like these papers: those we know at once, the others once they are looked up, where they are."""
    known = known_papers(arxiv_ids)
    like(reader, known.values(), at)
    if looks_up_papers():
        unknown = [arxiv_id for arxiv_id in arxiv_ids if arxiv_id not in known]
        WantedPaper.objects.bulk_create(
            [WantedPaper(subscriber=reader, arxiv_id=arxiv_id, asked_at=at) for arxiv_id in unknown],
            ignore_conflicts=True,
        )


def like(reader: Subscriber, papers: Iterable[int], at: datetime) -> None:
    """Record that `reader` liked these papers at `at`; of those that count as liked already nothing changes."""
    more, papers = Feedback.Kind.MORE, set(papers)
    liked = set(reader.feedback.counting().filter(kind=more, paper__in=papers).values_list("paper_id", flat=True))
    Feedback.objects.bulk_create(
        [Feedback(subscriber=reader, paper_id=paper_id, kind=more, at=at) for paper_id in sorted(papers - liked)],
        update_conflicts=True,
        unique_fields=["subscriber", "paper", "kind"],
        update_fields=["at", "mail_id", "is_automated"],
    )


def change_preferences(reader: Subscriber, at: datetime, **changes: Any) -> None:
    """Store some columns of the preferences, and leave the others as they are."""
    with transaction.atomic():
        Subscriber.objects.filter(pk=reader.pk).update(preferences_changed_at=at, **changes)
        _tell_of_change(reader)


def _tell_of_change(reader: Subscriber) -> None:
    """Give the news once the change is stored."""
    transaction.on_commit(lambda: signals.preferences_changed.send(Subscriber, subscriber_id=reader.pk), robust=True)


def make_choices(
    topics: Collection[int], papers: Collection[int], interests: str, time_zone: str, arxiv_ids: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what a visitor chose before signing up, as JSON can hold it; nothing when nothing was chosen."""
    chosen = {
        "topics": sorted(topics),
        "papers": sorted(papers),
        "arxiv_ids": list(arxiv_ids),
        "interests": interests,
        "time_zone": time_zone,
    }
    return {name: value for name, value in chosen.items() if value}


def save_choices(reader: Subscriber, choices: Mapping[str, Any], at: datetime) -> None:
    """Make what a visitor chose before signing up the preferences of `reader`; what is gone meanwhile is left out."""
    reader.interests = choices.get("interests", reader.interests)
    if choices.get("time_zone") in TIME_ZONES and not _has_own_zone(reader):
        reader.time_zone = choices["time_zone"]
    reader.preferences_changed_at = at
    reader.save(update_fields=["interests", "time_zone", "preferences_changed_at"])
    if "topics" in choices:
        reader.topics.set(Topic.objects.filter(pk__in=choices["topics"]))
    if "papers" in choices:
        like(reader, Paper.objects.visible().filter(pk__in=choices["papers"]).values_list("pk", flat=True), at)
    if "arxiv_ids" in choices:
        # In place of what was wished for before, so that however many forms are sent for somebody, it stays one list.
        reader.wanted_papers.all().delete()
        like_by_arxiv_id(reader, choices["arxiv_ids"], at)


def _has_own_zone(reader: Subscriber) -> bool:
    """Return whether a reader who comes back had a time zone, which is not to be lost to the one a browser is in."""
    is_set = reader.preferences_changed_at is not None or reader.time_zone != "UTC"
    return reader.confirmed_at is not None and is_set
