"""Taking back, one by one or all at once, what tells us what a reader likes: each change is news, and twice is once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction

from papers.models import Topic
from papers.text_model import terms_of
from subscribers.models import MAX_TEXT, Feedback, Subscriber, split_phrases
from subscribers.preferences import change_preferences
from subscribers.tokens import Purpose

OPPOSITES = set(Feedback.OPPOSITES)


class Phrases(StrEnum):
    """The columns of a reader that hold phrases or names which can be taken out one by one."""

    INTERESTS = "interests"
    AUTHORS = "followed_authors"
    IGNORED = "ignored_words"


class NoRoom(Exception):
    """The list of ignored words is full."""


@dataclass(frozen=True)
class Forgettable:
    """How much there is to forget: papers by what was said of them, what a program said, papers not known yet."""

    more: int
    less: int
    saved: int
    automated: int
    wanted: int
    words: int

    def __bool__(self) -> bool:
        return any(vars(self).values())


def is_term(word: str) -> bool:
    """Return whether `word` is a word, or a pair of words, as papers are compared by."""
    return word in terms_of(word)


def ignore_word(reader: Subscriber, word: str, at: datetime) -> bool:
    """Let a term of liked papers say nothing about the reader any more; return whether that is new.

    Raises NoRoom, or LinkInvalid when the reader is gone.
    """
    with transaction.atomic():
        kept = Subscriber.objects.hold(reader.pk, Purpose.PREFERENCES).ignored_phrases
        if word in kept:
            return False
        text = "\n".join([*kept, word])
        if len(text) > MAX_TEXT:
            raise NoRoom
        change_preferences(reader, at, ignored_words=text)
        return True


def take_out(reader: Subscriber, column: Phrases, phrase: str, at: datetime) -> bool:
    """Take a phrase out of one of the reader's lists, of which the others stay as typed; return whether it was there.

    Raises LinkInvalid when the reader is gone.
    """
    with transaction.atomic():
        phrases = split_phrases(getattr(Subscriber.objects.hold(reader.pk, Purpose.PREFERENCES), column))
        if phrase not in phrases:
            return False
        changes: dict[str, Any] = {column: "\n".join(kept for kept in phrases if kept != phrase)}
        change_preferences(reader, at, **changes)
        return True


def leave_topic(reader: Subscriber, topic: Topic, at: datetime) -> bool:
    """Stop following a topic; return whether the reader did. Raises LinkInvalid when the reader is gone."""
    with transaction.atomic():
        Subscriber.objects.hold(reader.pk, Purpose.PREFERENCES)
        if not reader.topics.filter(pk=topic.pk).exists():
            return False
        reader.topics.remove(topic)
        change_preferences(reader, at)
        return True


def forget_paper(reader: Subscriber, paper_id: int, kinds: Iterable[Feedback.Kind], at: datetime) -> bool:
    """Forget what of `kinds` the reader said of a paper; return whether they had said any of it.

    With "more" goes what was "less" before, and the other way round: it shall not count again.
    """
    kinds = set(kinds)
    if kinds & OPPOSITES:
        kinds |= OPPOSITES
    with transaction.atomic():
        Subscriber.objects.hold(reader.pk, Purpose.PREFERENCES)
        deleted, _ = reader.feedback.meant().filter(paper=paper_id, kind__in=kinds).delete()
        if deleted:
            change_preferences(reader, at)
        return bool(deleted)


def count_forgettable(reader: Subscriber) -> Forgettable:
    """Return how much `forget_everything` would forget."""
    said = list(reader.feedback.values_list("kind", "is_automated"))
    return Forgettable(
        **{kind.value: said.count((kind, False)) for kind in Feedback.Kind},
        automated=sum(is_automated for _, is_automated in said),
        wanted=reader.wanted_papers.count(),
        words=len(reader.ignored_phrases),
    )


def forget_everything(reader: Subscriber, at: datetime) -> Forgettable:
    """Forget all that the reader said of papers, and which words to ignore; return how much that was.

    What they typed and ticked stays. Raises LinkInvalid when the reader is gone.
    """
    with transaction.atomic():
        forgotten = count_forgettable(Subscriber.objects.hold(reader.pk, Purpose.PREFERENCES))
        if forgotten:
            reader.feedback.all().delete()
            reader.wanted_papers.all().delete()
            change_preferences(reader, at, ignored_words="")
        return forgotten
