"""Papers that somebody wishes for when they sign up, or tune."""

import pytest
from django.test import Client
from pytest_httpserver import HTTPServer

from newsletter.audience import choose_again_where_stale
from newsletter.models import Delivery, Edition
from subscribers.links import confirm_url
from subscribers.models import Subscriber
from subscribers.optin import unsubscribe
from subscribers.preferences import make_choices, save_choices
from subscribers.tasks import answer_sign_ups_task, look_up_wanted_task
from subscribers.wanted import look_up_wanted
from tests.factories import NOW, make_arxiv_paper, make_edition, make_paper, make_reader
from tests.subscribers.links import path_of
from tests.subscribers.signing_up import ADDRESS, sign_up
from tests.subscribers.wishing import (
    ALSO_KNOWN,
    DAY,
    KNOWN,
    MINUTE,
    Status,
    liked,
    wanted,
    wish,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_reads_arxiv")]


def test_a_sign_up_likes_what_is_known_and_wishes_for_the_rest() -> None:
    known = make_paper()
    assert known.arxiv_id
    reader = make_reader(status=Status.PENDING)
    choices = make_choices([], [], "", "", [KNOWN, known.arxiv_id])
    for _ in range(2):
        save_choices(reader, choices, NOW)
        assert liked(reader) == [(known.arxiv_id, NOW)]
        assert wanted() == [KNOWN]


def test_however_many_forms_are_sent_for_somebody_the_last_list_is_the_one() -> None:
    reader = make_reader(status=Status.PENDING)
    save_choices(reader, make_choices([], [], "", "", [KNOWN]), NOW)
    save_choices(reader, make_choices([], [], "graphs", ""), NOW)
    assert wanted() == [KNOWN]
    save_choices(reader, make_choices([], [], "", "", [ALSO_KNOWN]), NOW)
    assert wanted() == [ALSO_KNOWN]


@pytest.mark.usefixtures("_answers")
def test_from_the_form_to_the_papers(arxiv: HTTPServer, browser: Client) -> None:
    known = make_arxiv_paper("2305.03048")
    pasted = f"https://arxiv.org/abs/2305.03048v2\nno id\nhttps://huggingface.co/papers/{KNOWN}"
    assert sign_up(browser, arxiv_ids=pasted).status_code == 302
    answer_sign_ups_task()
    reader = Subscriber.objects.get()
    assert [arxiv_id for arxiv_id, _ in liked(reader)] == [known.arxiv_id]
    look_up_wanted_task()
    assert (wanted(), arxiv.log) == ([KNOWN], [])
    path = path_of(confirm_url, reader)
    assert browser.get(path).status_code == 200
    look_up_wanted_task()
    assert arxiv.log == []
    assert browser.post(path).status_code == 200
    look_up_wanted_task()
    assert [arxiv_id for arxiv_id, _ in liked(reader)] == [known.arxiv_id, KNOWN]
    assert wanted() == []


def test_a_stranger_cannot_wish_for_an_active_reader(browser: Client) -> None:
    reader = make_reader(email=ADDRESS)
    sign_up(browser, arxiv_ids=f"{KNOWN} {make_paper().arxiv_id}")
    answer_sign_ups_task()
    assert wanted() == []
    assert not reader.feedback.exists()


@pytest.mark.usefixtures("_answers")
def test_who_leaves_before_the_answer_gets_nothing_and_keeps_the_wish(arxiv: HTTPServer) -> None:
    reader = wish(KNOWN)
    unsubscribe(reader, source="link", at=NOW)
    assert look_up_wanted(NOW) == 0
    assert (wanted(), arxiv.log) == ([KNOWN], [])


@pytest.mark.usefixtures("_answers")
def test_a_queued_digest_follows(arxiv: HTTPServer) -> None:
    reader = wish(KNOWN)
    edition = make_edition(*[make_paper() for _ in range(3)])
    delivery = Delivery.objects.create(
        edition=edition, subscriber=reader, due_at=NOW + DAY, next_attempt_at=NOW + DAY, chosen_at=NOW - DAY
    )
    look_up_wanted(NOW)
    choose_again_where_stale(NOW + MINUTE)
    delivery.refresh_from_db()
    assert delivery.chosen_at == NOW + MINUTE
    assert Edition.objects.count() == 1
