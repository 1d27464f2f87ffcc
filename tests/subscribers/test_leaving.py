from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from subscribers.leaving import PAUSE, read_less
from subscribers.links import unsubscribe_url
from subscribers.models import Subscriber
from tests.factories import NOW, make_reader
from tests.snapshots import rows
from tests.subscribers.links import path_of

pytestmark = pytest.mark.django_db

Status = Subscriber.Status


# --- The button ---------------------------------------------------------------------------------------------------

ONE_CLICK = "List-Unsubscribe=One-Click"
MULTIPART = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/x-www-form-urlencoded", ONE_CLICK), ("multipart/form-data; boundary=x", MULTIPART)],
)
def test_one_click_unsubscribes_with_no_redirect_and_no_cookie(content_type: str, body: str, browser: Client) -> None:
    reader = make_reader()
    path = path_of(unsubscribe_url, reader)
    for _ in range(2):
        response = browser.post(path, body, content_type=content_type)
        assert response.status_code == 200
        assert not response.cookies
        assert "Set-Cookie" not in response
    reader.refresh_from_db()
    assert reader.status == Status.UNSUBSCRIBED
    assert list(reader.consent_events.values_list("kind", "source")) == [("unsubscribed", "one-click")]


@pytest.mark.parametrize("more", ["instead=weekly", "instead=pause", "reason=other", "reason=nonsense"])
def test_one_click_unsubscribes_whatever_else_is_said(more: str, browser: Client) -> None:
    reader = make_reader()
    body = f"{more}&{ONE_CLICK}"
    response = browser.post(path_of(unsubscribe_url, reader), body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200
    reader.refresh_from_db()
    assert (reader.status, reader.cadence, reader.paused_until) == (Status.UNSUBSCRIBED, "daily", None)


def test_one_click_meets_no_redirect_to_https_behind_a_proxy(browser: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    path = path_of(unsubscribe_url, make_reader())
    response = browser.post(
        path,
        ONE_CLICK,
        content_type="application/x-www-form-urlencoded",
        headers={"x-forwarded-proto": "https"},
    )
    assert response.status_code == 200


def test_an_unsubscribe_link_of_years_ago_works(browser: Client) -> None:
    reader = make_reader()
    path = path_of(unsubscribe_url, reader, ago=timedelta(days=3650))
    assert browser.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    reader.refresh_from_db()
    assert reader.status == Status.UNSUBSCRIBED


def test_the_button_on_the_page_unsubscribes_too_and_opening_the_link_again_says_so(browser: Client) -> None:
    reader = make_reader()
    path = path_of(unsubscribe_url, reader)
    assert '<button type="submit">Unsubscribe</button>' in browser.get(path).content.decode()
    for _ in range(2):
        assert "You are unsubscribed" in browser.post(path).content.decode()
    assert "You are unsubscribed" in browser.get(path).content.decode()
    assert list(reader.consent_events.values_list("kind", "source")) == [("unsubscribed", "page")]


def test_leaving_takes_nobody_else_along(browser: Client) -> None:
    reader, other = make_reader(), make_reader()
    browser.post(path_of(unsubscribe_url, reader))
    other.refresh_from_db()
    assert other.is_active


# --- Less often ---------------------------------------------------------------------------------------------------


def test_once_a_week_is_offered_below_the_button_and_leaves_everything_else_as_it_is(browser: Client) -> None:
    reader = make_reader(interests="graphs")
    path = path_of(unsubscribe_url, reader)
    page = browser.get(path).content.decode()
    assert page.index(">Unsubscribe</button>") < page.index("Only once a week") < page.index("Pause for four weeks")
    for _ in range(2):
        assert "Once a week it is" in browser.post(path, {"instead": "weekly"}).content.decode()
    reader.refresh_from_db()
    assert (reader.status, reader.cadence, reader.interests) == (Status.ACTIVE, "weekly", "graphs")
    assert reader.preferences_changed_at is not None


def test_a_pause_lasts_four_weeks_where_the_reader_is(browser: Client) -> None:
    reader = make_reader(time_zone="Pacific/Auckland")
    # In Auckland the 25th has begun.
    assert read_less(reader, PAUSE, datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
    reader.refresh_from_db()
    assert str(reader.paused_until) == "2026-12-23"
    assert (
        "See you in four weeks" in browser.post(path_of(unsubscribe_url, reader), {"instead": "pause"}).content.decode()
    )


def test_a_pause_that_lasts_longer_is_not_cut_short() -> None:
    later = (NOW + timedelta(days=90)).date()
    reader = make_reader(paused_until=later)
    assert read_less(reader, PAUSE, NOW)
    reader.refresh_from_db()
    assert reader.paused_until == later


@pytest.mark.parametrize("status", [Status.PENDING, Status.UNSUBSCRIBED])
@pytest.mark.parametrize("instead", ["weekly", "pause"])
def test_only_who_gets_digests_can_have_them_less_often(status: str, instead: str, browser: Client) -> None:
    path = path_of(unsubscribe_url, make_reader(status=status))
    assert "Only once a week" not in browser.get(path).content.decode()
    before = rows()
    assert browser.post(path, {"instead": instead}).status_code == 400
    assert rows() == before


def test_an_offer_there_is_not_is_no_goodbye(browser: Client) -> None:
    path = path_of(unsubscribe_url, make_reader())
    before = rows()
    for field in ("instead", "reason"):
        for said in ("", "monthly", "other\x00", "x" * 5000):
            assert browser.post(path, {field: said}).status_code == 400
    assert rows() == before


# --- Why ----------------------------------------------------------------------------------------------------------


def test_who_has_left_may_say_why_and_change_it(browser: Client) -> None:
    reader = make_reader(status=Status.UNSUBSCRIBED)
    path = path_of(unsubscribe_url, reader)
    assert 'name="reason"' in browser.get(path).content.decode()
    for reason in ("other", "too_many", "too_many"):
        page = browser.post(path, {"reason": reason}).content.decode()
        assert "Thank you." in page
        assert 'name="reason"' not in page
    reader.refresh_from_db()
    assert (reader.status, reader.leaving_reason) == (Status.UNSUBSCRIBED, "too_many")


@pytest.mark.parametrize("status", [Status.PENDING, Status.ACTIVE])
def test_who_has_not_left_has_no_reason_to_say_why(status: str, browser: Client) -> None:
    path = path_of(unsubscribe_url, make_reader(status=status))
    before = rows()
    assert browser.post(path, {"reason": "other"}).status_code == 400
    assert rows() == before


# --- What the link shows ------------------------------------------------------------------------------------------


def test_the_link_shows_nothing_that_a_reader_chose(browser: Client) -> None:
    tomorrow = timezone.now().date() + timedelta(days=1)
    plain = make_reader()
    busy = make_reader(
        cadence="weekly", interests="graphs", muted_words="hype", time_zone="Asia/Tokyo", size=5, paused_until=tomorrow
    )
    for data in (None, {"instead": "weekly"}, {"instead": "pause"}, {}):
        pages = [
            browser.get(path_of(unsubscribe_url, reader))
            if data is None
            else browser.post(path_of(unsubscribe_url, reader), data)
            for reader in (plain, busy)
        ]
        assert pages[0].content == pages[1].content
