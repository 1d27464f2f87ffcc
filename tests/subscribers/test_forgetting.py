from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from papers.models import Topic
from subscribers.feedback import say
from subscribers.forgetting import (
    Forgettable,
    NoRoom,
    Phrases,
    count_forgettable,
    forget_everything,
    forget_paper,
    ignore_word,
    is_term,
    leave_topic,
    take_out,
)
from subscribers.models import MAX_TEXT, Feedback, Subscriber
from subscribers.preferences import save_preferences
from subscribers.signals import preferences_changed
from subscribers.tokens import LinkInvalid
from tests.factories import NOW, make_paper, make_reader

pytestmark = pytest.mark.django_db

MORE, LESS, SAVED = Feedback.Kind.MORE, Feedback.Kind.LESS, Feedback.Kind.SAVED
Act = Callable[[Subscriber], object]


@pytest.fixture
def reader() -> Subscriber:
    reader = make_reader(
        interests="graphs; Graphs,world  models\nrobots",
        followed_authors="Ada Lovelace, Alan Turing",
        muted_words="casino",
        ignored_words="results",
        hour=5,
    )
    reader.topics.set(Topic.objects.filter(slug__in=["agents", "robotics"]))
    return reader


def stored(reader: Subscriber) -> Subscriber:
    return Subscriber.objects.get(pk=reader.pk)


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        ("robot", True),
        ("robot arm", True),
        ("ß2", True),
        ("Robot", False),
        ("robot  arm", False),
        ("big robot arm", False),
        ("the", False),
        ("", False),
        ("a,b", False),
        ("x" * 3000, True),
    ],
)
def test_a_term_is_a_word_or_two_as_texts_are_compared_by(word: str, is_one: bool) -> None:
    assert is_term(word) is is_one


def test_an_ignored_word_joins_the_others_once(reader: Subscriber) -> None:
    assert ignore_word(reader, "robot arm", NOW)
    assert not ignore_word(reader, "robot arm", NOW + timedelta(1))
    assert stored(reader).ignored_phrases == ["results", "robot arm"]
    assert stored(reader).preferences_changed_at == NOW


def test_where_there_is_no_room_nothing_is_lost(reader: Subscriber) -> None:
    full = "\n".join(["results", "x" * (MAX_TEXT - len("results") - len("\n") - len("\nabc"))])
    Subscriber.objects.update(ignored_words=full)
    with pytest.raises(NoRoom):
        ignore_word(reader, "abcd", NOW)
    assert stored(reader).ignored_words == full
    assert ignore_word(reader, "abc", NOW)
    assert len(stored(reader).ignored_words) == MAX_TEXT


@pytest.mark.parametrize(
    ("column", "phrase", "left"),
    [
        (Phrases.INTERESTS, "graphs", ["Graphs", "world models", "robots"]),
        (Phrases.INTERESTS, "world models", ["graphs", "Graphs", "robots"]),
        (Phrases.AUTHORS, "Ada Lovelace", ["Alan Turing"]),
        (Phrases.IGNORED, "results", []),
    ],
)
def test_one_is_taken_out_and_other_spellings_stay(
    column: Phrases, phrase: str, left: list[str], reader: Subscriber
) -> None:
    assert take_out(reader, column, phrase, NOW)
    assert not take_out(reader, column, phrase, NOW + timedelta(1))
    now = stored(reader)
    lists = {
        Phrases.INTERESTS: now.interest_phrases,
        Phrases.AUTHORS: now.author_names,
        Phrases.IGNORED: now.ignored_phrases,
    }
    assert lists[column] == left
    assert now.preferences_changed_at == NOW
    kept = {one: getattr(reader, one) for one in Phrases if one != column}
    assert {one: getattr(now, one) for one in Phrases if one != column} == kept


def test_what_was_stored_meanwhile_is_kept(reader: Subscriber) -> None:
    """Two pages are open; what one of them stores the other does not undo."""
    Subscriber.objects.update(interests="graphs, theorems")
    take_out(reader, Phrases.INTERESTS, "graphs", NOW)
    assert stored(reader).interests == "theorems"


