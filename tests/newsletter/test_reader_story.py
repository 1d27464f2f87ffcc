"""The page of a reader tells what happened so far, newest first."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from newsletter.admin.reader_story import TOLD, Moment, Story, tell
from newsletter.models import DeliveryEvent, Edition
from subscribers.models import ConsentEvent, Feedback, Letter, Subscriber, Suppression, WantedPaper
from tests.admin_pages import count_queries
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.known import make_known_reader

pytestmark = pytest.mark.django_db


def page_of(reader: Subscriber) -> str:
    return f"/admin/subscribers/subscriber/{reader.pk}/change/"


def anybody(permission: str) -> bool:
    return True


def moments(story: Story) -> list[Moment]:
    return [*story.latest, *story.earlier]


def add_a_week(reader: Subscriber) -> None:
    """Seven days in which everything happens that may happen every day."""
    for _ in range(7):
        number = reader.deliveries.count()
        at, paper = NOW - timedelta(days=number), make_paper()
        delivery = make_delivery(
            make_edition(paper, day=TODAY - timedelta(days=number)), reader, paper, due_at=at, status="accepted"
        )
        DeliveryEvent.objects.create(
            delivery=delivery, key=str(delivery.pk), provider="postmark", kind="delivered", received_at=at
        )
        Feedback.objects.create(subscriber=reader, paper=paper, kind="saved", at=at)
        ConsentEvent.objects.create(subscriber=reader, kind="requested", wording_version="1", source="form", at=at)
        WantedPaper.objects.create(subscriber=reader, arxiv_id=f"2305.{number:05}", asked_at=at)


def test_everything_that_happened_is_told(admin_client: Client) -> None:
    reader = make_known_reader()
    Suppression.objects.suppress(reader.email, Suppression.Reason.COMPLAINT, NOW)
    text = admin_client.get(page_of(reader)).content.decode()
    said = [
        *["Ada.Lovelace@example.org", "Active: gets digests", "Takes a break until 24 December 2026"],
        *["Confirmed the address", "How: link", "192.0.2.0", "/topics/", "Wording: 2026-11"],
        *["Edition of 23 November 2026: accepted", "A Chosen Paper", "trending: +99 upvotes", "said hello"],
        *["Bounced at 2026-11-23 17:57 UTC, says postmark, smtp;550 5.1.1"],
        *["More like this: A Liked Paper", "A program pressed it", "2305.03048", "countess@example.net"],
        *["Too many emails", "A form was sent in", "Confirm your new address"],
        *["A letter went to this mailbox"],
        *["Never to be mailed: Complaint"],
    ]
    assert [words for words in said if words not in text] == []


def test_moments_come_newest_first_and_what_was_long_ago_folds_away() -> None:
    reader = make_reader(created_at=NOW - timedelta(days=99))
    add_a_week(reader)
    story = tell(reader, anybody)
    at = [moment.at for moment in moments(story)]
    assert at == sorted(at, reverse=True)
    assert (len(story.latest), len(story.earlier)) == (12, 11)
    assert moments(story)[-1].what == "Came to us"


def test_a_story_takes_as_many_queries_for_two_weeks_as_for_one(admin_client: Client) -> None:
    reader = make_reader()
    add_a_week(reader)
    count_queries(admin_client, page_of(reader))  # what is looked up once and kept
    one_week = count_queries(admin_client, page_of(reader))
    add_a_week(reader)
    assert count_queries(admin_client, page_of(reader)) == one_week


def test_of_each_kind_the_latest_are_told_and_the_digests_have_a_list(admin_client: Client) -> None:
    reader = make_reader()
    for _ in range(4):
        add_a_week(reader)
    make_delivery(Edition.objects.all()[0], make_reader(), make_paper(), status="accepted")
    story = tell(reader, anybody)
    digests = [moment for moment in moments(story) if moment.picks]
    assert (len(digests), digests[0].at) == (TOLD, NOW)
    page: Any = admin_client.get(story.digests_url)
    assert {delivery.subscriber for delivery in page.context["cl"].result_list} == {reader}
    assert page.context["cl"].result_count == 28


def test_an_import_tells_where_it_came_from(admin_client: Client) -> None:
    reader = make_known_reader()
    ConsentEvent.objects.create(subscriber=reader, kind="imported", wording_version="", source="import 1", at=NOW)
    (moment,) = [moment for moment in moments(tell(reader, anybody)) if "elsewhere" in moment.what]
    assert "As it says: The list of the reading group" in moment.details
    assert admin_client.get(moment.url).status_code == 200


def test_links_lead_only_where_whoever_asks_may_go(support: Client, admin_client: Client) -> None:
    reader = make_known_reader()
    assert [moment.url for moment in moments(tell(reader, lambda permission: False)) if moment.url] == []
    page = support.get(page_of(reader)).content.decode()
    assert "A Chosen Paper" in page
    assert "/admin/newsletter/delivery/" not in page
    for moment in moments(tell(reader, anybody)):
        for url in filter(None, [moment.url, *(pick.url for pick in moment.picks)]):
            assert admin_client.get(url).status_code == 200


def test_what_the_staff_did_is_part_of_the_story(support: Client) -> None:
    reader = make_reader()
    support.post(f"/admin/subscribers/subscriber/{reader.pk}/do/unsubscribe/")
    assert any("support" in moment.what and "Unsubscribed." in moment.what for moment in moments(tell(reader, anybody)))


def test_a_letter_that_waits_says_when_it_goes() -> None:
    reader = make_reader()
    Letter.objects.create(subscriber=reader, kind="welcome", address=reader.email, asked_at=NOW, due_at=NOW)
    (letter,) = [moment for moment in moments(tell(reader, anybody)) if "waits" in moment.what]
    assert letter.details == ("To be sent at 2026-11-23 18:00 UTC",)


def test_a_title_with_markup_is_text(admin_client: Client) -> None:
    reader, paper = make_reader(), make_paper(title="<script>alert(1)</script>")
    make_delivery(make_edition(paper), reader, paper, status="accepted")
    Feedback.objects.create(subscriber=reader, paper=paper, kind="more", at=NOW)
    assert "<script>alert(1)" not in admin_client.get(page_of(reader)).content.decode()


def test_the_page_of_a_reader_who_is_not_there_leads_back(admin_client: Client) -> None:
    for number in ("4711", "ada", "9" * 30):
        assert admin_client.get(f"/admin/subscribers/subscriber/{number}/change/").status_code == 302
