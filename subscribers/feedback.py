"""What readers say of papers: more like this, less like this, saved. What a program said for them never counts.

There is one row of each kind. "More" and "less" are opposites, of which the later one counts; "saved" stands alone.

Some programs that check mail follow every link and press every button. So a post for a mail belongs to a burst with
whatever was posted for the same mail within some seconds of it, and with whatever was posted within some seconds of
that, and so on. A burst in which two kinds were posted, or many within a moment, is a program's: all that it recorded
is marked as automated.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from papers.models import Paper
from subscribers.models import Feedback, Subscriber
from subscribers.preferences import change_preferences
from subscribers.tokens import Purpose

# Nobody opens a page, presses its button, goes back and does so at another link in less.
WITHIN = timedelta(seconds=10)
# Nor does anybody press as many buttons within this, be they all of one kind.
TOO_MANY, TOO_FAST = 3, timedelta(seconds=3)


class Outcome(StrEnum):
    """What became of what was said."""

    SAID = "said"
    SAID_BEFORE = "said before"
    AUTOMATED = "automated"


def say(reader: Subscriber, paper: Paper, kind: str, at: datetime, mail_id: UUID | None = None) -> Outcome:
    """Record what a reader says of a paper, by the mail of that delivery; twice is once.

    Where it turns out to be a program's, what a person had said before holds again. Raises LinkInvalid when the reader
    is gone.
    """
    with transaction.atomic():
        # Of two posts at once, the second sees the first.
        Subscriber.objects.hold(reader.pk, Purpose.FEEDBACK)
        burst = _burst(reader, mail_id, at) if mail_id else []
        is_automated = _is_automated(burst, kind, at)
        if is_automated:
            _take_back(reader, burst, at)
        if said_before := reader.feedback.counting().filter(paper=paper, kind=kind).first():
            _note_press(said_before, at, mail_id)
            return Outcome.SAID_BEFORE
        if is_automated:
            _note(reader, paper, kind, at, mail_id)
            return Outcome.AUTOMATED
        said = {"at": at, "mail_id": mail_id, "pressed_at": at, "is_automated": False}
        reader.feedback.update_or_create(paper=paper, kind=kind, defaults=said)
        change_preferences(reader, at)
        return Outcome.SAID


def undo(reader: Subscriber, paper: Paper, kind: str, at: datetime) -> bool:
    """Forget what a reader said of a paper, so that what they had said before counts; return whether they had said it.

    Raises LinkInvalid when the reader is gone.
    """
    with transaction.atomic():
        Subscriber.objects.hold(reader.pk, Purpose.FEEDBACK)
        said = reader.feedback.filter(paper=paper, kind=kind)
        was_meant = said.meant().exists()
        said.delete()
        if was_meant:
            change_preferences(reader, at)
        return was_meant


def mean_it(reader: Subscriber, feedback_id: int, at: datetime) -> bool:
    """Count what was taken for a program's: the reader was that quick. Return whether there was any such row."""
    with transaction.atomic():
        Subscriber.objects.hold(reader.pk, Purpose.FEEDBACK)
        changed = reader.feedback.filter(pk=feedback_id, is_automated=True).update(is_automated=False)
        if changed:
            change_preferences(reader, at)
        return bool(changed)


def _burst(reader: Subscriber, mail_id: UUID, at: datetime) -> list[Feedback]:
    """Return what was recorded for a mail in the burst that a post at `at` belongs to."""
    posted = list(reader.feedback.filter(mail_id=mail_id))
    burst: list[Feedback] = []
    times = [at]
    while near := [said for said in posted if any(abs(_pressed_at(said) - time) <= WITHIN for time in times)]:
        burst += near
        times = [_pressed_at(said) for said in near]
        posted = [said for said in posted if said not in near]
    return burst


def _pressed_at(said: Feedback) -> datetime:
    return said.pressed_at or said.at


def _is_automated(burst: Sequence[Feedback], kind: str, at: datetime) -> bool:
    at_once = sum(abs(_pressed_at(said) - at) <= TOO_FAST for said in burst)
    return at_once + 1 >= TOO_MANY or any(said.is_automated or said.kind != kind for said in burst)


def _take_back(reader: Subscriber, burst: Sequence[Feedback], at: datetime) -> None:
    """Mark what was taken for a person's; not what a person had said before the burst, which only repeated it."""
    began = min(map(_pressed_at, burst), default=at) - WITHIN
    taken = [said.pk for said in burst if not said.is_automated and said.at >= began]
    if taken:
        Feedback.objects.filter(pk__in=taken).update(is_automated=True)
        change_preferences(reader, at)


def _note(reader: Subscriber, paper: Paper, kind: str, at: datetime, mail_id: UUID | None) -> None:
    """Record what a program said, unless a person said the same before: that stays as it was."""
    said, is_new = reader.feedback.get_or_create(
        paper=paper, kind=kind, defaults={"at": at, "mail_id": mail_id, "pressed_at": at, "is_automated": True}
    )
    if not is_new:
        _note_press(said, at, mail_id)


def _note_press(said: Feedback, at: datetime, mail_id: UUID | None) -> None:
    """Record that something said before was said again, which changes nothing but whether a burst is seen."""
    if mail_id:
        said.mail_id, said.pressed_at = mail_id, at
        said.save(update_fields=["mail_id", "pressed_at"])
