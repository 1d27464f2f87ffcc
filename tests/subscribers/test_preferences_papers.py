"""The papers that a reader likes, on the page of preferences."""

import re
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from papers.modelling import refresh_text_model
from subscribers.feedback import say
from subscribers.forms.preferences import MOST_WANTED, PreferencesForm
from subscribers.links import preferences_url
from subscribers.models import Feedback
from tests.factories import NOW, make_arxiv_paper, make_paper, make_reader
from tests.snapshots import rows
from tests.subscribers.links import choices, path_of
from tests.subscribers.tuning import HTMX, Status, like

pytestmark = pytest.mark.django_db


def test_a_paper_that_is_no_longer_liked_is_forgotten_once_the_form_is_saved(browser: Client) -> None:
    reader, other = make_reader(), make_reader()
    old, kept = like(reader, "An Old Flame", "A Friend")
    theirs = Feedback.objects.create(subscriber=other, paper=old.paper, kind="more", at=NOW)
    path = path_of(preferences_url, reader)
    assert "An Old Flame" in browser.get(path).content.decode()
    browser.post(f"{path}/preview", choices(remove=[old.paper_id]))
    assert reader.feedback.count() == 2
    for _ in range(2):
        page = browser.post(path, choices(remove=[old.paper_id])).content.decode()
        assert "Saved." in page
        assert "An Old Flame" not in page
    assert set(Feedback.objects.all()) == {kept, theirs}


def test_only_papers_that_count_as_liked_stand_there(browser: Client) -> None:
    reader = make_reader()
    for title in ("Liked", "Liked Until Lately", "Liked by a Program", "Disliked Once", "Disliked", "Saved"):
        say(reader, make_paper(title=title), {"D": "less", "L": "more", "S": "saved"}[title[0]], NOW)
    said = {row.paper.title: row for row in reader.feedback.select_related("paper")}
    say(reader, said["Liked Until Lately"].paper, "less", NOW + timedelta(days=1))
    say(reader, said["Disliked Once"].paper, "more", NOW + timedelta(days=1))
    Feedback.objects.filter(pk=said["Liked by a Program"].pk).update(is_automated=True)
    page = browser.get(path_of(preferences_url, reader)).content.decode()
    assert re.findall(r"Forget </span>([^<]*)<", page) == ["Liked", "Disliked Once"]


# --- Papers that are added ----------------------------------------------------------------------------------------


def test_pasted_papers_are_liked_once_the_form_is_saved_and_twice_is_once(
    browser: Client, settings: Settings, todays_papers: list[str]
) -> None:
    settings.PAPERS_SOURCES = ["arxiv"]
    reader = make_reader()
    paper = make_arxiv_paper("2305.03048", title="Graphs and knitting")
    for number in range(6):
        make_paper(title=f"Other matters {number}")
    refresh_text_model(timezone.now())
    path = path_of(preferences_url, reader)
    wishes = choices(interests="", arxiv_ids="arXiv:2305.03048v2\r\nhttps://arxiv.org/abs/2402.17764\r\nno id")
    before = rows()
    page = browser.post(f"{path}/preview", wishes, headers=HTMX).content.decode()
    assert "because you liked" in page
    told = "2 papers recognised; 1 of them is new to us and will be looked up {}; 1 line had no arXiv id."
    assert page.count(told.format("after you save")) == 2
    assert rows() == before
    for _ in range(2):
        page = browser.post(path, wishes).content.decode()
        assert f"follows these choices. {told.format('within some minutes')}" in page
        assert "Still to be looked up: 2402.17764." in page
        assert "Forget </span>Graphs and knitting<" in page
        assert reader.feedback.get().paper == paper
        assert [wanted.arxiv_id for wanted in reader.wanted_papers.all()] == ["2402.17764"]


def test_where_nothing_is_read_from_arxiv_no_wish_is_kept(browser: Client) -> None:
    reader = make_reader()
    page = browser.post(path_of(preferences_url, reader), choices(arxiv_ids="2402.17764")).content.decode()
    assert "1 paper recognised; it is new to us and left out." in page
    assert not reader.wanted_papers.exists()


def test_who_left_is_told_that_papers_are_looked_up_once_they_are_back(browser: Client, settings: Settings) -> None:
    settings.PAPERS_SOURCES = ["arxiv"]
    reader = make_reader(status=Status.UNSUBSCRIBED)
    page = browser.post(path_of(preferences_url, reader), choices(arxiv_ids="2402.17764")).content.decode()
    assert "it is new to us and will be looked up once you get digests again." in page
    assert reader.wanted_papers.count() == 1


def test_a_paper_that_was_disliked_and_is_pasted_is_liked_in_the_preview_and_when_saved(browser: Client) -> None:
    reader = make_reader()
    paper = make_arxiv_paper("2305.03048")
    say(reader, paper, "more", NOW)
    say(reader, paper, "less", NOW + timedelta(days=1))
    form = PreferencesForm(choices(arxiv_ids="2305.03048"), reader=reader, at=timezone.now())
    assert form.is_valid()
    assert [(said.paper_id, said.kind) for said in form.preferences().said] == [(paper.pk, "more")]
    browser.post(path_of(preferences_url, reader), choices(arxiv_ids="2305.03048"))
    assert [said.kind for said in reader.feedback.counting()] == ["more"]


def test_only_so_many_papers_wait_for_one_reader(browser: Client, settings: Settings) -> None:
    settings.PAPERS_SOURCES = ["arxiv"]
    reader = make_reader()
    path = path_of(preferences_url, reader)

    def paste(first: int, last: int) -> HttpResponse:
        pasted = " ".join(f"2402.{number:05}" for number in range(first, last))
        response = browser.post(path, choices(arxiv_ids=pasted))
        assert isinstance(response, HttpResponse)
        return response

    assert {paste(first, first + 50).status_code for first in range(0, MOST_WANTED, 50)} == {200}
    refused = paste(MOST_WANTED, MOST_WANTED + 1)
    assert refused.status_code == 400
    assert "200 papers of yours are still to be looked up." in refused.content.decode()
    assert paste(0, 50).status_code == 200
    assert reader.wanted_papers.count() == MOST_WANTED
