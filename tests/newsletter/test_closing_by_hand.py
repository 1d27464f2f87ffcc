"""Closing an edition by hand: frozen at once where nothing blocks it, the rest left to a worker."""

from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from newsletter.admin import edition_acts as acts
from newsletter.editions import NotReady, close_edition, freeze_by_hand, keep_editions
from newsletter.models import Delivery, Edition
from newsletter.tasks import keep_editions_task
from tests.factories import NOW, make_paper, make_reader
from tests.newsletter.desk import make_draft, said
from tests.newsletter.operators import act_url, draft_of_today, press

pytestmark = pytest.mark.django_db


def status_of(edition: Edition) -> str:
    return Edition.objects.get(pk=edition.pk).status


class Doorbell:
    """In place of the way to a worker, who does not come."""

    def __init__(self) -> None:
        self.rung = 0
        self.is_broken = False

    def ring(self) -> None:
        if self.is_broken:
            raise ConnectionError
        self.rung += 1


@pytest.fixture(autouse=True)
def doorbell(monkeypatch: pytest.MonkeyPatch) -> Doorbell:
    doorbell = Doorbell()
    monkeypatch.setattr(keep_editions_task, "delay", doorbell.ring)
    return doorbell


# --- Closing --------------------------------------------------------------------------------------------------------


def test_closing_by_hand_freezes_at_once_and_leaves_the_rest_to_a_worker(
    admin_client: Client, doorbell: Doorbell, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    draft = draft_of_today()
    make_reader()
    with django_capture_on_commit_callbacks(execute=True):
        page = press(admin_client, draft, acts.CLOSE)
    assert said(page) == f"{draft}: Closed it. Every reader's digest is being made."
    assert (status_of(draft), Delivery.objects.count(), doorbell.rung) == (Edition.Status.CLOSING, 0, 1)
    assert Edition.objects.get().fragments["titles"]


def test_what_was_closed_by_hand_is_closed_to_the_end_by_the_next_look(admin_client: Client) -> None:
    draft, reader = draft_of_today(), make_reader()
    press(admin_client, draft, acts.CLOSE)
    keep_editions(timezone.now())
    closed = Edition.objects.get(pk=draft.pk)
    assert (closed.status, closed.audience, closed.deliveries.get().subscriber) == ("closed", 1, reader)


def test_a_worker_that_cannot_be_rung_does_not_undo_the_closing(
    admin_client: Client, doorbell: Doorbell, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    draft = draft_of_today()
    doorbell.is_broken = True
    with django_capture_on_commit_callbacks(execute=True):
        page = press(admin_client, draft, acts.CLOSE)
    assert page.status_code == 200
    assert status_of(draft) == Edition.Status.CLOSING


def test_the_page_that_asks_shows_what_blocks_and_offers_no_way_past(admin_client: Client) -> None:
    draft = draft_of_today(opening_line="Hello {{ name }}")
    html = admin_client.get(act_url(draft, acts.CLOSE)).content.decode()
    assert "The opening line still has {{ name }}." in html
    assert 'name="typed"' not in html


def test_a_draft_with_blocking_findings_is_not_closed_even_if_somebody_types_its_period(admin_client: Client) -> None:
    draft = draft_of_today(opening_line="Hello {{ name }}")
    page = press(admin_client, draft, acts.CLOSE)
    assert page.status_code == 422
    assert "The opening line still has {{ name }}." in page.content.decode()
    assert status_of(draft) == Edition.Status.DRAFT
    assert not LogEntry.objects.exists()


def test_what_is_frozen_is_looked_over_and_not_what_the_page_had_shown(admin_client: Client) -> None:
    draft = draft_of_today()
    assert 'name="typed"' in admin_client.get(act_url(draft, acts.CLOSE)).content.decode()
    # It trends since, and is the same paper.
    make_paper(title="Marmots!", listed_on=timezone.now().date(), upvotes=500)
    page = press(admin_client, draft, acts.CLOSE)
    assert "have the same title" in page.content.decode()
    draft.refresh_from_db()
    assert (draft.status, draft.fragments, draft.closing_at, draft.entries.count()) == ("draft", {}, None, 2)


def test_warnings_are_shown_and_do_not_block(admin_client: Client) -> None:
    draft = draft_of_today(header_note="Write to ada@example.org")
    html = admin_client.get(act_url(draft, acts.CLOSE)).content.decode()
    assert "has an e-mail address in it" in html
    press(admin_client, draft, acts.CLOSE)
    assert status_of(draft) == Edition.Status.CLOSING


def test_a_draft_of_which_nothing_goes_out_is_refused_instead_of_cancelled(admin_client: Client) -> None:
    draft = make_draft()
    assert "Nothing goes out" in press(admin_client, draft, acts.CLOSE).content.decode()
    assert status_of(draft) == Edition.Status.DRAFT


def test_at_its_closing_time_an_edition_closes_whatever_was_found() -> None:
    draft = draft_of_today(opening_line="Hello {{ name }}")
    with pytest.raises(NotReady):
        freeze_by_hand(draft.pk, timezone.now())
    close_edition(draft.pk, timezone.now())
    assert status_of(draft) == Edition.Status.CLOSED


def test_closing_twice_is_once(admin_client: Client) -> None:
    draft = draft_of_today()
    press(admin_client, draft, acts.CLOSE)
    frozen = Edition.objects.get().closing_at
    assert "only a draft can be closed" in said(press(admin_client, draft, acts.CLOSE))
    assert Edition.objects.get().closing_at == frozen
    assert not freeze_by_hand(draft.pk, NOW)
    assert LogEntry.objects.count() == 1


def test_a_model_that_was_not_made_in_time_is_not_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[datetime] = []
    monkeypatch.setattr("newsletter.editions.ensure_text_model_holds", lambda papers, at: asked.append(at))
    closed_at = timezone.now()
    for after, count in ((timedelta(seconds=2), 1), (timedelta(minutes=5), 1)):
        edition = draft_of_today() if not Edition.objects.exists() else Edition.objects.get()
        freeze_by_hand(edition.pk, closed_at)
        Edition.objects.update(status=Edition.Status.CLOSING)
        close_edition(edition.pk, closed_at + after)
        assert len(asked) == count
