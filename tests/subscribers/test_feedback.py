"""What readers say of papers counts; what programs say for them does not, and takes nothing away."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import hypothesis.strategies as st
import pytest
from django.db.models import Model
from hypothesis import HealthCheck, given, settings
from pytest_django import DjangoCaptureOnCommitCallbacks

from papers.models import Paper
from papers.scoring import score_papers
from subscribers.feedback import WITHIN, Outcome, mean_it, say, undo
from subscribers.models import Feedback, Subscriber
from subscribers.preferences import read_preferences
from subscribers.signals import preferences_changed
from subscribers.tokens import LinkInvalid
from tests.factories import NOW, make_paper, make_reader
from tests.snapshots import rows

pytestmark = pytest.mark.django_db

MORE, LESS, SAVED = Feedback.Kind.MORE, Feedback.Kind.LESS, Feedback.Kind.SAVED
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
MAIL = UUID(int=1)
Act = Callable[[Subscriber, Paper, str, datetime], object]


@pytest.fixture
def reader() -> Subscriber:
    return make_reader()


@pytest.fixture
def paper() -> Paper:
    return make_paper()


def what_counts(reader: Subscriber) -> set[tuple[int, str]]:
    return set(reader.feedback.counting().values_list("paper_id", "kind"))


def kinds(reader: Subscriber) -> set[str]:
    return {kind for _, kind in what_counts(reader)}


def automated(reader: Subscriber) -> set[str]:
    return set(reader.feedback.filter(is_automated=True).values_list("kind", flat=True))


def columns(row: Model) -> dict[str, object]:
    """What a row says, but for which mail was pressed last, and when."""
    names = {field.attname for field in row._meta.concrete_fields} - {"mail_id", "pressed_at"}
    return {name: getattr(row, name) for name in names}


def press(reader: Subscriber, paper: Paper, *posts: tuple[str, timedelta], mail_id: UUID = MAIL) -> list[Outcome]:
    """Press buttons of a mail, each some time after NOW."""
    return [say(reader, paper, kind, NOW + after, mail_id) for kind, after in posts]


# --- Saying and undoing ---------------------------------------------------------------------------------------------


def test_what_is_said_is_recorded_with_the_mail_it_was_said_by(reader: Subscriber, paper: Paper) -> None:
    assert say(reader, paper, MORE, NOW, MAIL) == Outcome.SAID
    said = reader.feedback.get()
    assert (said.paper, said.kind, said.at, said.mail_id, said.is_automated) == (paper, MORE, NOW, MAIL, False)


@pytest.mark.parametrize("kind", Feedback.Kind)
def test_twice_is_once(kind: str, reader: Subscriber, paper: Paper) -> None:
    say(reader, paper, kind, NOW, MAIL)
    before = columns(reader.feedback.get()), columns(Subscriber.objects.get())
    assert say(reader, paper, kind, NOW + SECOND, MAIL) == Outcome.SAID_BEFORE
    assert say(reader, paper, kind, NOW + DAY, uuid4()) == Outcome.SAID_BEFORE
    assert (columns(reader.feedback.get()), columns(Subscriber.objects.get())) == before


def test_of_more_and_less_the_later_counts_and_saved_stands_alone(reader: Subscriber, paper: Paper) -> None:
    for days, kind in enumerate([SAVED, MORE, LESS, MORE]):
        say(reader, paper, kind, NOW + days * DAY)
    assert kinds(reader) == {SAVED, MORE}
    say(reader, paper, LESS, NOW + 9 * DAY)
    assert kinds(reader) == {SAVED, LESS}
    assert reader.feedback.count() == 3


def test_of_two_at_the_same_moment_one_counts(reader: Subscriber, paper: Paper) -> None:
    say(reader, paper, MORE, NOW)
    say(reader, paper, LESS, NOW)
    assert kinds(reader) == {LESS}


def test_what_is_said_of_other_papers_and_by_others_is_no_opposite(reader: Subscriber, paper: Paper) -> None:
    say(reader, paper, MORE, NOW)
    say(reader, make_paper(), LESS, NOW + DAY)
    say(make_reader(), paper, LESS, NOW + DAY)
    assert (paper.pk, MORE) in what_counts(reader)


def test_after_an_undo_counts_what_was_said_before(reader: Subscriber, paper: Paper) -> None:
    say(reader, paper, MORE, NOW)
    say(reader, paper, LESS, NOW + DAY)
    assert undo(reader, paper, LESS, NOW + 2 * DAY)
    assert kinds(reader) == {MORE}
    assert not undo(reader, paper, LESS, NOW + 2 * DAY)
    assert undo(reader, paper, MORE, NOW + 2 * DAY)
    assert not reader.feedback.exists()


def test_each_change_is_news_once_and_nothing_else_is(
    reader: Subscriber, paper: Paper, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    told: list[int] = []

    def note(subscriber_id: int, **_: object) -> None:
        told.append(subscriber_id)

    preferences_changed.connect(note)
    try:
        acts: list[tuple[Act, str, bool]] = [
            (say, MORE, True),
            (say, MORE, False),
            (undo, LESS, False),
            (undo, MORE, True),
        ]
        for act, kind, is_news in acts:
            told.clear()
            with django_capture_on_commit_callbacks(execute=True):
                act(reader, paper, kind, NOW)
            assert told == [reader.pk] * is_news
    finally:
        preferences_changed.disconnect(note)
    reader.refresh_from_db()
    assert reader.preferences_changed_at == NOW


@pytest.mark.parametrize("act", [say, undo])
def test_who_was_erased_meanwhile_says_nothing(act: Act, reader: Subscriber, paper: Paper) -> None:
    Subscriber.objects.filter(pk=reader.pk).delete()
    with pytest.raises(LinkInvalid):
        act(reader, paper, MORE, NOW)
    assert not Feedback.objects.exists()


# --- Programs -------------------------------------------------------------------------------------------------------


def test_whoever_presses_every_button_at_once_is_a_program(reader: Subscriber, paper: Paper) -> None:
    outcomes = press(reader, paper, (MORE, 0 * SECOND), (LESS, SECOND), (SAVED, 2 * SECOND))
    assert outcomes == [Outcome.SAID, Outcome.AUTOMATED, Outcome.AUTOMATED]
    assert automated(reader) == {MORE, LESS, SAVED}
    assert kinds(reader) == set()


def test_a_program_that_asks_for_papers_one_by_one_is_one_too(reader: Subscriber) -> None:
    first, second = make_paper(), make_paper()
    press(reader, first, (MORE, 0 * SECOND))
    press(reader, second, (SAVED, SECOND))
    assert what_counts(reader) == set()


def test_a_burst_is_a_chain(reader: Subscriber) -> None:
    """Each post is near to the next, and the first far from the last, which is of another kind."""
    papers = [make_paper() for _ in range(5)]
    for number, paper in enumerate(papers):
        press(reader, paper, (MORE, number * WITHIN))
    assert len(what_counts(reader)) == 5
    press(reader, papers[0], (SAVED, 5 * WITHIN))
    assert what_counts(reader) == set()


def test_a_burst_stays_one_when_a_part_of_it_is_undone(reader: Subscriber, paper: Paper) -> None:
    press(reader, paper, (MORE, 0 * SECOND), (LESS, SECOND))
    undo(reader, paper, LESS, NOW + 2 * SECOND)
    assert press(reader, make_paper(), (MORE, 3 * SECOND)) == [Outcome.AUTOMATED]


def test_a_burst_goes_on_while_it_is_pressed(reader: Subscriber, paper: Paper) -> None:
    press(reader, paper, (MORE, 0 * SECOND), (LESS, WITHIN))
    assert press(reader, make_paper(), (LESS, 2 * WITHIN)) == [Outcome.AUTOMATED]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_it_is_all_one_who_of_two_at_once_comes_first(order: list[int], reader: Subscriber, paper: Paper) -> None:
    """Two processes have two clocks: the later post may have the earlier time."""
    posts = [(MORE, 0 * SECOND), (LESS, 3 * SECOND)]
    press(reader, paper, *[posts[number] for number in order])
    assert automated(reader) == {MORE, LESS}


@pytest.mark.parametrize("apart", [WITHIN + timedelta(microseconds=1), -DAY])
def test_more_than_some_seconds_apart_it_is_a_person(apart: timedelta, reader: Subscriber, paper: Paper) -> None:
    assert press(reader, paper, (MORE, 0 * SECOND), (SAVED, apart)) == [Outcome.SAID, Outcome.SAID]
    assert kinds(reader) == {MORE, SAVED}


def test_many_of_one_kind_are_a_person_s(reader: Subscriber) -> None:
    for number in range(10):
        press(reader, make_paper(), (SAVED, 2 * number * SECOND))
    assert len(what_counts(reader)) == 10


def test_two_mails_are_two(reader: Subscriber, paper: Paper) -> None:
    press(reader, paper, (MORE, 0 * SECOND))
    press(reader, paper, (SAVED, SECOND), mail_id=UUID(int=2))
    assert kinds(reader) == {MORE, SAVED}


def test_what_is_said_on_a_page_of_ones_own_is_never_a_program_s(reader: Subscriber, paper: Paper) -> None:
    for kind in Feedback.Kind:
        say(reader, paper, kind, NOW)
    assert kinds(reader) == {LESS, SAVED}


def test_after_a_program_a_person_says_it_anew(reader: Subscriber, paper: Paper) -> None:
    press(reader, paper, (MORE, 0 * SECOND), (LESS, SECOND), (SAVED, SECOND))
    assert press(reader, paper, (LESS, DAY)) == [Outcome.SAID]
    assert kinds(reader) == {LESS}
    assert reader.feedback.get(kind=LESS).at == NOW + DAY
    assert automated(reader) == {MORE, SAVED}


def test_a_program_that_comes_again_is_known_again(reader: Subscriber, paper: Paper) -> None:
    for days in range(2):
        press(reader, paper, *[(kind, days * DAY + number * WITHIN) for number, kind in enumerate(Feedback.Kind)])
        assert automated(reader) == {MORE, LESS, SAVED}


def test_what_a_program_said_is_taken_back_and_the_opposite_counts_again(reader: Subscriber, paper: Paper) -> None:
    say(reader, paper, MORE, NOW - DAY)
    assert press(reader, paper, (LESS, 0 * SECOND)) == [Outcome.SAID]
    Subscriber.objects.update(preferences_changed_at=None)
    press(reader, paper, (SAVED, SECOND))
    assert kinds(reader) == {MORE}
    reader.refresh_from_db()
    # A digest that was chosen meanwhile is chosen anew.
    assert reader.preferences_changed_at == NOW + SECOND


def test_what_a_person_said_stays_though_it_does_not_count(reader: Subscriber, paper: Paper) -> None:
    say(reader, paper, LESS, NOW - 2 * DAY)
    say(reader, paper, MORE, NOW - DAY)
    before = columns(reader.feedback.get(kind=LESS))
    assert press(reader, paper, (SAVED, 0 * SECOND), (LESS, SECOND)) == [Outcome.SAID, Outcome.AUTOMATED]
    assert columns(reader.feedback.get(kind=LESS)) == before


def test_a_press_that_says_nothing_new_gives_a_program_away_too(reader: Subscriber, paper: Paper) -> None:
    say(reader, paper, SAVED, NOW - DAY)
    outcomes = press(reader, paper, (LESS, 0 * SECOND), (SAVED, SECOND))
    assert outcomes == [Outcome.SAID, Outcome.SAID_BEFORE]
    assert (kinds(reader), automated(reader)) == ({SAVED}, {LESS})


def test_the_undo_of_what_a_program_said_is_no_news(reader: Subscriber, paper: Paper) -> None:
    press(reader, paper, (MORE, 0 * SECOND), (LESS, SECOND))
    Subscriber.objects.update(preferences_changed_at=None)
    assert not undo(reader, paper, LESS, NOW + DAY)
    assert set(reader.feedback.values_list("kind", flat=True)) == {MORE}
    reader.refresh_from_db()
    assert reader.preferences_changed_at is None


def test_whoever_was_that_quick_may_say_so(reader: Subscriber, paper: Paper) -> None:
    other = make_reader()
    for somebody in (reader, other):
        press(somebody, paper, (MORE, 0 * SECOND), (SAVED, SECOND), mail_id=uuid4())
    said = reader.feedback.get(kind=MORE)
    assert not mean_it(other, said.pk, NOW)
    assert mean_it(reader, said.pk, NOW + DAY)
    assert not mean_it(reader, said.pk, NOW + 2 * DAY)
    assert (kinds(reader), kinds(other)) == ({MORE}, set())
    reader.refresh_from_db()
    assert reader.preferences_changed_at == NOW + DAY


# --- Any course of things -------------------------------------------------------------------------------------------

SAYINGS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(Feedback.Kind), st.booleans()), max_size=8)
BUTTONS = [(number, kind) for number in range(3) for kind in Feedback.Kind]


def live(reader: Subscriber, papers: list[Paper], sayings: Iterable[tuple[int, str, bool]]) -> datetime:
    """Say and undo, a day apart; return when it ended."""
    at = NOW
    for number, kind, is_undone in sayings:
        at += DAY
        act = undo if is_undone else say
        act(reader, papers[number], kind, at)
    return at


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sayings=SAYINGS)
def test_what_counts_is_what_was_said_last(sayings: list[tuple[int, str, bool]]) -> None:
    reader, papers = make_reader(), [make_paper(), make_paper()]
    live(reader, papers, sayings)
    stack: list[tuple[int, str]] = []
    for number, kind, is_undone in sayings:
        said = (papers[number].pk, kind)
        if said in stack and (is_undone or said not in standing(stack)):
            stack.remove(said)
        if not is_undone and said not in stack:
            stack.append(said)
    assert what_counts(reader) == standing(stack)


def standing(stack: list[tuple[int, str]]) -> set[tuple[int, str]]:
    """The last of "more" and "less" of each paper, and what is saved."""
    last = {paper: (paper, kind) for paper, kind in stack if kind != SAVED}
    return {*last.values(), *(said for said in stack if said[1] == SAVED)}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sayings=SAYINGS, order=st.permutations(BUTTONS))
def test_a_program_that_presses_every_button_in_any_order_changes_nothing_that_counts(
    sayings: list[tuple[int, str, bool]], order: list[tuple[int, str]]
) -> None:
    """The third paper is one that nobody said anything of."""
    reader, papers = make_reader(), [make_paper() for _ in range(3)]
    mail_id, at = uuid4(), live(reader, papers, sayings) + DAY
    counted = {said.pk: columns(said) for said in reader.feedback.counting()}
    for seconds, (number, kind) in enumerate(order):
        say(reader, papers[number], kind, at + seconds * SECOND, mail_id)
    assert {said.pk: columns(said) for said in reader.feedback.counting()} == counted
    assert not reader.feedback.meant().filter(at__gte=at).exists()


# --- Trending -------------------------------------------------------------------------------------------------------


def test_nothing_that_readers_say_enters_the_trending_score(paper: Paper) -> None:
    make_paper(upvotes=3)
    score_papers(NOW)
    scores = rows()["papers.TrendingScore"]
    assert scores
    for _ in range(5):
        for kind in Feedback.Kind:
            say(make_reader(), paper, kind, NOW)
    score_papers(NOW)
    kept = {"id", "scored_at"}
    assert [{name: row[name] for name in row.keys() - kept} for row in rows()["papers.TrendingScore"]] == [
        {name: row[name] for name in row.keys() - kept} for row in scores
    ]


def test_what_a_person_said_before_is_seen_in_a_burst_and_stays(reader: Subscriber) -> None:
    """The last paper of a mail: nothing comes after it that would put things right."""
    paper, mail_id = make_paper(), uuid4()
    say(reader, paper, MORE, NOW - timedelta(days=1), mail_id)
    say(reader, paper, SAVED, NOW - timedelta(hours=20), mail_id)
    outcomes = [
        say(reader, paper, kind, NOW + timedelta(seconds=second), mail_id)
        for second, kind in enumerate([MORE, LESS, SAVED])
    ]
    assert outcomes == [Outcome.SAID_BEFORE, Outcome.AUTOMATED, Outcome.SAID_BEFORE]
    assert set(reader.feedback.counting().values_list("kind", "at")) == {
        (MORE, NOW - timedelta(days=1)),
        (SAVED, NOW - timedelta(hours=20)),
    }


def test_who_likes_every_paper_of_a_mail_at_once_is_a_program(reader: Subscriber) -> None:
    papers = [make_paper() for _ in range(5)]
    outcomes = [say(reader, paper, MORE, NOW + number * SECOND / 5, MAIL) for number, paper in enumerate(papers)]
    assert outcomes == [Outcome.SAID] * 2 + [Outcome.AUTOMATED] * 3
    assert kinds(reader) == set()


def test_who_likes_one_paper_after_the_other_is_a_person(reader: Subscriber) -> None:
    for number in range(5):
        assert say(reader, make_paper(), MORE, NOW + 2 * number * SECOND, MAIL) == Outcome.SAID


def test_a_saved_paper_that_somebody_wants_less_of_is_not_learned_from(reader: Subscriber, paper: Paper) -> None:
    say(reader, paper, SAVED, NOW)
    say(reader, paper, LESS, NOW + DAY)
    assert [said.kind for said in read_preferences([reader])[reader.pk].said] == [LESS]
    assert [said.paper for said in reader.feedback.saved()] == [paper]
