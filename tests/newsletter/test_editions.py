from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from newsletter.audience import choose_again, choose_again_where_stale, welcome_late_readers
from newsletter.editions import (
    close_edition,
    days_to_publish,
    ensure_edition,
    refresh_draft,
)
from newsletter.models import Delivery, Edition
from papers.modelling import refresh_text_model
from papers.models import Paper, Signal
from papers.scoring import score_papers
from subscribers.links import confirm_url
from subscribers.optin import confirm
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.keeping import MORNING, WEEKLY, YESTERDAY, daily, keep, rows, statuses

pytestmark = pytest.mark.django_db


def test_a_draft_follows_the_scores_until_it_closes() -> None:
    make_paper(upvotes=5)
    second = make_paper(upvotes=3)
    keep(MORNING)
    Signal.objects.create(paper=second, source="huggingface", kind="upvotes", value=90, observed_at=MORNING)
    keep(MORNING + timedelta(minutes=1))
    edition = Edition.objects.get()
    assert edition.status == Edition.Status.DRAFT
    assert edition.entries.going_out()[0].paper == second


def test_an_edition_closes_at_its_time_and_gives_every_active_reader_one_delivery_at_their_hour() -> None:
    make_paper()
    vienna = make_reader(hour=7, time_zone="Europe/Vienna")
    make_reader(status="pending")
    make_reader(status="unsubscribed")
    keep(NOW)
    delivery = Delivery.objects.get()
    assert (delivery.subscriber, delivery.status) == (vienna, Delivery.Status.QUEUED)
    assert delivery.due_at == datetime(2026, 11, 24, 6, tzinfo=UTC)
    assert daily().audience == 1


def test_keeping_editions_twice_keeps_one_edition_and_one_delivery_per_reader() -> None:
    make_paper()
    make_reader()
    keep(NOW)
    before = rows()
    keep(NOW)
    keep(NOW + timedelta(hours=1))
    assert rows() == before


def test_closing_resumes_where_a_crash_left_it() -> None:
    paper = make_paper()
    edition = make_edition(paper, status=Edition.Status.CLOSING)
    served, waiting = make_reader(), make_reader()
    make_delivery(edition, served, paper)
    frozen = edition.fragments
    close_edition(edition.pk, NOW)
    edition.refresh_from_db()
    assert (edition.status, edition.audience, edition.fragments) == (Edition.Status.CLOSED, 2, frozen)
    assert Delivery.objects.filter(subscriber=waiting).count() == 1
    assert Delivery.objects.filter(subscriber=served).count() == 1


def test_without_new_papers_there_is_no_edition() -> None:
    make_paper(listed_on=TODAY - timedelta(days=30))
    keep(NOW)
    assert not Edition.objects.exists()


def test_a_day_whose_papers_were_all_published_gets_no_edition() -> None:
    paper = make_paper()
    make_edition(paper, day=YESTERDAY)
    assert ensure_edition(TODAY) is None


def test_a_service_that_was_down_at_closing_time_publishes_the_last_day_and_drafts_the_new_one() -> None:
    make_paper(listed_on=YESTERDAY)
    make_paper(listed_on=TODAY)
    keep(MORNING)
    assert statuses() == {"2026-11-20": "closed", "2026-11-23": "draft"}
    old = Edition.objects.get(period="2026-11-20")
    assert [entry.paper.listed_on for entry in old.entries.all()] == [YESTERDAY]


def test_days_before_the_last_edition_are_never_published() -> None:
    make_edition(make_paper(listed_on=TODAY))
    make_edition(make_paper(), day=date(2026, 11, 22), kind=WEEKLY, period="2026-W47")
    make_paper(listed_on=YESTERDAY)
    assert days_to_publish(MORNING) == [TODAY]


def test_an_edition_whose_papers_are_all_hidden_is_cancelled() -> None:
    make_paper()
    keep(MORNING)
    Edition.objects.get().entries.update(is_hidden=True)
    make_reader()
    keep(NOW)
    assert Edition.objects.get().status == Edition.Status.CANCELLED
    assert not Delivery.objects.exists()


