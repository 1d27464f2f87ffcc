"""The page of what we think a reader likes: what stands there, its buttons, and the explanation of points."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from newsletter import offer, relevance
from newsletter.explanation import explain_points
from newsletter.interests import read_reckoning
from newsletter.models import Delivery
from newsletter.templatetags.points import hundredths, points, signed
from papers.models import Paper
from subscribers.feedback import say
from subscribers.links import preferences_url
from subscribers.models import Feedback, Subscriber
from subscribers.tokens import Purpose, make_token
from tests.factories import make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.interests import OFFERED, Papers, buttons, path_of, stored, text_of
from tests.snapshots import rows
from tests.subscribers.links import path_of as link_of

pytestmark = pytest.mark.django_db


# --- What stands there ----------------------------------------------------------------------------------------------


def test_everything_they_said_stands_there_with_a_button_for_each(browser: Client, reader: Subscriber) -> None:
    page = browser.get(path_of(reader)).text
    found = buttons(page)
    wanted = [
        *[("forget", str(one.paper_id)) for one in reader.feedback.exclude(kind="less")],
        *[("forget_less", str(one.paper_id)) for one in reader.feedback.filter(kind="less")],
        *[("use_again", "camera")],
        *[("interest", phrase) for phrase in ("gripper", "Gripper", "zymurgy")],
        *[("author", name) for name in ("Ada Lovelace", "Alan Turing")],
        *[("topic", str(topic.pk)) for topic in reader.topics.all()],
    ]
    assert sorted(found) == sorted([*wanted, *[one for one in found if one[0] == "ignore"]])
    assert len([one for one in found if one[0] == "ignore"]) > 5
    assert "No paper of the past year has these words yet." in page
    assert "Was this you?" not in page
    assert "casino" in page


def test_the_numbers_on_the_page_are_those_that_rank(browser: Client, reader: Subscriber) -> None:
    reckoning = read_reckoning(reader, timezone.now())
    case = reckoning.case
    said = text_of(browser.get(path_of(reader)).text)
    for share in [*case.points.likes_of(0)[1], *case.points.wishes_of(0)[1]]:
        assert f"{hundredths(share)} %" in said
    account = explain_points(case, case.offer.places[reckoning.picks[0]])
    assert account.nearness
    for share in account.nearness.strongest:
        assert f"{hundredths(share.likeness)} alike × {hundredths(share.share)} % of your taste" in said
    assert f"nearness {hundredths(account.nearness.whole)}" in said
    assert f"{points(account.total)} points , number {account.rank} of {len(OFFERED)}." in said
    assert f"in steps, as above {signed(account.text)}" in said
    assert f"whom you follow Ada Lovelace, Alan Turing {signed(2 * relevance.AUTHOR_POINTS)}" in said
    assert reckoning.reasons[reckoning.picks[0]] in said


def test_every_paper_of_the_edition_can_be_asked_about(browser: Client, reader: Subscriber, papers: Papers) -> None:
    reckoning = read_reckoning(reader, timezone.now())
    for number in OFFERED:
        page = browser.get(path_of(reader), {"paper": papers[number].pk}).text
        account = explain_points(reckoning.case, reckoning.case.offer.places[papers[number].pk])
        assert f'<p class="headline">{papers[number].title}</p>' in page
        assert f"<strong>{points(account.total)} points</strong>" in page
        assert all(f"?paper={papers[other].pk}#points" in page for other in OFFERED)


@pytest.mark.parametrize("asked", ["", "x", "0", "-1", "9" * 40, "404404", "1 OR 1", "٣"])
def test_what_is_not_in_the_edition_is_answered_by_the_first_pick(
    asked: str, browser: Client, reader: Subscriber
) -> None:
    answer = browser.get(path_of(reader), {"paper": asked})
    assert answer.status_code == 200
    first = Paper.objects.get(pk=read_reckoning(reader, timezone.now()).picks[0])
    assert f'<p class="headline">{first.title}</p>' in answer.text


def like(reader: Subscriber, paper: Paper) -> None:
    say(reader, paper, "more", timezone.now())


def mute(reader: Subscriber, paper: Paper) -> None:
    """Let the reader mute the words of its title."""
    Subscriber.objects.filter(pk=reader.pk).update(muted_words=paper.title)


def bring(reader: Subscriber, paper: Paper) -> None:
    """Let an earlier edition have brought the paper."""
    earlier = make_edition(paper, day=timezone.now().date() - timedelta(days=1))
    make_delivery(earlier, reader, paper, status=Delivery.Status.ACCEPTED)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (like, "you have said something of it"),
        (mute, "it has what you muted"),
        (bring, "you have had it before"),
    ],
)
def test_what_is_withheld_says_why(
    change: Callable[[Subscriber, Paper], object], told: str, browser: Client, reader: Subscriber, papers: Papers
) -> None:
    change(reader, papers[101])
    assert told in text_of(browser.get(path_of(reader), {"paper": papers[101].pk}).text)


def test_who_said_nothing_is_told_what_will_stand_here(browser: Client, papers: Papers) -> None:
    said = text_of(browser.get(path_of(make_reader())).text)
    assert "You have not told us anything yet" in said
    assert "We do not know your taste yet" in said
    assert "order of the edition number 1 of 8" in said
    assert buttons(browser.get(path_of(make_reader())).text) == []


def test_without_a_model_it_says_that_texts_are_left_out(browser: Client) -> None:
    make_edition(make_paper(), day=timezone.now().date())
    reader = make_reader(interests="robots")
    say(reader, make_paper(), "more", timezone.now())
    said = text_of(browser.get(path_of(reader)).text)
    assert "At the moment we cannot compare what papers say" in said
    assert "Texts are left out at the moment" in said
    assert "No paper of the past year" not in said


def test_without_an_edition_all_but_the_points_stands_there(browser: Client) -> None:
    reader = make_reader(interests="robots")
    page = browser.get(path_of(reader)).text
    assert ("interest", "robots") in buttons(page)
    assert "How a paper gets its points" not in page
    assert "As soon as there is an edition for you" in page


def test_hidden_papers_are_not_named(browser: Client, reader: Subscriber, papers: Papers) -> None:
    hidden = [papers[number] for number in (110, 205, 301)]
    Paper.objects.filter(pk__in=[paper.pk for paper in hidden]).update(is_hidden=True)
    Feedback.objects.create(subscriber=reader, paper=papers[301], kind="less", at=timezone.now(), is_automated=True)
    page = browser.get(path_of(reader)).text
    assert not any(paper.title in page for paper in hidden)
    for name in ("forget", "forget_less"):
        assert browser.post(path_of(reader), {name: papers[110].pk}).status_code == 400


# --- Forgetting it all ----------------------------------------------------------------------------------------------


def test_a_page_says_what_would_be_forgotten_and_its_button_forgets_it(browser: Client, reader: Subscriber) -> None:
    path = f"{path_of(reader)}/reset"
    before = rows()
    said = text_of(browser.get(path).text)
    assert rows() == before
    told = ["1 paper you wanted more like", "1 paper you wanted less like", "1 saved paper", "1 word that we ignore"]
    assert all(one in said for one in told)
    done = text_of(browser.post(path).text)
    assert "Forgotten" in done
    assert all(one in done for one in told)
    assert (reader.feedback.count(), stored(reader).ignored_words) == (0, "")
    assert (stored(reader).interests, reader.topics.count()) == (reader.interests, 2)
    assert "There was nothing to forget any more." in browser.post(path).text
    page = browser.get(path).text
    assert "There is nothing to forget" in page
    assert "<button" not in page.partition("<main")[2]


# --- Who may look ---------------------------------------------------------------------------------------------------


def test_looking_changes_nothing_and_nobody_keeps_it(browser: Client, reader: Subscriber) -> None:
    before = rows()
    for path in (path_of(reader), f"{path_of(reader)}/reset", f"{path_of(reader)}?ignore=diffusion&meant=1"):
        for answer in (browser.get(path), browser.head(path)):
            assert answer.status_code == 200
            assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex")
            assert not answer.cookies
    assert rows() == before
    assert browser.put(path_of(reader)).status_code == 405


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose != Purpose.PREFERENCES])
def test_no_other_link_opens_it(purpose: Purpose, browser: Client, reader: Subscriber) -> None:
    before = rows()
    path = f"/interests/{make_token(purpose, str(reader.pk), timezone.now())}"
    for address in (path, f"{path}/reset"):
        assert browser.get(address).status_code == 404
        assert browser.post(address, {"interest": "gripper"}).status_code == 404
    assert rows() == before


def test_a_link_is_good_for_its_own_reader_only(browser: Client, reader: Subscriber, papers: Papers) -> None:
    other = make_reader(interests="gripper")
    say(other, papers[110], "more", timezone.now())
    page = browser.post(path_of(other), {"forget": papers[110].pk}).text
    assert papers[112].title not in page
    browser.post(path_of(other), {"interest": "gripper"})
    browser.post(f"{path_of(other)}/reset")
    assert reader.feedback.count() == 3
    assert stored(reader).interests == reader.interests


def test_more_papers_take_no_more_queries(
    browser: Client, papers: Papers, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reader = make_reader()
    taken: list[int] = []
    for first in (103, 203):
        for number in range(first, first + 10):
            say(reader, papers[number], "more", timezone.now())
        browser.get(path_of(reader))
        with django_assert_max_num_queries(15) as queries:
            assert browser.get(path_of(reader)).status_code == 200
        taken.append(len(queries))
    assert taken[0] == taken[1]


def test_the_preferences_and_the_saved_papers_lead_there(browser: Client) -> None:
    path = link_of(preferences_url, make_reader())
    for page in (path, path.replace("/preferences/", "/saved/")):
        assert re.search(r'<a href="/interests/[^"]+">What we think you like</a>', browser.get(page).text)


def test_everybody_can_read_how_papers_are_chosen(browser: Client) -> None:
    assert "/about/choosing" in browser.get("/about/").text
    said = text_of(browser.get("/about/choosing").text)
    formula = (
        f"points = nearness + {relevance.POPULARITY} × attention + {relevance.MATCH_POINTS:.0f} × interests"
        f" + {relevance.AUTHOR_POINTS:.0f} × authors + {relevance.TOPIC_POINTS:.0f} × topics − less"
    )
    assert formula in said
    assert f"the {offer.MEANING_PAPERS} papers of the past year" in said
