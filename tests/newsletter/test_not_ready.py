"""Operators are told of a draft that closes soon with something wrong about it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from newsletter import watching
from newsletter.editions import close_edition
from newsletter.heartbeats import beat
from newsletter.models import Alert, Edition
from newsletter.watching import watch
from tests.factories import TODAY
from tests.newsletter.desk import draft_of

pytestmark = pytest.mark.django_db

BROKEN = "Hello {{ name }}"


def standing() -> list[str]:
    return [alert.text for alert in Alert.objects.standing().filter(kind=Alert.Kind.NOT_READY)]


def before_closing(draft: Edition, minutes: int) -> None:
    watch(draft.closes_at - timedelta(minutes=minutes))


def test_an_hour_before_it_closes_what_blocks_a_draft_is_told_once() -> None:
    draft = draft_of("Marmots", "Marmots!", opening_line=BROKEN)
    before_closing(draft, 61)
    assert standing() == []
    before_closing(draft, 60)
    before_closing(draft, 59)
    (text,) = standing()
    assert text == f"Edition {draft} closes at 17:00 UTC as it is: double paper, placeholder. See its page."


def test_a_draft_that_is_not_ready_is_told_to_monitors_and_is_no_trouble_of_the_service(client: Client) -> None:
    before_closing(draft_of("Marmots", opening_line=BROKEN, closes_at=timezone.now() + timedelta(hours=1)), 30)
    told = client.get("/healthz")
    assert told.status_code == 200
    assert [alert["kind"] for alert in told.json()["alerts"]] == ["not_ready"]


def test_what_is_mended_is_told_no_more() -> None:
    draft = draft_of("Marmots", opening_line=BROKEN)
    before_closing(draft, 30)
    assert len(standing()) == 1
    Edition.objects.update(opening_line="Hello")
    before_closing(draft, 29)
    assert standing() == []


def test_a_look_over_that_breaks_down_hides_no_silent_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(draft: Edition) -> None:
        raise RuntimeError

    draft = draft_of("Marmots")
    beat("editions", draft.closes_at - timedelta(minutes=40))
    monkeypatch.setattr(watching, "preflight", break_down)
    with pytest.raises(RuntimeError):
        before_closing(draft, 30)
    assert Alert.objects.standing().get().kind == Alert.Kind.SILENT


def test_warnings_and_drafts_of_later_days_wake_nobody() -> None:
    draft = draft_of("Marmots", header_note="ada@example.org")
    draft_of("Robots", opening_line=BROKEN, day=TODAY + timedelta(days=1))
    before_closing(draft, 30)
    assert standing() == []


def test_once_it_has_closed_nobody_need_do_anything() -> None:
    draft = draft_of("Marmots", opening_line=BROKEN)
    before_closing(draft, 30)
    close_edition(draft.pk, draft.closes_at)
    watch(draft.closes_at + timedelta(minutes=1))
    assert standing() == []