def test_what_an_editor_says_about_an_entry_goes_out() -> None:
    first, second, third, hidden = (make_paper(upvotes=upvotes) for upvotes in (40, 30, 20, 10))
    keep(MORNING)
    entries = Edition.objects.get().entries
    entries.filter(paper=third).update(is_pinned=True, note="Read this one")
    entries.filter(paper=second).update(position=1)
    entries.filter(paper=hidden).update(is_hidden=True)
    make_reader()
    keep(NOW)
    edition = daily()
    assert [entry.paper for entry in edition.entries.going_out()] == [third, second, first]
    assert Delivery.objects.get().picks[0]["paper_id"] == third.pk
    assert "Read this one" in edition.fragments["html"]["papers"][str(third.pk)]


def test_a_curated_entry_stays_when_its_paper_stops_trending() -> None:
    paper = make_paper(upvotes=5)
    make_paper(upvotes=1)
    keep(MORNING)
    edition = Edition.objects.get()
    edition.entries.filter(paper=paper).update(is_pinned=True)
    Signal.objects.filter(paper=paper).delete()
    score_papers(MORNING)
    refresh_draft(edition.pk)
    assert edition.entries.filter(paper=paper).exists()


def test_somebody_who_confirms_after_closing_gets_the_current_edition_at_once_and_once() -> None:
    edition = make_edition(make_paper())
    make_reader(confirmed_at=NOW - timedelta(days=2))
    late = make_reader(confirmed_at=NOW)
    assert welcome_late_readers(NOW) == 1
    assert welcome_late_readers(NOW) == 0
    delivery = Delivery.objects.get()
    edition.refresh_from_db()
    assert (delivery.subscriber, delivery.due_at, edition.audience) == (late, NOW, 1)


def test_nobody_is_welcomed_with_an_old_edition() -> None:
    make_edition(make_paper(listed_on=TODAY - timedelta(days=10)), day=TODAY - timedelta(days=10))
    make_reader(confirmed_at=NOW)
    assert Edition.objects.current(NOW) is None
    assert welcome_late_readers(NOW) == 0


def test_a_reader_never_gets_a_paper_twice() -> None:
    old, new = make_paper(upvotes=50), make_paper(upvotes=5)
    reader = make_reader()
    make_delivery(make_edition(old, day=YESTERDAY), reader, old, status=Delivery.Status.ACCEPTED)
    keep(NOW)
    latest = Delivery.objects.get(edition__period=TODAY.isoformat())
    assert [pick["paper_id"] for pick in latest.picks] == [new.pk]


def test_a_reader_who_has_had_everything_is_skipped_and_the_ledger_says_why() -> None:
    paper = make_paper()
    reader = make_reader()
    edition = make_edition(make_paper(), status=Edition.Status.DRAFT, day=TODAY)
    make_delivery(
        make_edition(*[entry.paper for entry in edition.entries.all()], paper, day=YESTERDAY),
        reader,
        *[entry.paper for entry in edition.entries.all()],
        paper,
        status=Delivery.Status.ACCEPTED,
    )
    close_edition(edition.pk, NOW)
    skipped = Delivery.objects.get(edition=edition)
    assert (skipped.status, skipped.skip_reason) == ("skipped", "nothing_relevant")


def test_new_preferences_change_a_queued_delivery_and_leave_one_that_left_alone() -> None:
    robots, video = make_paper(title="Robots walk"), make_paper(title="Video diffusion")
    edition = make_edition(robots, video)
    reader = make_reader(interests="video diffusion", hour=20, time_zone="UTC")
    queued = make_delivery(edition, reader, robots, due_at=NOW + timedelta(hours=13))
    other = make_reader(interests="video diffusion")
    sent = make_delivery(edition, other, robots, status=Delivery.Status.ACCEPTED)
    choose_again(reader.pk, NOW)
    choose_again(other.pk, NOW)
    queued.refresh_from_db()
    sent.refresh_from_db()
    assert queued.picks[0] == {
        "paper_id": video.pk,
        "score": queued.picks[0]["score"],
        "reason": "matches “video diffusion”",
        "basis": "wished",
    }
    assert queued.due_at == NOW.replace(hour=20)
    assert [pick["paper_id"] for pick in sent.picks] == [robots.pk]