def test_a_topic_is_left_and_the_others_stay(reader: Subscriber) -> None:
    topic = reader.topics.get(slug="agents")
    assert leave_topic(reader, topic, NOW)
    assert not leave_topic(reader, topic, NOW + timedelta(1))
    assert [left.slug for left in reader.topics.all()] == ["robotics"]
    assert stored(reader).preferences_changed_at == NOW


def test_of_a_paper_that_is_forgotten_which_was_asked(reader: Subscriber) -> None:
    paper, other = make_paper(), make_paper()
    for days, kind in enumerate([LESS, SAVED, MORE]):
        say(reader, paper, kind, NOW + timedelta(days=days))
    say(reader, other, MORE, NOW)
    assert forget_paper(reader, paper.pk, [MORE, SAVED], NOW)
    assert not forget_paper(reader, paper.pk, [MORE, SAVED], NOW)
    left = reader.feedback.counting().values_list("paper", "kind")
    # What was "less" before it was liked does not count again.
    assert set(left) == {(other.pk, MORE)}


def test_forgetting_that_a_paper_is_saved_leaves_what_else_was_said(reader: Subscriber) -> None:
    paper = make_paper()
    say(reader, paper, SAVED, NOW)
    say(reader, paper, MORE, NOW)
    assert forget_paper(reader, paper.pk, [SAVED], NOW)
    assert [said.kind for said in reader.feedback.all()] == [MORE]


def test_everything_learned_is_forgotten_and_counted_and_what_was_typed_stays(reader: Subscriber) -> None:
    papers = [make_paper() for _ in range(4)]
    for paper, kind in zip(papers, [MORE, MORE, LESS, SAVED], strict=True):
        say(reader, paper, kind, NOW)
    Feedback.objects.create(subscriber=reader, paper=papers[0], kind=LESS, at=NOW, is_automated=True)
    reader.wanted_papers.create(arxiv_id="2305.03048", asked_at=NOW)
    others = make_reader()
    say(others, papers[0], MORE, NOW)
    expected = Forgettable(more=2, less=1, saved=1, automated=1, wanted=1, words=1)
    assert count_forgettable(reader) == expected
    assert forget_everything(reader, NOW) == expected
    assert not forget_everything(reader, NOW + timedelta(1))
    assert (reader.feedback.count(), reader.wanted_papers.count(), others.feedback.count()) == (0, 0, 1)
    now = stored(reader)
    assert (now.ignored_words, now.preferences_changed_at) == ("", NOW)
    for name in ("interests", "followed_authors", "muted_words", "hour"):
        assert getattr(now, name) == getattr(reader, name)
    assert now.topics.count() == 2


def acts(reader: Subscriber) -> dict[str, Act]:
    paper = make_paper()
    say(reader, paper, MORE, NOW)
    topic = reader.topics.get(slug="agents")
    return {
        "ignore": lambda reader: ignore_word(reader, "robot", NOW),
        "take out": lambda reader: take_out(reader, Phrases.INTERESTS, "graphs", NOW),
        "leave": lambda reader: leave_topic(reader, topic, NOW),
        "forget one": lambda reader: forget_paper(reader, paper.pk, [MORE], NOW),
        "forget all": lambda reader: forget_everything(reader, NOW),
    }


def test_each_change_is_news_once(
    reader: Subscriber, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    told: list[int] = []

    def note(subscriber_id: int, **_: object) -> None:
        told.append(subscriber_id)

    preferences_changed.connect(note)
    try:
        for act in acts(reader).values():
            for times in ([reader.pk], []):
                told.clear()
                with django_capture_on_commit_callbacks(execute=True):
                    act(reader)
                assert told == times
    finally:
        preferences_changed.disconnect(note)


@pytest.mark.parametrize("name", ["ignore", "take out", "leave", "forget all"])
def test_who_was_erased_meanwhile_changes_nothing(name: str, reader: Subscriber) -> None:
    act = acts(reader)[name]
    Subscriber.objects.all().delete()
    with pytest.raises(LinkInvalid):
        act(reader)


def test_the_form_keeps_what_is_ignored(reader: Subscriber) -> None:
    save_preferences(reader, [], NOW)
    assert stored(reader).ignored_words == "results"
