"""The page of a reader's saved papers."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from papers.models import Paper
from subscribers.feedback import say
from subscribers.links import preferences_url
from subscribers.models import Feedback, Subscriber
from subscribers.tokens import Purpose, make_token
from subscribers.views import saved
from tests.factories import NOW, make_paper, make_reader
from tests.snapshots import rows
from tests.subscribers.links import path_of as link_of

pytestmark = pytest.mark.django_db


def path_of(reader: Subscriber) -> str:
    return link_of(preferences_url, reader).replace("/preferences/", "/saved/")


def save(reader: Subscriber, *titles: str) -> list[Paper]:
    """Save papers one after the other."""
    papers = [make_paper(title=title) for title in titles]
    for number, paper in enumerate(papers):
        say(reader, paper, Feedback.Kind.SAVED, NOW + timedelta(hours=number))
    return papers


def titles(page: str) -> list[str]:
    return re.findall(r'<h2 class="headline"[^>]*><a href="[^"]*">([^<]*)</a>', page)


def test_saved_papers_stand_there_the_latest_first_with_the_way_to_each(browser: Client) -> None:
    reader = make_reader()
    (first, _) = save(reader, "First & Foremost", "Second")
    page = browser.get(path_of(reader)).text
    assert titles(page) == ["Second", "First &amp; Foremost"]
    for shown in (f'href="{first.source_url}"', "Ada Lovelace", first.summary, "Saved <time", "23 November 2026"):
        assert shown in page
    assert "2 papers, the latest first." in page


def test_that_papers_are_sample_data_is_said_once(browser: Client) -> None:
    reader = make_reader()
    save(reader, "First", "Second")
    assert "Sample data" not in browser.get(path_of(reader)).text
    Paper.objects.update(is_sample=True)
    assert browser.get(path_of(reader)).text.count("Sample data") == 1


def test_only_what_the_reader_saved_stands_there(browser: Client) -> None:
    reader, other = make_reader(), make_reader()
    save(reader, "Mine")
    save(other, "Theirs")
    say(reader, make_paper(title="Liked"), Feedback.Kind.MORE, NOW)
    (hidden,) = save(reader, "Taken Down")
    Paper.objects.filter(pk=hidden.pk).update(is_hidden=True)
    (automated,) = save(reader, "By a Program")
    Feedback.objects.filter(paper=automated).update(is_automated=True)
    assert titles(browser.get(path_of(reader)).text) == ["Mine"]


def test_who_saved_nothing_is_told_how(browser: Client) -> None:
    assert "You have saved no paper yet." in browser.get(path_of(make_reader())).text


def test_a_paper_is_removed_and_that_is_undone(browser: Client) -> None:
    reader = make_reader()
    first, _ = save(reader, "First", "Second")
    for _ in range(2):
        page = browser.post(path_of(reader), {"remove": first.pk}).text
        assert titles(page) == ["Second"]
        assert "<strong>Removed:</strong> First" in page
        assert f'<button name="keep" value="{first.pk}"' in page
    for _ in range(2):
        page = browser.post(path_of(reader), {"keep": first.pk}).text
        assert sorted(titles(page)) == ["First", "Second"]
    page = browser.post(path_of(reader), {"remove": first.pk}).text
    assert titles(page) == ["Second"]


def test_removing_keeps_what_else_was_said(browser: Client) -> None:
    reader = make_reader()
    (paper,) = save(reader, "First")
    say(reader, paper, Feedback.Kind.MORE, NOW)
    browser.post(path_of(reader), {"remove": paper.pk})
    assert [said.kind for said in reader.feedback.all()] == [Feedback.Kind.MORE]


@pytest.mark.parametrize(
    "data", [{}, {"remove": ""}, {"remove": "x"}, {"keep": "404404"}, {"remove": "9" * 40}, {"keep": "-1"}]
)
def test_nonsense_changes_nothing(data: dict[str, str], browser: Client) -> None:
    reader = make_reader()
    save(reader, "First")
    before = rows()
    answer = browser.post(path_of(reader), data)
    assert answer.status_code == 400
    assert "Nothing was changed." in answer.text
    assert titles(answer.text) == ["First"]
    assert rows() == before


def test_a_paper_that_was_taken_down_is_not_saved(browser: Client) -> None:
    reader, hidden = make_reader(), make_paper(is_hidden=True)
    assert browser.post(path_of(reader), {"keep": hidden.pk}).status_code == 400
    assert not reader.feedback.exists()


def test_looking_at_the_page_changes_nothing_and_nobody_keeps_it(browser: Client) -> None:
    reader = make_reader()
    save(reader, "First")
    before = rows()
    for answer in (browser.get(path_of(reader)), browser.head(path_of(reader))):
        assert answer.status_code == 200
        assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex")
        assert not answer.cookies
    assert rows() == before


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose != Purpose.PREFERENCES])
def test_no_other_link_opens_it(purpose: Purpose, browser: Client) -> None:
    token = make_token(purpose, str(make_reader().pk), timezone.now())
    assert browser.get(f"/saved/{token}").status_code == 404
    assert browser.post(f"/saved/{token}", {"remove": "1"}).status_code == 404


def test_links_mailed_to_an_address_that_was_given_up_open_nothing(browser: Client) -> None:
    reader = make_reader()
    path = path_of(reader)
    Subscriber.objects.update(link_version=1)
    assert browser.get(path).status_code == 404


def test_a_long_list_is_cut_and_says_so(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "MOST", 2)
    reader = make_reader()
    save(reader, "First", "Second", "Third")
    page = browser.get(path_of(reader)).text
    assert titles(page) == ["Third", "Second"]
    assert "3 papers, the latest first. The latest 2 are shown." in page


def test_more_papers_take_no_more_queries(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reader = make_reader()
    asked: list[int] = []
    for number in range(2):
        save(reader, *[f"Paper {number}{more}" for more in range(10)])
        with django_assert_max_num_queries(10) as queries:
            assert browser.get(path_of(reader)).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_the_preferences_lead_there(browser: Client) -> None:
    reader = make_reader()
    page = browser.get(urlsplit(preferences_url(reader, timezone.now())).path).text
    assert re.search(r'<a href="/saved/[^"]+">Your saved papers</a>', page)