def test_confirming_rings_for_the_current_edition(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    reader = make_reader(status="pending")
    token = confirm_url(reader, NOW).rsplit("/", 1)[1]
    with django_capture_on_commit_callbacks(execute=True) as rung:
        assert confirm(token, NOW)
    assert len(rung) == 1


def test_closing_takes_the_same_number_of_queries_however_many_readers() -> None:
    counts = []
    for day in (TODAY - timedelta(days=30), TODAY):
        for _ in range(10):
            make_reader()
        edition = make_edition(make_paper(listed_on=day), day=day, status=Edition.Status.DRAFT)
        refresh_text_model(NOW)
        with CaptureQueriesContext(connection) as queries:
            close_edition(edition.pk, datetime.combine(day, NOW.time(), UTC))
        counts.append(len(queries))
    assert Delivery.objects.count() == 30
    assert counts[0] == counts[1]


def test_a_source_that_comes_after_closing_time_still_makes_the_days_edition() -> None:
    paper = make_paper(upvotes=None)
    evening = NOW.replace(hour=20)
    Signal.objects.create(paper=paper, source="huggingface", kind="upvotes", value=9, observed_at=evening)
    make_reader()
    keep(evening)
    assert [pick["paper_id"] for pick in Delivery.objects.get().picks] == [paper.pk]


def test_a_draft_that_was_overtaken_while_the_service_was_down_is_cancelled() -> None:
    old, missed = TODAY - timedelta(days=11), YESTERDAY
    for day in (old, missed):
        make_edition(make_paper(listed_on=day), day=day, status=Edition.Status.DRAFT)
    make_paper()
    make_reader()
    keep(NOW)
    assert statuses() == {old.isoformat(): "cancelled", missed.isoformat(): "cancelled", TODAY.isoformat(): "closed"}
    assert Delivery.objects.count() == 1


def test_a_draft_that_is_only_due_is_not_overtaken_by_one_that_is_not() -> None:
    make_edition(make_paper(listed_on=YESTERDAY), day=YESTERDAY, status=Edition.Status.DRAFT)
    make_paper()
    keep(MORNING)
    assert statuses() == {"2026-11-20": "closed", "2026-11-23": "draft"}


def test_an_hour_that_strikes_while_the_edition_closes_is_today() -> None:
    make_paper()
    make_reader(hour=18)
    keep(NOW + timedelta(seconds=4))
    assert Delivery.objects.get().due_at == NOW


def test_a_reader_in_an_unknown_time_zone_gets_the_digest_by_utc_and_the_others_theirs() -> None:
    make_paper()
    lost = make_reader(time_zone="Mars/Olympus", hour=7)
    make_reader()
    keep(NOW)
    assert Delivery.objects.count() == 2
    assert Delivery.objects.get(subscriber=lost).due_at == datetime(2026, 11, 24, 7, tzinfo=UTC)


def test_a_paper_that_was_hidden_at_closing_is_not_picked_later() -> None:
    shown, hidden = make_paper(), make_paper(is_hidden=True)
    make_edition(shown, hidden)
    Paper.objects.update(is_hidden=False)
    make_reader(confirmed_at=NOW)
    welcome_late_readers(NOW)
    assert [pick["paper_id"] for pick in Delivery.objects.get().picks] == [shown.pk]


def test_a_lost_ring_after_new_preferences_is_found_by_the_sweep() -> None:
    robots, video = make_paper(title="Robots walk"), make_paper(title="Video diffusion")
    reader = make_reader(muted_words="robots", preferences_changed_at=NOW)
    queued = make_delivery(
        make_edition(robots, video), reader, robots, due_at=NOW + timedelta(hours=5), chosen_at=NOW - timedelta(hours=1)
    )
    later = NOW + timedelta(minutes=1)
    assert choose_again_where_stale(later) == 1
    assert choose_again_where_stale(later) == 0
    queued.refresh_from_db()
    assert [pick["paper_id"] for pick in queued.picks] == [video.pk]


def test_an_earlier_hour_that_has_passed_means_now_and_not_tomorrow() -> None:
    paper = make_paper(listed_on=YESTERDAY)
    early = NOW.replace(hour=6, minute=30)
    edition = make_edition(paper, day=YESTERDAY, closing_at=early - timedelta(hours=13, minutes=30))
    reader = make_reader(hour=6)
    queued = make_delivery(edition, reader, paper, due_at=NOW.replace(hour=7))
    choose_again(reader.pk, early)
    queued.refresh_from_db()
    assert queued.due_at == early
