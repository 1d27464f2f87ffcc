"""The links of a digest by which a reader says something of a paper: one page, one button, and what comes of it."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from newsletter.erasure import erase
from newsletter.models import Delivery
from newsletter.rendering import personal_links
from papers.models import Paper
from subscribers.changing_address import ask_to_change, confirm_change
from subscribers.feedback import WITHIN, say
from subscribers.links import new_address_url
from subscribers.models import Feedback, Subscriber, Suppression
from subscribers.optin import unsubscribe
from subscribers.tokens import Purpose, make_token
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.snapshots import rows

pytestmark = pytest.mark.django_db

KINDS = list(Feedback.Kind)
BUTTONS = {"more": "More like this", "less": "Less like this", "saved": "Save"}


@pytest.fixture
def browser() -> Client:
    """A visitor who asks as strictly as the world does."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def paper() -> Paper:
    return make_paper(title="Sorting <x> & y", authors=["Ada Lovelace"])


@pytest.fixture
def delivery(paper: Paper) -> Delivery:
    return make_delivery(make_edition(paper), make_reader(), paper, status="accepted")


def path_of(delivery: Delivery, paper: Paper, kind: str = "more") -> str:
    assert delivery.subscriber
    base = urlsplit(personal_links(delivery, delivery.subscriber).feedback_url).path
    return f"{base}/{paper.pk}/{kind}"


def kinds(delivery: Delivery) -> set[str]:
    assert delivery.subscriber
    return set(delivery.subscriber.feedback.counting().values_list("kind", flat=True))


def as_if_long_ago() -> None:
    then = timezone.now() - 2 * WITHIN
    Feedback.objects.update(at=then, pressed_at=then)


# --- The page -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_opens_a_page_with_the_paper_and_one_button_and_changes_nothing(
    kind: str, browser: Client, delivery: Delivery, paper: Paper
) -> None:
    before = rows()
    path = path_of(delivery, paper, kind)
    for answer in (browser.get(path), browser.head(path)):
        assert answer.status_code == 200
        assert (answer["Cache-Control"], answer["Referrer-Policy"], answer["X-Robots-Tag"]) == (
            "no-store",
            "no-referrer",
            "noindex",
        )
        assert not answer.cookies
    page = browser.get(path).text
    assert "Sorting &lt;x&gt; &amp; y" in page
    assert "Ada Lovelace" in page
    assert page.count('<form method="post"') == 1
    assert f'<button type="submit">{BUTTONS[kind]}</button>' in page
    assert rows() == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_what_was_said_already_has_the_same_button(
    kind: str, browser: Client, delivery: Delivery, paper: Paper
) -> None:
    """A program that presses the one button of each page takes nothing back."""
    browser.post(path_of(delivery, paper, kind))
    assert "undo" not in browser.get(path_of(delivery, paper, kind)).text


@pytest.mark.parametrize("kind", KINDS)
def test_the_button_records_it_says_so_and_can_be_undone(
    kind: str, browser: Client, delivery: Delivery, paper: Paper
) -> None:
    path = path_of(delivery, paper, kind)
    said = browser.post(path)
    assert (said.status_code, kinds(delivery)) == (200, {kind})
    assert Feedback.objects.get().mail_id == delivery.pk
    assert ("saved papers" in said.text) == (kind == "saved")
    assert "/saved/" not in said.text
    assert "/preferences/" not in said.text
    assert '<button type="submit" name="undo" value="1"' in said.text
    undone = browser.post(path, {"undo": "1"})
    assert (undone.status_code, kinds(delivery)) == (200, set())
    assert "Undone." in undone.text
    assert f'<button type="submit">{BUTTONS[kind]}</button>' in undone.text


def test_pressing_twice_and_undoing_twice_is_once(browser: Client, delivery: Delivery, paper: Paper) -> None:
    path = path_of(delivery, paper)
    answers = {browser.post(path).text for _ in range(2)}
    assert (len(answers), Feedback.objects.count()) == (1, 1)
    answers = {browser.post(path, {"undo": "1"}).text for _ in range(2)}
    assert (len(answers), Feedback.objects.count()) == (1, 0)


def test_every_button_at_once_is_not_counted_and_the_page_says_what_to_do(
    browser: Client, delivery: Delivery, paper: Paper
) -> None:
    pages = [browser.post(path_of(delivery, paper, kind)).text for kind in KINDS]
    assert ["Was that you?" in page for page in pages] == [False, True, True]
    assert "wait for ten seconds" in pages[-1]
    assert kinds(delivery) == set()
    as_if_long_ago()
    assert "Saved" in browser.post(path_of(delivery, paper, "saved")).text
    assert kinds(delivery) == {"saved"}


def test_the_page_of_a_sample_paper_says_so(browser: Client, delivery: Delivery, paper: Paper) -> None:
    assert "Sample data." not in browser.get(path_of(delivery, paper)).text
    Paper.objects.update(is_sample=True)
    assert "Sample data." in browser.get(path_of(delivery, paper)).text


# --- Links that do nothing ------------------------------------------------------------------------------------------


def refused(browser: Client, path: str) -> set[int]:
    """The statuses of every way to ask, none of which changes anything."""
    before = rows()
    statuses = {browser.get(path).status_code, browser.head(path).status_code}
    statuses |= {browser.post(path).status_code, browser.post(path, {"undo": "1"}).status_code}
    assert rows() == before
    return statuses


