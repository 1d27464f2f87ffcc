"""The page on which somebody chooses what to read and sees the digest that makes, before signing up."""

import re
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.models import Delivery
from papers.models import Paper, Topic
from subscribers.forms.start import MAX_PAPERS, MAX_TOPICS, StartForm
from subscribers.grid import Card, grid, spread
from subscribers.models import SignUp, Subscriber
from subscribers.pasted import MAX_IDS
from subscribers.preferences import Preferences, just_liked
from subscribers.tokens import Purpose, made_at
from subscribers.views.start import show_start_page
from tests.factories import make_paper
from tests.subscribers.signing_up import ADDRESS, fill_in
from tests.subscribers.starting import (
    HTMX,
    digest_in,
    make_todays_edition,
    make_topic,
    make_trending,
    show,
    ticked,
)

pytestmark = pytest.mark.django_db


# --- What stands there ----------------------------------------------------------------------------------------------


def test_the_page_offers_papers_topics_and_words_and_shows_the_digest_of_today(browser: Client) -> None:
    make_trending("Trending this month")
    make_topic("cs.KN", Topic.Kind.CATEGORY)
    make_todays_edition("In the edition")
    response = browser.get("/subscribe/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "Get trending papers in your email inbox once a day!" in page
    assert "Trending this month" in page
    assert "Reinforcement learning" in page
    assert page.index("<details>") < page.index("cs.KN") < page.index("</details>")
    assert digest_in(page) == ["In the edition"]
    assert ticked(page) == []


def test_without_papers_the_page_says_so_and_still_signs_up(browser: Client) -> None:
    page = browser.get("/subscribe/").content.decode()
    assert "There is no edition yet" in page
    assert 'name="papers"' not in page
    assert 'name="email"' in page


def test_nobody_keeps_the_page_and_nobody_is_marked_by_it(browser: Client) -> None:
    for response in (browser.get("/subscribe/"), browser.post("/subscribe/preview", {"email": ADDRESS})):
        assert "no-store" in response["Cache-Control"]
        assert not response.cookies


def test_the_page_says_when_exactly_it_was_shown(browser: Client) -> None:
    before = timezone.now().replace(microsecond=0)
    found = re.search(r'name="stamp" value="([^"]+)"', browser.get("/subscribe/").content.decode())
    assert found
    assert before <= made_at(Purpose.SIGN_UP_FORM, found.group(1), timezone.now()) <= timezone.now()


def test_every_page_leads_there(browser: Client) -> None:
    assert '<a href="/subscribe/">See today’s digest first</a>' in browser.get("/").content.decode()


def test_the_grid_and_the_topics_are_read_once_a_minute(browser: Client) -> None:
    make_trending("One", "Two")
    make_todays_edition("First")
    taken = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            browser.get("/subscribe/")
        taken.append(len(queries))
    assert taken[1] == 2 < taken[0]


# --- The grid -------------------------------------------------------------------------------------------------------


def test_the_grid_holds_at_most_two_papers_of_a_topic() -> None:
    for name in ("Bells", "Knots", "Maps", "Pots", "Ropes", "Sails", "Tents"):
        make_trending(*[f"{name} {number}" for number in range(5)], topic=make_topic(name))
    assert [card.title for card in grid()] == [
        f"{name} {number}" for name in ("Bells", "Knots", "Maps", "Pots", "Ropes", "Sails") for number in range(2)
    ]


def test_where_topics_are_few_the_best_others_fill_the_grid() -> None:
    make_trending(*[f"Knot {number}" for number in range(30)], topic=make_topic("Knots"))
    make_trending("Bell", topic=make_topic("Bells"))
    assert [card.title for card in grid()] == [*[f"Knot {number}" for number in range(11)], "Bell"]


def test_the_grid_shows_no_hidden_paper_and_is_the_same_each_time() -> None:
    shown, hidden, also = make_trending("Shown", "Hidden", "Also shown")
    Paper.objects.filter(pk=hidden.pk).update(is_hidden=True)
    first = grid()
    caches["process"].clear()
    assert [card.paper_id for card in first] == [shown.pk, also.pk]
    assert grid() == first


def test_a_paper_that_was_chosen_stays_when_the_grid_has_moved_on() -> None:
    trending = make_trending("Trending")[0]
    earlier, hidden = make_paper(title="Earlier"), make_paper(title="Hidden", is_hidden=True)
    cards = grid([trending.pk, earlier.pk, hidden.pk, 10**17])
    assert [card.title for card in cards] == ["Trending", "Earlier"]
    assert [card.title for card in grid()] == ["Trending"]


def test_more_papers_take_no_more_queries() -> None:
    taken = []
    for number in (3, 6):
        make_trending(*[f"Paper {number}.{n}" for n in range(number)], topic=make_topic(f"T{number}"))
        caches["process"].clear()
        with CaptureQueriesContext(connection) as queries:
            grid()
        taken.append(len(queries))
    assert taken[0] == taken[1]


CARDS = st.lists(st.lists(st.sampled_from("abcd"), max_size=3, unique=True), max_size=30).map(
    lambda rows: [Card(number, f"{number}", "", tuple(topics), "") for number, topics in enumerate(rows)]
)


@given(cards=CARDS, size=st.integers(1, 15))
def test_spreading_keeps_the_order_and_fills_the_grid(cards: list[Card], size: int) -> None:
    found = spread(cards, size)
    assert len(found) == min(size, len(cards))
    assert [card.paper_id for card in found] == sorted(card.paper_id for card in found)
    assert not cards or found[0] == cards[0]


# --- The preview ----------------------------------------------------------------------------------------------------


def test_a_choice_shows_in_the_digest(browser: Client) -> None:
    make_todays_edition("First", "Second about robots")
    assert digest_in(show(browser))[0] == "First"
    page = show(browser, interests="robots")
    assert digest_in(page)[0] == "Second about robots"
    assert "matches “robots”" in page


def test_without_script_the_page_comes_again_with_everything_that_was_typed(browser: Client) -> None:
    liked = make_trending("Liked", "Not liked")[0]
    topic = make_topic("Knots")
    category = make_topic("cs.KN", Topic.Kind.CATEGORY)
    page = show(
        browser, email="half an addr<", papers=[liked.pk], topics=[topic.pk, category.pk], interests="robots\nmarmots"
    )
    assert ticked(page) == [("papers", liked.pk), ("topics", topic.pk), ("topics", category.pk)]
    assert 'value="half an addr&lt;"' in page
    assert ">\nrobots\nmarmots</textarea>" in page
    assert "<details open>" in page
    assert "errorlist" not in page
    assert 'name="page" value="/subscribe/"' in page


def test_htmx_gets_the_digest_alone(browser: Client) -> None:
    make_todays_edition("First")
    response = browser.post("/subscribe/preview", {"interests": "robots"}, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 200
    assert digest_in(page) == ["First"]
    assert "<html" not in page
    assert "no-store" in response["Cache-Control"]
    assert "HX-Request" in response["Vary"]


def test_the_address_is_not_sent_while_choices_change(browser: Client) -> None:
    page = browser.get("/subscribe/").content.decode()
    assert 'data-hx-params="topics,papers,arxiv_ids,interests"' in page


def test_whoever_comes_to_the_preview_by_its_address_starts_at_the_beginning(browser: Client) -> None:
    response = browser.get("/subscribe/preview")
    assert (response.status_code, response["Location"]) == (302, "/subscribe/")


BAD = [
    ({"topics": "x"}, "One of these is not on offer."),
    ({"papers": "9" * 40}, "One of these is not on offer."),
    ({"papers": "-1"}, "One of these is not on offer."),
    ({"papers": "٣"}, "One of these is not on offer."),
    ({"papers": list(range(1, MAX_PAPERS + 2))}, f"Choose at most {MAX_PAPERS}."),
    ({"topics": list(range(1, MAX_TOPICS + 2))}, f"Choose at most {MAX_TOPICS}."),
    ({"arxiv_ids": "a" * 2001}, "at most 2000 characters"),
    ({"arxiv_ids": "2305.03048\x00"}, "Null characters are not allowed."),
    ({"arxiv_ids": " ".join(f"2305.{n:05}" for n in range(MAX_IDS + 1))}, "These are 51 papers. Paste at most 50"),
    ({"interests": "a" * 2001}, "at most 2000 characters"),
    ({"interests": "a\x00b"}, "Null characters are not allowed."),
]


@pytest.mark.parametrize(("fields", "sentence"), BAD)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_what_makes_no_sense_is_explained_and_left_out(
    fields: dict[str, object], sentence: str, headers: dict[str, str], browser: Client
) -> None:
    make_todays_edition("First")
    response = browser.post("/subscribe/preview", fields, headers=headers)
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert digest_in(response.content.decode()) == ["First"]


@pytest.mark.parametrize("most", [{"papers": range(1, MAX_PAPERS + 1)}, {"topics": range(1, MAX_TOPICS + 1)}])
def test_as_much_as_is_allowed_is_welcome(most: dict[str, range], browser: Client) -> None:
    assert browser.post("/subscribe/preview", {name: list(ids) for name, ids in most.items()}).status_code == 200


FIELDS = ["email", "website", "page", "time_zone", "topics", "papers", "arxiv_ids", "interests", "stamp"]
TEXT = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(st.sampled_from(FIELDS), TEXT | st.integers().map(str) | st.just(ADDRESS), max_size=8),
    is_htmx=st.booleans(),
)
def test_whatever_is_posted_is_answered_and_changes_nothing(
    fields: dict[str, str], is_htmx: bool, browser: Client
) -> None:
    response = browser.post("/subscribe/preview", fields, headers=HTMX if is_htmx else {})
    assert response.status_code in {200, 400}
    assert not SignUp.objects.exists()
    assert not Subscriber.objects.exists()
    assert not Delivery.objects.exists()


# --- The form -------------------------------------------------------------------------------------------------------


def test_the_choices_are_kept_with_the_sign_up() -> None:
    chosen = {"topics": ["2", "1", "2"], "papers": ["9"], "interests": " sparse \t attention\n"}
    pasted = "arXiv:2305.03048v2, 2402.17764\n2305.03048"
    form = StartForm(fill_in(time_zone="Asia/Tokyo") | chosen | {"arxiv_ids": pasted})
    assert form.is_valid()
    assert form.choices() == {
        "topics": [1, 2],
        "papers": [9],
        "arxiv_ids": ["2305.03048", "2402.17764"],
        "interests": "sparse attention",
        "time_zone": "Asia/Tokyo",
    }
    assert form.preferences() == Preferences(
        interests=("sparse attention",), topics=frozenset({1, 2}), said=just_liked([9])
    )


def test_the_form_of_other_pages_chooses_nothing() -> None:
    form = StartForm(fill_in())
    assert form.is_valid()
    assert form.choices() == {}


def test_a_bad_address_leaves_the_page_as_it_was_and_is_explained_by_its_field(rf: RequestFactory) -> None:
    liked = make_trending("Liked", "Not liked")[0]
    form = StartForm(fill_in("not-an-address", papers=[str(liked.pk)], interests="robots", page="/topics/"))
    response = show_start_page(rf.post("/subscribe/"), form, status=400)
    page = response.content.decode()
    assert isinstance(response, HttpResponse)
    assert response.status_code == 400
    assert "Nothing was sent." in page
    assert page.index('value="not-an-address"') < page.index('class="errorlist"')
    assert ticked(page) == [("papers", liked.pk)]
    assert 'name="page" value="/topics/"' in page


def test_the_form_of_the_page_signs_up(browser: Client) -> None:
    page = browser.get("/subscribe/").content.decode()
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    late = timezone.now() + timedelta(seconds=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: late)
        assert browser.post("/subscribe/", form | {"email": ADDRESS}).status_code == 302
    assert SignUp.objects.get().page == "/subscribe/"


def test_a_bad_address_from_any_page_leads_here(browser: Client) -> None:
    response = browser.post("/subscribe/", fill_in("not-an-address", interests="robots", page="/topics/"))
    page = response.content.decode()
    assert response.status_code == 400
    assert "Nothing was sent." in page
    assert "robots</textarea>" in page


def test_what_was_chosen_comes_with_the_sign_up(browser: Client) -> None:
    liked = make_trending("Liked")[0]
    assert browser.post("/subscribe/", fill_in(papers=[liked.pk], interests="robots")).status_code == 302
    assert SignUp.objects.get().choices == {"papers": [liked.pk], "interests": "robots"}
