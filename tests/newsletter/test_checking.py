"""The page that says what stands in the way of a draft, and what becomes of it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from mail import throttle
from newsletter import forecasting
from newsletter.models import Delivery, Edition
from tests.admin_pages import count_queries
from tests.factories import make_edition, make_paper, make_reader
from tests.newsletter.desk import EDITIONS, HTMX, draft_of, make_draft
from tests.staff.people import staff_client

pytestmark = pytest.mark.django_db


def preflight_url(edition: Edition) -> str:
    return f"{EDITIONS}{edition.pk}/preflight/"


def shown(client: Client, edition: Edition) -> str:
    return " ".join(client.get(preflight_url(edition)).content.decode().split())


def draft_for(*hours: int) -> Edition:
    """A draft that closes in an hour, and readers who read at these hours after that."""
    closes_at = timezone.now() + timedelta(hours=1)
    for hours_later in hours:
        make_reader(hour=(closes_at + timedelta(hours=hours_later)).hour, size=5)
    return make_draft(*(make_paper(title=f"Number {number}") for number in range(7)), closes_at=closes_at)


def test_findings_lead_to_the_entries_they_are_about(admin_client: Client) -> None:
    draft = draft_of("One thing", "One thing!")
    html = shown(admin_client, draft)
    assert "Blocks closing" in html
    assert "have the same title" in html
    for entry in draft.entries.all():
        assert f'href="{EDITIONS}{draft.pk}/change/?all#entry-{entry.pk}"' in html


def test_a_draft_without_findings_says_so(admin_client: Client) -> None:
    assert "Nothing stands in its way." in shown(admin_client, draft_of("Marmots"))


def test_who_gets_how_many_papers_and_until_when_is_told(admin_client: Client, settings: Settings) -> None:
    settings.MAIL_PER_HOUR = 1000
    make_reader(muted_words="number")
    html = shown(admin_client, draft_for(2, 3, 3))
    assert "3 of 4 readers get a digest, the first" in html
    assert ", the last by" in html
    assert '<th scope="row">5 papers</th><td>3</td>' in html
    assert '<th scope="row">None: nothing to show this reader</th><td>1</td>' in html


def test_what_nobody_knows_is_told_as_such(admin_client: Client) -> None:
    html = shown(admin_client, draft_for(0, 3))
    assert "How long sending takes is not known" in html
    assert ", the last from" in html


def test_an_estimate_is_called_one(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasting, "SAMPLE", 2)
    html = shown(admin_client, draft_for(2, 3, 4, 5))
    assert "About 4 of 4 readers get a digest" in html
    assert "Estimated from 2 readers." in html


def test_what_holds_mail_back_is_told(admin_client: Client, settings: Settings) -> None:
    draft = draft_for(2, 2, 2, 2)
    throttle.stop_all(timezone.now())
    settings.MAIL_PER_DAY = 1
    html = shown(admin_client, draft)
    assert "All mail is stopped" in html
    assert "would be late, and are skipped: raise the limits." in html


def test_on_the_desk_it_is_a_part_that_looks_again_when_the_draft_changes(admin_client: Client) -> None:
    draft = draft_of("Marmots")
    part = admin_client.get(preflight_url(draft), headers=HTMX).content.decode()
    assert "<html" not in part
    assert 'hx-trigger="desk-changed from:body' in part


def test_the_desk_itself_does_not_look(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.admin.desk.checking.preflight", None)
    monkeypatch.setattr("newsletter.admin.desk.checking.outlook_of", None)
    assert admin_client.get(f"{EDITIONS}{draft_of('Marmots').pk}/change/").status_code == 200


def test_what_is_no_draft_has_nothing_to_look_over(admin_client: Client) -> None:
    assert "It is no draft any more" in shown(admin_client, make_edition(make_paper()))


def test_looking_changes_nothing(admin_client: Client) -> None:
    draft = draft_for(2)
    before = list(Edition.objects.values())
    shown(admin_client, draft)
    assert (list(Edition.objects.values()), Delivery.objects.count()) == (before, 0)
    assert admin_client.post(preflight_url(draft)).status_code == 405


def test_more_readers_take_no_more_queries(admin_client: Client) -> None:
    draft = draft_for(*range(10))
    count_queries(admin_client, preflight_url(draft))
    with_ten = count_queries(admin_client, preflight_url(draft))
    for _ in range(10):
        make_reader()
    assert count_queries(admin_client, preflight_url(draft)) == with_ten


def test_only_who_sees_editions_may_look() -> None:
    draft = draft_of("Marmots")
    assert staff_client("Editor").get(preflight_url(draft)).status_code == 200
    assert staff_client("Support").get(preflight_url(draft)).status_code == 403