def test_a_link_is_good_for_the_papers_of_its_digest_only(browser: Client, delivery: Delivery, paper: Paper) -> None:
    other = make_paper()
    make_delivery(make_edition(other, day=NOW.date() - timedelta(days=1)), delivery.subscriber, other)
    assert refused(browser, path_of(delivery, other)) == {404}
    assert refused(browser, path_of(delivery, paper).replace(f"/{paper.pk}/", f"/{10**30}/")) == {404}
    assert refused(browser, path_of(delivery, paper).replace(f"/{paper.pk}/", "/-1/")) == {404}


@pytest.mark.parametrize("kind", ["liked", "MORE", "more.", "%00", "more/more", ""])
def test_there_is_nothing_else_to_say(kind: str, browser: Client, delivery: Delivery, paper: Paper) -> None:
    assert refused(browser, path_of(delivery, paper, kind)) == {404}


def test_a_link_that_was_tampered_with_does_nothing(browser: Client, delivery: Delivery, paper: Paper) -> None:
    path = path_of(delivery, paper)
    token = path.split("/")[2]
    for wrong in (token[:-1], f"{token}x", token.swapcase(), "x", "a.b.c", "%00"):
        assert refused(browser, path.replace(token, wrong)) == {404}


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose != Purpose.FEEDBACK])
def test_no_other_link_says_anything(purpose: Purpose, browser: Client, delivery: Delivery, paper: Paper) -> None:
    token = make_token(purpose, f"{delivery.pk.hex}-0", timezone.now())
    assert refused(browser, f"/say/{token}/{paper.pk}/more") == {404}


@pytest.mark.parametrize("page", ["preferences", "saved", "privacy", "u", "digest", "confirm"])
def test_the_link_opens_nothing_else(page: str, browser: Client, delivery: Delivery, paper: Paper) -> None:
    """A digest is passed on: whoever gets it learns nothing of its reader."""
    token = path_of(delivery, paper).split("/")[2]
    assert browser.get(f"/{page}/{token}").status_code == 404


def test_a_link_speaks_for_the_reader_it_was_mailed_to(browser: Client, delivery: Delivery, paper: Paper) -> None:
    other = make_reader()
    theirs = make_delivery(delivery.edition, other, paper)
    browser.post(path_of(theirs, paper))
    assert Feedback.objects.get().subscriber == other


def test_links_mailed_to_an_address_that_was_given_up_do_nothing(
    browser: Client, delivery: Delivery, paper: Paper
) -> None:
    path, reader, at = path_of(delivery, paper), delivery.subscriber, timezone.now()
    assert reader
    ask_to_change(reader, "new@example.org", at)
    confirm_change(new_address_url(reader.address_change, at).rsplit("/", 1)[1], at)
    assert Subscriber.objects.get(pk=reader.pk).email == "new@example.org"
    assert refused(browser, path) == {404}
    delivery.refresh_from_db()
    assert browser.get(path_of(delivery, paper)).status_code == 200


def test_links_of_who_was_erased_do_nothing(browser: Client, delivery: Delivery, paper: Paper) -> None:
    path, reader = path_of(delivery, paper), delivery.subscriber
    assert reader
    browser.post(path)
    erase(reader, NOW)
    assert not Feedback.objects.exists()
    assert refused(browser, path) == {404}


def test_links_whose_digest_is_not_on_record_any_more_do_nothing(
    browser: Client, delivery: Delivery, paper: Paper
) -> None:
    path = path_of(delivery, paper)
    Delivery.objects.update(picks=[])
    assert refused(browser, path) == {404}


def test_who_has_left_is_told_so_kindly(browser: Client, delivery: Delivery, paper: Paper) -> None:
    assert delivery.subscriber
    unsubscribe(delivery.subscriber, source="link", at=NOW)
    assert refused(browser, path_of(delivery, paper)) == {410}
    page = browser.get(path_of(delivery, paper)).text
    assert "You do not get our digests at the moment" in page
    assert 'id="sign-up"' in page
    assert browser.get(path_of(delivery, paper))["Cache-Control"] == "no-store"


def test_so_is_whose_address_must_not_be_mailed(browser: Client, delivery: Delivery, paper: Paper) -> None:
    assert delivery.subscriber
    Suppression.objects.suppress(delivery.subscriber.email, Suppression.Reason.COMPLAINT, NOW)
    assert refused(browser, path_of(delivery, paper)) == {410}


def test_a_paper_that_was_taken_down_is_not_shown(browser: Client, delivery: Delivery, paper: Paper) -> None:
    assert delivery.subscriber
    say(delivery.subscriber, paper, "more", NOW)
    Paper.objects.update(is_hidden=True)
    assert refused(browser, path_of(delivery, paper)) == {410}
    assert "Sorting" not in browser.get(path_of(delivery, paper)).text


def test_a_link_to_say_something_does_not_expire(browser: Client, delivery: Delivery, paper: Paper) -> None:
    delivery.edition.closing_at = timezone.now() - timedelta(days=390)
    assert browser.post(path_of(delivery, paper)).status_code == 200
    assert kinds(delivery) == {"more"}


def test_no_other_way_of_asking_is_answered(browser: Client, delivery: Delivery, paper: Paper) -> None:
    for method in (browser.put, browser.delete, browser.patch):
        assert method(path_of(delivery, paper)).status_code == 405
