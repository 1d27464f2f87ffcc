import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from newsletter.tasks import choose_again_task, welcome_late_readers_task
from subscribers import signals
from subscribers.links import confirm_url, preferences_url
from subscribers.models import ConsentEvent, Subscriber
from tests.factories import make_reader
from tests.snapshots import rows
from tests.subscribers.links import LINKS, Link, choices, path_of

pytestmark = pytest.mark.django_db

ADDRESS = "ada.lovelace@example.org"
Status = Subscriber.Status
every_link = pytest.mark.parametrize("link", LINKS, ids=["confirm", "preferences", "unsubscribe"])


# --- The doorbell ----------------------------------------------------------------------------------------------------


def test_confirming_and_saving_work_while_the_broker_is_down(
    browser: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def unreachable(*_: object) -> None:
        raise ConnectionRefusedError

    for task in (welcome_late_readers_task, choose_again_task):
        monkeypatch.setattr(task, "delay", unreachable)
    reader = make_reader(status=Status.PENDING)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        assert browser.post(path_of(confirm_url, reader)).status_code == 200
        assert browser.post(path_of(preferences_url, reader), choices()).status_code == 200
    assert len(callbacks) == 2
    reader.refresh_from_db()
    assert reader.is_active
    assert reader.size == 12


# --- Pages that open by a link ------------------------------------------------------------------------------------


@every_link
@pytest.mark.parametrize("status", [Status.PENDING, Status.ACTIVE, Status.UNSUBSCRIBED])
@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_a_link_changes_nothing(link: Link, status: str, method: str, browser: Client) -> None:
    path = path_of(link, make_reader(status=status))
    before = rows()
    response = getattr(browser, method)(path)
    assert response.status_code == 200
    assert not response.cookies
    assert rows() == before


@every_link
def test_a_page_by_link_is_private(link: Link, browser: Client) -> None:
    path = path_of(link, make_reader(status=Status.PENDING))
    responses = [
        browser.get(path),
        browser.get(f"{path}x"),
        browser.get(path_of(link, make_reader(), ago=timedelta(days=400))),
        browser.put(path),
        browser.post(path, {"size": "50"}),
    ]
    for response in responses:
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex"
        assert not response.cookies


@every_link
def test_a_page_by_link_shows_no_address_and_loads_nothing_from_elsewhere(link: Link, browser: Client) -> None:
    page = browser.get(path_of(link, make_reader(email=ADDRESS, status=Status.PENDING))).content.decode()
    assert "lovelace" not in page
    assert re.findall(r'<(?!a\b)[^>]*(?:src|href)="http[^>]*>', page) == []


@every_link
def test_a_broken_link_opens_a_page_that_helps(link: Link, browser: Client) -> None:
    path = path_of(link, make_reader(status=Status.PENDING))
    before = rows()
    for broken in (
        path[:-1],
        f"{path}x",
        path.rpartition("/")[0] + "/nonsense",
        path.rpartition("/")[0] + "/%00.%F0.x",
    ):
        for response in (browser.get(broken), browser.post(broken)):
            assert response.status_code == 404
            assert "This link does not work" in response.content.decode()
    assert rows() == before


@every_link
@pytest.mark.parametrize("other", LINKS, ids=["confirm", "preferences", "unsubscribe"])
def test_a_link_opens_no_other_page(link: Link, other: Link, browser: Client) -> None:
    reader = make_reader(status=Status.PENDING)
    token = path_of(link, reader).rpartition("/")[2]
    elsewhere = path_of(other, reader).rpartition("/")[0]
    assert browser.get(f"{elsewhere}/{token}").status_code == (200 if link is other else 404)


# --- Confirming ---------------------------------------------------------------------------------------------------


def test_the_button_confirms_and_pressing_it_again_is_friendly(browser: Client) -> None:
    reader = make_reader(status=Status.PENDING)
    path = path_of(confirm_url, reader)
    assert "<button" in browser.get(path).content.decode()
    for _ in range(2):
        response = browser.post(path)
        assert response.status_code == 200
        assert "You are subscribed" in response.content.decode()
    assert "You are subscribed" in browser.get(path).content.decode()
    assert ConsentEvent.objects.filter(kind=ConsentEvent.Kind.CONFIRMED).count() == 1
    reader.refresh_from_db()
    assert reader.is_active


def test_who_has_confirmed_is_led_to_their_preferences(browser: Client) -> None:
    reader = make_reader(status=Status.PENDING)
    path = path_of(confirm_url, reader)
    assert "/preferences/" not in browser.get(path).text
    for page in (browser.post(path).text, browser.get(path).text):
        found = re.search(r'href="(/preferences/[^"]+)">Tune your digest', page)
        assert found
        assert browser.get(found[1]).status_code == 200


@pytest.fixture
def heard() -> Iterator[list[tuple[str, int]]]:
    """What was said about whom."""
    news: list[tuple[str, int]] = []

    def on_confirmed(subscriber_id: int, **_: object) -> None:
        news.append(("confirmed", subscriber_id))

    def on_changed(subscriber_id: int, **_: object) -> None:
        news.append(("preferences changed", subscriber_id))

    signals.confirmed.connect(on_confirmed)
    signals.preferences_changed.connect(on_changed)
    yield news
    signals.confirmed.disconnect(on_confirmed)
    signals.preferences_changed.disconnect(on_changed)


def test_what_happens_on_the_pages_is_told_after_commit(
    browser: Client,
    heard: list[tuple[str, int]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    reader = make_reader(status=Status.PENDING)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(path_of(confirm_url, reader))
        browser.post(path_of(preferences_url, reader), choices())
        browser.post(path_of(preferences_url, reader), choices(size="50"))
        assert heard == []
    assert heard == [("confirmed", reader.pk), ("preferences changed", reader.pk)]
