"""What each button does on the page of what we think a reader likes."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from newsletter.interests import read_reckoning
from newsletter.models import Edition
from newsletter.tasks import choose_again_task
from newsletter.templatetags.points import hundredths
from subscribers.feedback import say
from subscribers.models import MAX_TEXT, Feedback, Subscriber
from tests.factories import make_delivery, make_reader
from tests.newsletter.interests import OFFERED, Papers, buttons, path_of, stored, text_of
from tests.snapshots import rows

pytestmark = pytest.mark.django_db


def test_a_word_is_ignored_and_used_again(browser: Client, reader: Subscriber) -> None:
    word = next(value for name, value in buttons(browser.get(path_of(reader)).text) if name == "ignore")
    page = browser.post(path_of(reader), {"ignore": word}).text
    assert f"Ignored: {word}." in text_of(page)
    assert ("use_again", word) in buttons(page)
    assert ("ignore", word) not in buttons(page)
    assert stored(reader).ignored_phrases == ["camera", word]
    page = browser.post(path_of(reader), {"use_again": word}).text
    assert f"Used again: {word}." in text_of(page)
    assert ("ignore", word) in buttons(page)
    assert stored(reader).ignored_phrases == ["camera"]


def test_an_ignored_word_lowers_the_points_on_the_page(browser: Client, reader: Subscriber, papers: Papers) -> None:
    words = [value for name, value in buttons(browser.get(path_of(reader)).text) if name == "ignore"]
    offered = [papers[number] for number in OFFERED]
    word, having = next((word, one) for word in words for one in offered if word in one.title.lower().split())

    def nearness() -> float:
        case = read_reckoning(stored(reader), timezone.now()).case
        return float(case.points.nearness[0, case.offer.places[having.pk]])

    before = nearness()
    browser.post(path_of(reader), {"ignore": word})
    after = nearness()
    assert after < before
    said = text_of(browser.get(path_of(reader), {"paper": having.pk}).text)
    assert f"nearness {hundredths(after)}" in said
    assert "words that you had us ignore" in said


@pytest.mark.parametrize(
    ("name", "value", "column", "left"),
    [
        ("interest", "gripper", "interests", "Gripper\nzymurgy"),
        ("author", "Alan Turing", "followed_authors", "Ada Lovelace"),
    ],
)
def test_what_was_typed_is_taken_out(  # noqa: PLR0917  fixtures and parameters
    name: str, value: str, column: str, left: str, browser: Client, reader: Subscriber
) -> None:
    page = browser.post(path_of(reader), {name: value}).text
    assert f"Removed: {value}." in text_of(page)
    assert (name, value) not in buttons(page)
    assert getattr(stored(reader), column) == left


def test_a_topic_is_followed_no_more(browser: Client, reader: Subscriber) -> None:
    first, second = reader.topics.order_by("name")
    page = browser.post(path_of(reader), {"topic": first.pk}).text
    assert f"Removed: {first.name}." in text_of(page)
    assert [*reader.topics.all()] == [second]


@pytest.mark.parametrize(("number", "name"), [(110, "forget"), (112, "forget"), (205, "forget_less")])
def test_a_paper_is_forgotten(number: int, name: str, browser: Client, reader: Subscriber, papers: Papers) -> None:
    page = browser.post(path_of(reader), {name: papers[number].pk}).text
    assert f"Removed: {papers[number].title}." in text_of(page)
    assert (name, str(papers[number].pk)) not in buttons(page)
    assert not reader.feedback.filter(paper=papers[number]).exists()
    assert reader.feedback.count() == 2


def test_a_saved_paper_that_they_want_less_of_is_no_paper_they_like(
    browser: Client, reader: Subscriber, papers: Papers
) -> None:
    say(reader, papers[112], "less", timezone.now())
    page = browser.get(path_of(reader)).text
    assert ("forget", str(papers[112].pk)) not in buttons(page)
    assert ("forget_less", str(papers[112].pk)) in buttons(page)
    browser.post(path_of(reader), {"forget_less": papers[112].pk})
    assert [one.kind for one in reader.feedback.filter(paper=papers[112])] == ["saved"]


def test_what_was_taken_for_a_programs_is_meant(browser: Client, reader: Subscriber, papers: Papers) -> None:
    first, second = (
        Feedback.objects.create(
            subscriber=reader, paper=papers[number], kind="more", at=timezone.now(), is_automated=True
        )
        for number in (101, 102)
    )
    page = browser.get(path_of(reader)).text
    assert {("meant", str(first.pk)), ("meant", str(second.pk))} <= {*buttons(page)}
    page = browser.post(path_of(reader), {"meant": first.pk}).text
    assert f"What you said of “{papers[101].title}” counts now." in text_of(page)
    assert ("meant", str(first.pk)) not in buttons(page)
    assert ("meant", str(second.pk)) in buttons(page)
    assert ("forget", str(papers[101].pk)) in buttons(page)


def test_pressing_twice_is_once(browser: Client, reader: Subscriber, papers: Papers) -> None:
    topic = reader.topics.first()
    assert topic
    for data in (
        {"ignore": "diffusion"},
        {"use_again": "camera"},
        {"interest": "zymurgy"},
        {"author": "Ada Lovelace"},
        {"topic": topic.pk},
        {"forget": papers[110].pk},
        {"forget_less": papers[205].pk},
    ):
        assert "Nothing to do." not in browser.post(path_of(reader), data).text
        before = rows()
        again = browser.post(path_of(reader), data)
        assert (again.status_code, "Nothing to do." in again.text) == (200, True)
        assert rows() == before


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"ignore": ""},
        {"ignore": "a, b"},
        {"ignore": "Upper"},
        {"ignore": "one two three"},
        {"interest": " "},
        {"topic": "x"},
        {"topic": "9" * 40},
        {"forget": "404404"},
        {"forget": "-1"},
        {"paper": "1"},
    ],
)
def test_nonsense_changes_nothing(data: dict[str, str], browser: Client, reader: Subscriber) -> None:
    before = rows()
    answer = browser.post(path_of(reader), data)
    assert (answer.status_code, "Nothing was changed." in answer.text) == (400, True)
    assert rows() == before


def test_where_there_is_no_room_for_a_word_it_says_so_and_nothing_is_lost(browser: Client, reader: Subscriber) -> None:
    full = "x" * MAX_TEXT
    Subscriber.objects.filter(pk=reader.pk).update(ignored_words=full)
    answer = browser.post(path_of(reader), {"ignore": "diffusion"})
    assert answer.status_code == 409
    assert "no room for more ignored words" in answer.text
    assert stored(reader).ignored_words == full


def test_a_change_has_the_queued_digest_chosen_again(
    browser: Client,
    reader: Subscriber,
    papers: Papers,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    delivery = make_delivery(Edition.objects.get(), reader, papers[1], due_at=timezone.now() + timedelta(hours=1))
    with django_capture_on_commit_callbacks() as told:
        browser.post(path_of(reader), {"forget": papers[110].pk})
    assert len(told) == 1
    choose_again_task(reader.pk)
    delivery.refresh_from_db()
    assert [pick["paper_id"] for pick in delivery.picks] == read_reckoning(reader, timezone.now()).picks


def test_what_is_typed_is_shown_as_text(browser: Client) -> None:
    reader = make_reader(interests='<b>"bold"</b>', followed_authors="<i>")
    page = browser.get(path_of(reader)).text
    assert "<b>" not in page
    assert ("interest", '<b>"bold"</b>') in buttons(page)
    page = browser.post(path_of(reader), {"interest": '<b>"bold"</b>'}).text
    assert "<b>" not in page
    assert stored(reader).interests == ""
