import re
from collections.abc import Sequence

import hypothesis.strategies as st
import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from pytest_django import DjangoAssertNumQueries

from papers.modelling import refresh_text_model
from papers.models import Topic
from subscribers.links import preferences_url
from subscribers.models import Subscriber
from tests.factories import make_paper, make_reader
from tests.snapshots import rows
from tests.subscribers.links import choices, path_of
from tests.subscribers.tuning import ADDRESS, HTMX, Status, checked, in_days, like

pytestmark = pytest.mark.django_db


# --- Saving -------------------------------------------------------------------------------------------------------


def test_preferences_are_saved_and_saving_them_again_changes_nothing_more(browser: Client) -> None:
    reader = make_reader()
    topic = Topic.objects.create(slug="robots", name="Robots", kind="keywords")
    wishes = choices(topics=[topic.pk], cadence="weekly", weekday="4", paused_until=in_days(10).isoformat())
    for _ in range(2):
        response = browser.post(path_of(preferences_url, reader), wishes)
        assert response.status_code == 200
        assert "Saved." in response.content.decode()
        assert not response.cookies
        reader.refresh_from_db()
        assert reader.interest_phrases == ["graphs", "robotics"]
        assert (reader.author_names, reader.muted_phrases) == (["Ada Lovelace"], ["blockchain"])
        assert (reader.size, reader.cadence, reader.weekday) == (12, "weekly", 4)
        assert (reader.hour, reader.time_zone, reader.paused_until) == (6, "Europe/Vienna", in_days(10))
        assert list(reader.topics.all()) == [topic]


def test_the_form_shows_what_was_saved(browser: Client) -> None:
    reader = make_reader(
        interests="graphs", followed_authors="Emmy Noether", size=7, hour=5, time_zone="Asia/Tokyo", cadence="weekdays"
    )
    page = browser.get(path_of(preferences_url, reader)).content.decode()
    assert "graphs" in page
    assert "Emmy Noether" in page
    assert 'value="7"' in page
    assert '<option value="5" selected>' in page
    assert '<option value="Asia/Tokyo" selected>' in page
    assert checked(page, "cadence") == ["weekdays"]


def test_the_wish_to_hear_of_days_without_a_digest_is_off_until_it_is_ticked_and_off_again_when_it_is_not(
    browser: Client,
) -> None:
    reader = make_reader()
    path = path_of(preferences_url, reader)
    page = browser.get(path).content.decode()
    assert "Tell me on days without a digest" in page
    box = re.search(r'<input type="checkbox" name="hears_of_quiet_days"[^>]*>', page)
    assert box
    assert "checked" not in box[0]
    for ticked in (True, False):
        wishes = choices(hears_of_quiet_days="on") if ticked else choices()
        saved = browser.post(path, wishes).content.decode()
        reader.refresh_from_db()
        assert reader.hears_of_quiet_days is ticked
        assert (len(re.findall(r'name="hears_of_quiet_days"[^>]* checked', saved)) == 1) is ticked


WRONG = [
    {"size": "50"},
    {"size": "4"},
    {"size": "many"},
    {"size": ""},
    {"cadence": "hourly"},
    {"cadence": ""},
    {"weekday": "7"},
    {"weekday": ""},
    {"hour": "24"},
    {"hour": "-1"},
    {"hour": ""},
    {"time_zone": "Mars/Olympus"},
    {"time_zone": "../../etc/passwd"},
    {"time_zone": ""},
    {"paused_until": "soon"},
    {"paused_until": "2020-01-01"},
    {"paused_until": "9999-12-31"},
    {"paused_until": "0000-00-00"},
    {"pause": "3"},
    {"pause": "a while"},
    {"interests": "x" * 2001},
    {"followed_authors": "x" * 2001},
    {"muted_words": "x" * 2001},
    {"topics": ["999999"]},
    {"topics": ["not a number"]},
    {"topics": ["9" * 30]},
    {"topics": ["-1"]},
    {"remove": ["9" * 30]},
    {"remove": ["not a number"]},
    {"arxiv_ids": "x" * 2001},
    {"arxiv_ids": " ".join(f"2305.{number:05}" for number in range(51))},
]


@pytest.mark.parametrize(
    "wrong",
    WRONG,
    ids=lambda wrong: "-".join(f"{name}={str(value)[:16]!a}" for name, value in wrong.items()),
)
def test_a_mistake_is_explained_and_changes_nothing_and_what_was_typed_stays(
    wrong: dict[str, object], browser: Client
) -> None:
    reader = make_reader(interests="as before", size=7)
    topic = Topic.objects.create(slug="robots", name="Robots", kind="keywords")
    before = rows()
    typed = choices(topics=[topic.pk], muted_words="hype, spin") | wrong
    response = browser.post(path_of(preferences_url, reader), typed)
    page = response.content.decode()
    assert response.status_code == 400
    assert "Nothing was saved." in page
    assert 'class="errorlist"' in page
    assert rows() == before
    if "muted_words" not in wrong:
        assert "hype, spin" in page
    if "topics" not in wrong:
        assert checked(page, "topics") == [str(topic.pk)]
    if "hour" not in wrong:
        assert '<option value="6" selected>' in page


