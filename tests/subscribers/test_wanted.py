"""Papers that readers like and that we do not know: looked up at arXiv, and liked once they are known."""

import logging
from datetime import date, timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from pytest_httpserver import HTTPServer

from newsletter.editions import keep_editions
from newsletter.models import EditionEntry
from papers.models import Pace, Paper, SourceRun, TrendingScore
from papers.scoring import score_due
from subscribers import signals
from subscribers.feedback import say
from subscribers.models import Feedback, Subscriber, WantedPaper
from subscribers.preferences import like_by_arxiv_id
from subscribers.tasks import look_up_wanted_task
from subscribers.wanted import AT_A_TIME, look_up_wanted
from tests.factories import NOW, make_arxiv_paper, make_paper, make_reader
from tests.subscribers.wishing import (
    ALSO_KNOWN,
    DAY,
    HOUR,
    KNOWN,
    MINUTE,
    OF_NO_PAPER,
    Status,
    asked_of,
    liked,
    wanted,
    wish,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_reads_arxiv")]


# --- Looking up ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_answers")
def test_what_a_reader_wished_for_is_read_and_liked_as_of_when_they_said_so(arxiv: HTTPServer) -> None:
    reader = wish(KNOWN, ALSO_KNOWN, at=NOW - HOUR)
    assert not reader.feedback.exists()
    assert look_up_wanted(NOW) == 2
    assert liked(reader) == [(ALSO_KNOWN, NOW - HOUR), (KNOWN, NOW - HOUR)]
    assert wanted() == []
    paper = Paper.objects.get(arxiv_id=KNOWN)
    assert (paper.title, paper.published_on) == ("Contrastive Learning for Authorship Verification", date(2026, 9, 23))
    assert [*paper.topics.order_by("slug").values_list("slug", flat=True)] == ["cs.CL", "cs.LG"]
    run = SourceRun.objects.get()
    assert (run.source, run.status, run.created, run.asked) == ("arxiv by id", "read", 2, "2 papers by their ids")


@pytest.mark.usefixtures("_answers")
def test_looking_up_twice_is_once(arxiv: HTTPServer) -> None:
    reader = wish(KNOWN)
    assert [look_up_wanted(NOW + minute * MINUTE) for minute in range(3)] == [1, 0, 0]
    assert liked(reader) == [(KNOWN, NOW)]
    assert len(arxiv.log) == 1


@pytest.mark.usefixtures("_answers")
def test_all_readers_wishes_are_one_question_in_which_nobody_is_named(arxiv: HTTPServer) -> None:
    readers = [wish(KNOWN, at=NOW - HOUR), wish(KNOWN, ALSO_KNOWN, at=NOW)]
    assert look_up_wanted(NOW) == 3
    assert asked_of(arxiv) == [[KNOWN, ALSO_KNOWN]]
    ((request, _),) = arxiv.log
    assert set(request.args) == {"id_list", "start", "max_results"}
    assert not [reader for reader in readers if reader.email in f"{request.url} {request.headers}"]
    assert Pace.objects.get().service == "arxiv"
    assert [len(liked(reader)) for reader in readers] == [1, 2]


@pytest.mark.usefixtures("_answers")
def test_ids_that_arxiv_does_not_know_are_dropped_after_it_said_so(
    arxiv: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    reader = wish(KNOWN, OF_NO_PAPER)
    other = wish(OF_NO_PAPER, status=Status.PENDING)
    assert look_up_wanted(NOW) == 1
    assert wanted() == []
    assert "2 wishes dropped: arXiv has no paper with 1 ids" in caplog.text
    assert not [one for one in (reader, other) if one.email in caplog.text]
    assert look_up_wanted(NOW + MINUTE) == 0
    assert len(arxiv.log) == 1


@pytest.mark.usefixtures("_answers")
def test_an_answer_without_any_paper_is_an_answer(arxiv: HTTPServer) -> None:
    wish(OF_NO_PAPER)
    assert look_up_wanted(NOW) == 0
    assert wanted() == []
    assert SourceRun.objects.get().status == "empty"


@pytest.mark.usefixtures("_answers")
def test_of_many_the_oldest_are_asked_for_first_and_once_a_minute(arxiv: HTTPServer) -> None:
    ids = [f"2401.{number:05}" for number in range(AT_A_TIME + 20)]
    for place in range(0, len(ids), 40):
        wish(*ids[place : place + 40], at=NOW - DAY - place * MINUTE)
    look_up_wanted(NOW)
    look_up_wanted(NOW + timedelta(seconds=59))
    look_up_wanted(NOW + MINUTE)
    assert asked_of(arxiv) == [[*ids[80:], *ids[40:80], *ids[:20]], ids[20:40]]
    assert wanted() == []


def test_a_paper_that_came_by_itself_is_liked_without_a_question(arxiv: HTTPServer) -> None:
    reader = wish(KNOWN)
    make_arxiv_paper(KNOWN)
    assert look_up_wanted(NOW) == 1
    assert liked(reader) == [(KNOWN, NOW)]
    assert arxiv.log == []


def test_a_paper_that_was_taken_down_is_neither_liked_nor_asked_for_until_it_is_back(arxiv: HTTPServer) -> None:
    paper = make_arxiv_paper(KNOWN, is_hidden=True)
    reader = wish(KNOWN)
    assert look_up_wanted(NOW) == 0
    assert arxiv.log == []
    Paper.objects.filter(pk=paper.pk).update(is_hidden=False)
    assert look_up_wanted(NOW + DAY) == 1
    assert liked(reader) == [(KNOWN, NOW)]


@pytest.mark.usefixtures("_answers")
@pytest.mark.parametrize("status", [Status.PENDING, Status.UNSUBSCRIBED])
def test_wishes_of_who_gets_no_digests_wait(status: str, arxiv: HTTPServer) -> None:
    reader = wish(KNOWN, status=status)
    assert look_up_wanted(NOW) == 0
    assert (wanted(), arxiv.log) == ([KNOWN], [])
    Subscriber.objects.filter(pk=reader.pk).update(status=Status.ACTIVE, confirmed_at=NOW)
    assert look_up_wanted(NOW + MINUTE) == 1
    assert liked(reader) == [(KNOWN, NOW)]


def test_where_nothing_is_read_from_arxiv_nothing_is_asked(arxiv: HTTPServer, settings: Settings) -> None:
    reader = wish(KNOWN, ALSO_KNOWN)
    settings.PAPERS_SOURCES = ["sample"]
    make_arxiv_paper(KNOWN)
    assert look_up_wanted(NOW) == 1
    assert liked(reader) == [(KNOWN, NOW)]
    assert arxiv.log == []
    like_by_arxiv_id(reader, [OF_NO_PAPER], NOW)
    assert wanted() == [ALSO_KNOWN]


def test_without_wishes_the_task_asks_nothing_and_takes_two_queries(arxiv: HTTPServer) -> None:
    make_reader()
    with CaptureQueriesContext(connection) as queries:
        look_up_wanted_task()
    assert len(queries) == 2
    assert arxiv.log == []


@pytest.mark.usefixtures("_answers")
def test_more_readers_and_more_wishes_take_no_more_queries_to_look_up(arxiv: HTTPServer) -> None:
    taken = []
    # The first question also makes the row in which turns are taken.
    for count in (1, 3, 6):
        WantedPaper.objects.all().delete()
        for number in range(count):
            wish(*[f"24{count:02}.{number}{place:04}" for place in range(count)])
        with CaptureQueriesContext(connection) as queries:
            look_up_wanted(NOW + count * MINUTE)
        taken.append(len(queries))
    assert taken[1] == taken[2]


# --- When it goes wrong -------------------------------------------------------------------------------------------


def test_a_failure_is_logged_and_what_was_wished_for_waits_longer_each_time(
    arxiv: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    arxiv.expect_request("/api/query").respond_with_data("Busy", status=503)
    reader = wish(KNOWN)
    for minute in range(180):
        assert look_up_wanted(NOW + minute * MINUTE) == 0
    assert len(arxiv.log) == 4
    assert wanted() == [KNOWN]
    assert "Source arxiv by id could not be read: arxiv answered 503" in caplog.text
    assert reader.email not in caplog.text


def test_it_is_not_asked_before_it_wants_to_be(arxiv: HTTPServer) -> None:
    arxiv.expect_request("/api/query").respond_with_data("Slow down", status=429, headers={"Retry-After": "3600"})
    wish(KNOWN)
    for minute in range(59):
        look_up_wanted(NOW + minute * MINUTE)
    assert len(arxiv.log) == 1


@pytest.mark.usefixtures("_answers")
def test_after_a_failure_it_comes_true_as_soon_as_arxiv_answers(arxiv: HTTPServer) -> None:
    reader = wish(KNOWN)
    SourceRun.objects.create(source="arxiv by id", due_at=NOW - MINUTE, started_at=NOW - MINUTE, status="failed")
    assert look_up_wanted(NOW) == 1
    assert liked(reader) == [(KNOWN, NOW)]


def test_how_the_feed_of_arxiv_fares_is_another_matter(arxiv: HTTPServer) -> None:
    arxiv.expect_request("/api/query").respond_with_data("Busy", status=503)
    wish(KNOWN)
    look_up_wanted(NOW)
    assert not SourceRun.objects.filter(source="arxiv").exists()


# --- What it means ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_answers")
def test_what_was_said_since_holds(arxiv: HTTPServer) -> None:
    reader = wish(KNOWN, at=NOW - HOUR)
    paper = make_arxiv_paper(KNOWN)
    say(reader, paper, "less", NOW - MINUTE)
    look_up_wanted(NOW)
    assert [said.kind for said in reader.feedback.counting()] == ["less"]


def test_what_a_program_said_before_does_not_stand_in_the_way() -> None:
    paper = make_paper()
    reader = make_reader()
    said = Feedback.objects.create(subscriber=reader, paper=paper, kind="more", at=NOW - DAY, is_automated=True)
    assert paper.arxiv_id
    like_by_arxiv_id(reader, [paper.arxiv_id], NOW)
    said.refresh_from_db()
    assert (said.is_automated, said.at) == (False, NOW)
    like_by_arxiv_id(reader, [paper.arxiv_id], NOW + DAY)
    said.refresh_from_db()
    assert said.at == NOW


@pytest.mark.usefixtures("_answers")
def test_it_is_news_so_that_what_waits_to_be_sent_is_chosen_again(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    heard: list[int] = []

    def hear(subscriber_id: int, **_: object) -> None:
        heard.append(subscriber_id)

    signals.preferences_changed.connect(hear)
    reader = wish(KNOWN, ALSO_KNOWN)
    with django_capture_on_commit_callbacks(execute=True):
        look_up_wanted(NOW)
    signals.preferences_changed.disconnect(hear)
    assert heard == [reader.pk]
    reader.refresh_from_db()
    assert reader.preferences_changed_at == NOW


@pytest.mark.usefixtures("_answers")
def test_the_papers_are_on_no_list_in_no_edition_and_new_nowhere(client: Client) -> None:
    listed = [make_paper(title=f"Listed {number}") for number in range(3)]
    wish(KNOWN)
    look_up_wanted(NOW)
    paper = Paper.objects.get(arxiv_id=KNOWN)
    assert (paper.listed_on, paper.counts, paper.signals.count()) == (None, {}, 0)
    while score_due(NOW):
        pass
    keep_editions(NOW)
    assert set(TrendingScore.objects.values_list("paper", flat=True)) == {one.pk for one in listed}
    assert set(EditionEntry.objects.values_list("paper", flat=True)) == {one.pk for one in listed}
    caches["process"].clear()
    home = client.get("/").content.decode()
    assert home.count("Listed ") >= 3
    assert "Contrastive Learning" not in home[: home.rindex("Listed ")]
    for window in ("day", "week", "month"):
        feed = client.get(f"/feeds/trending/{window}.atom").content.decode()
        assert "Listed " in feed
        assert "Contrastive Learning" not in feed
    assert client.get(paper.get_absolute_url()).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_answers")
def test_who_leaves_while_others_wishes_come_true_keeps_the_wish() -> None:
    readers = [wish(KNOWN), wish(KNOWN)]

    def leave(**_: object) -> None:
        Subscriber.objects.filter(pk=readers[1].pk).update(status=Status.UNSUBSCRIBED)

    signals.preferences_changed.connect(leave)
    assert look_up_wanted(NOW) == 1
    signals.preferences_changed.disconnect(leave)
    assert [len(liked(reader)) for reader in readers] == [1, 0]
    assert wanted() == [KNOWN]
