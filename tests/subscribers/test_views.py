import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from newsletter.tasks import choose_again_task, welcome_late_readers_task
from papers.models import Topic
from subscribers import signals
from subscribers.links import confirm_url, preferences_url, unsubscribe_url
from subscribers.models import ConsentEvent, Subscriber
from tests.factories import make_reader

pytestmark = pytest.mark.django_db

ADDRESS = "ada.lovelace@example.org"
Status = Subscriber.Status
Link = Callable[[Subscriber, datetime], str]
LINKS: list[Link] = [confirm_url, preferences_url, unsubscribe_url]
every_link = pytest.mark.parametrize("link", LINKS, ids=["confirm", "preferences", "unsubscribe"])


@pytest.fixture
def browser() -> Client:
    """A visitor who asks as strictly as the world does."""
    return Client(enforce_csrf_checks=True)


def path_of(link: Link, reader: Subscriber, *, ago: timedelta = timedelta()) -> str:
    """The path of a reader's link, made some time `ago`."""
    return urlsplit(link(reader, timezone.now() - ago)).path


def rows() -> dict[str, list[dict[str, object]]]:
    """Everything that is in the database."""
    models = apps.get_models(include_auto_created=True)
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models}


def answer_of(response: HttpResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    return response.status_code, sorted(response.items()), response.content


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


@pytest.mark.parametrize(
    ("link", "valid_for"), [(confirm_url, timedelta(days=7)), (preferences_url, timedelta(days=90))]
)
def test_an_expired_link_opens_a_page_that_helps(link: Link, valid_for: timedelta, browser: Client) -> None:
    path = path_of(link, make_reader(status=Status.PENDING), ago=valid_for + timedelta(minutes=1))
    before = rows()
    for response in (browser.get(path), browser.post(path)):
        assert response.status_code == 410
        assert "This link has expired" in response.content.decode()
        assert 'action="/subscribe/"' in response.content.decode()
    assert rows() == before


def test_an_unsubscribe_link_of_years_ago_works(browser: Client) -> None:
    reader = make_reader()
    path = path_of(unsubscribe_url, reader, ago=timedelta(days=3650))
    assert browser.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    reader.refresh_from_db()
    assert reader.status == Status.UNSUBSCRIBED


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


# --- Leaving ------------------------------------------------------------------------------------------------------

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


def test_the_button_on_the_page_unsubscribes_too(browser: Client) -> None:
    reader = make_reader()
    path = path_of(unsubscribe_url, reader)
    assert "<button" in browser.get(path).content.decode()
    assert "You are unsubscribed" in browser.post(path).content.decode()
    assert list(reader.consent_events.values_list("kind", "source")) == [("unsubscribed", "page")]


def test_leaving_takes_nobody_else_along(browser: Client) -> None:
    reader, other = make_reader(), make_reader()
    browser.post(path_of(unsubscribe_url, reader))
    other.refresh_from_db()
    assert other.is_active


# --- Preferences --------------------------------------------------------------------------------------------------


def choices(**changes: object) -> dict[str, object]:
    """The form as a browser sends it."""
    usual: dict[str, object] = {
        "topics": [],
        "interests": "graphs\r\nrobotics",
        "muted_words": "blockchain",
        "size": "12",
        "hour": "6",
        "time_zone": "Europe/Vienna",
    }
    return usual | changes


def test_preferences_are_saved(browser: Client) -> None:
    reader = make_reader()
    topic = Topic.objects.create(slug="robots", name="Robots", kind="keywords")
    response = browser.post(path_of(preferences_url, reader), choices(topics=[topic.pk]))
    assert response.status_code == 200
    assert "Saved." in response.content.decode()
    assert not response.cookies
    reader.refresh_from_db()
    assert reader.interest_phrases == ["graphs", "robotics"]
    assert reader.muted_phrases == ["blockchain"]
    assert (reader.size, reader.hour, reader.time_zone) == (12, 6, "Europe/Vienna")
    assert list(reader.topics.all()) == [topic]


def test_the_form_shows_what_was_saved(browser: Client) -> None:
    reader = make_reader(interests="graphs", size=7, hour=5, time_zone="Asia/Tokyo")
    page = browser.get(path_of(preferences_url, reader)).content.decode()
    assert "graphs" in page
    assert 'value="7"' in page
    assert '<option value="5" selected>' in page
    assert '<option value="Asia/Tokyo" selected>' in page


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": "50"},
        {"size": "4"},
        {"size": "many"},
        {"size": ""},
        {"hour": "24"},
        {"hour": "-1"},
        {"hour": ""},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": ""},
        {"interests": "x" * 10_000},
        {"muted_words": "x" * 10_000},
        {"interests": "nul\x00byte"},
        {"topics": ["999999"]},
        {"topics": ["not a number"]},
    ],
    ids=lambda wrong: "-".join(f"{name}={str(value)[:16]!a}" for name, value in wrong.items()),
)
def test_a_mistake_is_explained_and_changes_nothing(wrong: dict[str, object], browser: Client) -> None:
    reader = make_reader(interests="as before", size=7)
    before = rows()
    response = browser.post(path_of(preferences_url, reader), choices(**wrong))
    assert response.status_code == 400
    assert "Nothing was saved." in response.content.decode()
    assert 'class="errorlist"' in response.content.decode()
    assert rows() == before


def test_a_form_that_says_more_than_it_may_changes_no_more(browser: Client) -> None:
    reader = make_reader(email=ADDRESS, status=Status.UNSUBSCRIBED)
    browser.post(
        path_of(preferences_url, reader),
        choices(email="somebody.else@example.org", status="active", optin_nonce="mine", confirmed_at="2026-01-01"),
    )
    stored = Subscriber.objects.get(pk=reader.pk)
    assert (stored.email, stored.status) == (ADDRESS, Status.UNSUBSCRIBED)
    assert (stored.optin_nonce, stored.confirmed_at) == (reader.optin_nonce, reader.confirmed_at)
    assert stored.size == 12


def test_what_was_saved_is_text_and_no_markup(browser: Client) -> None:
    reader = make_reader()
    path = path_of(preferences_url, reader)
    browser.post(path, choices(interests="</textarea><script>alert(1)</script>"))
    assert "<script>alert" not in browser.get(path).content.decode()


def test_a_topic_that_is_no_number_or_a_huge_one_is_a_mistake_and_no_accident(browser: Client) -> None:
    path = path_of(preferences_url, make_reader())
    fields = {"size": "10", "hour": "7", "time_zone": "UTC"}
    for topic in ("9" * 30, "abc", "-1"):
        assert browser.post(path, fields | {"topics": topic}).status_code == 400


def test_preferences_that_cannot_be_read_are_refused(browser: Client) -> None:
    path = path_of(preferences_url, make_reader())
    assert browser.post(path).status_code == 400
    assert browser.post(path, "{}", content_type="application/json").status_code == 400