def test_control_characters_are_taken_out(browser: Client) -> None:
    reader = make_reader()
    typed = "nul\x00byte, bell\x07\r\nright\u202eto left\tand on"
    browser.post(path_of(preferences_url, reader), choices(interests=typed))
    reader.refresh_from_db()
    assert reader.interests == "nul byte, bell\nrightto left and on"


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
    browser.post(path, choices(interests="</textarea><script>alert(1)</script>", followed_authors="<script>alert(2)"))
    assert "<script>alert" not in browser.get(path).content.decode()


def test_preferences_that_cannot_be_read_are_refused(browser: Client) -> None:
    path = path_of(preferences_url, make_reader())
    assert browser.post(path).status_code == 400
    assert browser.post(path, "{}", content_type="application/json").status_code == 400


FIELDS = [*choices(), "pause", "remove", "arxiv_ids", "List-Unsubscribe", "new_link"]
TYPED = st.one_of(st.text(max_size=30), st.sampled_from(["1", "0", "daily", "2026-12-24", "UTC"]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.dictionaries(st.sampled_from(FIELDS), st.lists(TYPED, max_size=3)), preview=st.booleans())
def test_nothing_that_is_typed_breaks_the_page(typed: dict[str, list[str]], preview: bool, browser: Client) -> None:
    path = path_of(preferences_url, make_reader())
    before = rows()
    response = browser.post(f"{path}/preview" if preview else path, choices() | typed)
    assert response.status_code in {200, 400}
    if preview or response.status_code == 400:
        assert rows() == before


# --- Topics -------------------------------------------------------------------------------------------------------


def make_category(slug: str, *, papers: int = 0) -> Topic:
    topic = Topic.objects.create(slug=slug, name=slug, kind="category")
    topic.papers.set([make_paper() for _ in range(papers)])
    return topic


def test_categories_stand_by_archive_with_what_is_in_them_and_how_many_are_chosen(browser: Client) -> None:
    learning = make_category("stat.ML", papers=3)
    make_category("cs.CL")
    make_category("cs.LG")
    make_category("hep-th")
    make_category("alchemy.GOLD")
    reader = make_reader()
    reader.topics.set([learning])
    page = browser.get(path_of(preferences_url, reader)).content.decode()
    names = ["Subjects", "Computer Science", "Statistics", "Physics", "alchemy"]
    places = [page.index(f'<summary><span class="name">{name}<') for name in names]
    assert places == sorted(places)
    assert 'Statistics</span> <span class="count"><span class="chosen">1</span> of 1 chosen' in page
    assert 'Computer Science</span> <span class="count"><span class="chosen">0</span> of 2 chosen' in page
    assert 'stat.ML</span> <span class="count">3<' in page
    opened = re.findall(r'<details class="topic-group" open>\s*<summary><span class="name">([^<]*)', page)
    assert opened == ["Subjects", "Statistics"]
    assert checked(page, "topics") == [str(learning.pk)]


def test_more_topics_and_more_liked_papers_take_no_more_queries(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reader = make_reader()
    asked: list[int] = []
    for _ in range(2):
        for number in range(10):
            reader.topics.add(make_category(f"cs.X{number}{len(asked)}", papers=1))
        like(reader, *[f"Liked {number}" for number in range(10)])
        caches["process"].clear()
        with django_assert_max_num_queries(40) as queries:
            assert browser.get(path_of(preferences_url, reader)).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]


# --- A pause ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weeks", [1, 2, 4])
def test_a_button_pauses_for_some_weeks_and_saves_the_rest_too(weeks: int, browser: Client) -> None:
    reader = make_reader()
    page = browser.post(path_of(preferences_url, reader), choices(time_zone="UTC", pause=str(weeks))).content.decode()
    reader.refresh_from_db()
    assert reader.paused_until == in_days(7 * weeks)
    assert reader.size == 12
    assert "No digest comes before" in page
    assert "End the pause" in page


def test_another_button_ends_the_pause(browser: Client) -> None:
    reader = make_reader(paused_until=in_days(20))
    path = path_of(preferences_url, reader)
    browser.post(path, choices(paused_until=in_days(20).isoformat(), pause="0"))
    reader.refresh_from_db()
    assert reader.paused_until is None
    assert "End the pause" not in browser.get(path).content.decode()


def test_an_empty_date_ends_the_pause_too(browser: Client) -> None:
    reader = make_reader(paused_until=in_days(20))
    browser.post(path_of(preferences_url, reader), choices(paused_until=""))
    reader.refresh_from_db()
    assert reader.paused_until is None


def test_a_pause_that_is_over_is_none(browser: Client) -> None:
    over = in_days(-3)
    reader = make_reader(paused_until=over)
    path = path_of(preferences_url, reader)
    page = browser.get(path).content.decode()
    assert over.isoformat() not in page
    assert "End the pause" not in page
    # It ended while the page stood open.
    assert browser.post(path, choices(paused_until=over.isoformat())).status_code == 200
    reader.refresh_from_db()
    assert reader.paused_until is None


def test_a_pause_ends_within_a_year_and_not_before_tomorrow(browser: Client) -> None:
    path = path_of(preferences_url, make_reader())
    for days, status in [(0, 400), (1, 200), (365, 200), (366, 400)]:
        wishes = choices(time_zone="UTC", paused_until=in_days(days).isoformat())
        assert browser.post(path, wishes).status_code == status


# --- The next digest ----------------------------------------------------------------------------------------------


def test_when_the_next_digest_comes_is_said_with_the_time_zone(browser: Client) -> None:
    until = in_days(30)
    reader = make_reader(time_zone="America/New_York", hour=9, paused_until=until)
    page = browser.get(path_of(preferences_url, reader)).content.decode()
    assert f"{until:%A} {until.day} {until:%B %Y}, 09:00 (America/New York)" in page


def test_who_gets_no_digest_is_told_of_no_next_one(browser: Client) -> None:
    page = browser.get(path_of(preferences_url, make_reader(status=Status.UNSUBSCRIBED))).content.decode()
    assert "Next digest" not in page
    assert "You do not get digests at the moment" in page


# --- The preview --------------------------------------------------------------------------------------------------


def titles(page: str, among: Sequence[str]) -> list[str]:
    return sorted((title for title in among if f"<h3>{title}</h3>" in page), key=page.index)


def test_the_preview_shows_what_the_form_would_make_and_stores_nothing(
    browser: Client, todays_papers: list[str]
) -> None:
    reader = make_reader()
    path = path_of(preferences_url, reader)
    assert titles(browser.get(path).content.decode(), todays_papers) == todays_papers
    before = rows()
    saturday = next(day for day in map(in_days, range(20, 27)) if day.weekday() == Subscriber.Weekday.SATURDAY)
    wishes = choices(interests="graphs", muted_words="cats", cadence="weekdays", paused_until=saturday)
    part = browser.post(f"{path}/preview", wishes, headers=HTMX).content.decode()
    whole = browser.post(f"{path}/preview", wishes).content.decode()
    assert rows() == before
    for page in (part, whole):
        assert titles(page, todays_papers) == ["Knitting Graphs", "Plain Matters"]
        assert "Next digest: <strong>Monday " in page
    assert "<html" not in part
    assert "Not saved yet." in whole
    assert checked(whole, "cadence") == ["weekdays"]
    assert f'action="{path}"' in whole
    assert titles(browser.get(path).content.decode(), todays_papers) == todays_papers


def test_a_paper_to_be_forgotten_has_no_say_in_the_preview(browser: Client, todays_papers: list[str]) -> None:
    reader = make_reader()
    (said,) = like(reader, "Graphs and knitting")
    for number in range(6):
        make_paper(title=f"Other matters {number}")
    refresh_text_model(timezone.now())
    path = f"{path_of(preferences_url, reader)}/preview"
    liking = browser.post(path, choices(interests=""), headers=HTMX).content.decode()
    assert "because you liked" in liking
    forgetting = browser.post(path, choices(interests="", remove=[said.paper_id]), headers=HTMX).content.decode()
    assert "because you liked" not in forgetting


def test_a_preview_says_what_is_wrong_and_makes_the_best_of_the_rest(browser: Client, todays_papers: list[str]) -> None:
    path = path_of(preferences_url, make_reader())
    wishes = choices(muted_words="cats", interests="", size="many")
    response = browser.post(f"{path}/preview", wishes, headers=HTMX)
    assert response.status_code == 400
    page = response.content.decode()
    assert "Papers a digest:" in page
    assert titles(page, todays_papers) == ["Plain Matters", "Knitting Graphs"]


def test_a_preview_that_is_opened_or_read_again_leads_to_the_page(browser: Client) -> None:
    path = path_of(preferences_url, make_reader())
    response = browser.get(f"{path}/preview")
    assert (response.status_code, response["Location"]) == (302, path)
    assert browser.get(f"{path}x/preview").status_code == 404
