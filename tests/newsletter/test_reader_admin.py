"""The list of readers, and what the staff changes of one."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from newsletter.admin import openings, reader_actions
from papers.models import Topic
from subscribers import signals
from subscribers.models import ConsentEvent, Feedback, ImportBatch, Subscriber, Suppression
from subscribers.preferences import STORED, save_preferences
from tests.admin_pages import assert_rows_cost_no_queries, choose_action, posted_by
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

READERS = "/admin/subscribers/subscriber/"
IMPORTS = "/admin/subscribers/importbatch/"


def page_of(reader: Subscriber) -> str:
    return f"{READERS}{reader.pk}/change/"


def found(client: Client, **asked: str) -> list[Any]:
    page: Any = client.get(READERS, asked)
    return list(page.context["cl"].result_list)


def make_rows(count: int) -> None:
    for _ in range(count):
        reader = make_reader()
        topic = Topic.objects.create(name=f"Topic {reader.pk}", slug=f"topic-{reader.pk}", kind="keywords")
        reader.topics.add(topic)
        Suppression.objects.suppress(reader.email, Suppression.Reason.COMPLAINT, NOW)
        ImportBatch.objects.create(provenance="Elsewhere", started_at=NOW)
        paper = make_paper()
        make_delivery(make_edition(day=TODAY - timedelta(days=reader.pk)), reader, paper, status="accepted")
        Feedback.objects.create(subscriber=reader, paper=paper, kind="more", at=NOW)


@pytest.mark.parametrize("url", [READERS, IMPORTS])
def test_a_list_takes_as_many_queries_for_twenty_rows_as_for_ten(admin_client: Client, url: str) -> None:
    assert_rows_cost_no_queries(admin_client, url, make_rows)


# --- The list -----------------------------------------------------------------------------------------------------


def test_the_list_shows_how_much_a_reader_follows_gets_and_says(admin_client: Client) -> None:
    reader, other = make_reader(), make_reader()
    reader.topics.set(Topic.objects.all()[:3])
    papers = [make_paper(), make_paper()]
    make_delivery(make_edition(), reader, *papers, status="accepted")
    make_delivery(make_edition(day=TODAY + timedelta(days=1)), reader, due_at=NOW + timedelta(days=1))
    for paper, days in zip(papers, (1, 2), strict=True):
        Feedback.objects.create(subscriber=reader, paper=paper, kind="more", at=NOW - timedelta(days=days))
    rows = {row.pk: row for row in found(admin_client)}
    row, empty = rows[reader.pk], rows[other.pk]
    assert (row.topic_count, row.last_digest, row.last_said) == (3, NOW, NOW - timedelta(days=1))
    assert (empty.topic_count, empty.last_digest, empty.last_said) == (0, None, None)


def test_what_a_program_pressed_is_no_sign_of_a_reader(admin_client: Client) -> None:
    reader = make_reader()
    Feedback.objects.create(subscriber=reader, paper=make_paper(), kind="more", at=NOW, is_automated=True)
    assert [row.last_said for row in found(admin_client)] == [None]


def test_a_reader_is_found_by_part_of_an_address_and_by_number(admin_client: Client) -> None:
    ada, alan = make_reader(email="ada@example.org"), make_reader(email="alan@example.org")
    assert found(admin_client, q="DA@ex") == [ada]
    assert found(admin_client, q=str(alan.pk)) == [alan]
    assert found(admin_client, q=f"{2**63}") == []


def test_who_looks_after_one_reader_at_a_time_sees_nobody_until_one_is_asked_for(support: Client) -> None:
    ada, _ = make_reader(email="Ada@example.org"), make_reader(email="alan@example.org")
    for nothing in ("", "ada", "@example.org", "%", "ada@example.or"):
        assert found(support, q=nothing) == [], nothing
    assert found(support, status__exact="active", email__startswith="a") == []
    assert found(support, q="ada@EXAMPLE.org") == [ada]
    assert found(support, q=f" {ada.pk} ") == [ada]


def test_an_empty_list_says_what_to_type_and_offers_nothing_else(support: Client) -> None:
    make_reader()
    for asked, told in (("", "Whom are you looking for?"), ("eve@example.org", "No reader has this address")):
        page = support.get(READERS, {"q": asked}).content.decode()
        assert told in page
        assert "type the whole address, or the number" in page
        assert not any(word in page for word in ("Create a new item", "Filters"))


def test_who_looks_after_one_reader_at_a_time_has_no_actions_on_lists(support: Client) -> None:
    reader = make_reader(email="ada@example.org")
    choose_action(support, f"{READERS}?q=ada@example.org", "unsubscribe", reader)
    reader.refresh_from_db()
    assert reader.is_active


def test_an_editor_sees_no_reader(editor: Client) -> None:
    reader = make_reader()
    urls = [READERS, page_of(reader), f"{READERS}{reader.pk}/history/", f"{READERS}{reader.pk}/do/erase/"]
    assert {editor.get(url).status_code for url in urls} == {403}


def test_readers_are_neither_added_nor_deleted_by_hand(admin_client: Client) -> None:
    reader = make_reader()
    assert admin_client.get(f"{READERS}add/").status_code == 403
    assert admin_client.post(f"{READERS}add/", {"email": "eve@example.org"}).status_code == 403
    assert admin_client.post(f"{READERS}{reader.pk}/delete/", {"post": "yes"}).status_code == 403
    assert list(Subscriber.objects.all()) == [reader]


# --- What the staff changes ---------------------------------------------------------------------------------------


def test_preferences_are_edited_and_the_news_gets_out(
    admin_client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    reader = make_reader()
    topic = Topic.objects.all()[0]
    heard = []

    def listen(subscriber_id: int, **_: object) -> None:
        heard.append(subscriber_id)

    signals.preferences_changed.connect(listen)
    data = posted_by(admin_client.get(page_of(reader)))
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin_client.post(page_of(reader), data | {"topics": [topic.pk], "hour": 9, "interests": "proofs"})
    assert answer.status_code == 302
    reader.refresh_from_db()
    assert (reader.hour, reader.interests, list(reader.topics.all())) == (9, "proofs", [topic])
    assert heard == [reader.pk]


def test_an_hour_or_a_time_zone_that_does_not_exist_is_refused(admin_client: Client) -> None:
    reader = make_reader()
    data = posted_by(admin_client.get(page_of(reader)))
    page = admin_client.post(page_of(reader), data | {"hour": 24, "time_zone": "Mars/Olympus"})
    assert set(page.context["adminform"].form.errors) == {"hour", "time_zone"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"paused_until": "2099-01-01"},
        {"paused_until": "2020-01-01"},
        {"interests": "x" * 2001},
        {"muted_words": "x" * 2001},
        {"muted_words": "word, " * 900},
        {"followed_authors": "x" * 2001},
    ],
)
def test_the_staff_can_set_nothing_that_the_reader_could_not_save(wrong: dict[str, str], admin_client: Client) -> None:
    reader = make_reader()
    before = Subscriber.objects.filter(pk=reader.pk).values().get()
    form = posted_by(admin_client.get(page_of(reader)))
    assert admin_client.post(page_of(reader), form | wrong).status_code == 200
    assert Subscriber.objects.filter(pk=reader.pk).values().get() == before


def test_a_pause_that_is_over_is_no_obstacle(admin_client: Client) -> None:
    reader = make_reader(paused_until=TODAY - timedelta(days=400))
    form = posted_by(admin_client.get(page_of(reader)))
    assert admin_client.post(page_of(reader), form | {"hour": 9}).status_code == 302
    reader.refresh_from_db()
    assert reader.hour == 9


def test_what_the_reader_changed_while_the_page_was_open_stays(admin_client: Client) -> None:
    reader = make_reader(interests="looms")
    theirs, ours = Topic.objects.all()[:2]
    reader.topics.add(ours)
    form = posted_by(admin_client.get(page_of(reader)))
    reader.interests, reader.cadence = "engines", Subscriber.Cadence.WEEKLY
    save_preferences(reader, [theirs], NOW)
    assert admin_client.post(page_of(reader), form | {"hour": 9}).status_code == 302
    reader.refresh_from_db()
    assert (reader.hour, reader.interests, reader.cadence) == (9, "engines", "weekly")
    assert list(reader.topics.all()) == [theirs]


def test_saving_a_page_as_it_stands_changes_nothing(admin_client: Client) -> None:
    reader = make_reader(interests="looms", paused_until=TODAY - timedelta(days=400))
    reader.topics.set(Topic.objects.all()[:2])
    before = Subscriber.objects.filter(pk=reader.pk).values().get()
    form = posted_by(admin_client.get(page_of(reader)))
    assert admin_client.post(page_of(reader), form).status_code == 302
    assert Subscriber.objects.filter(pk=reader.pk).values().get() == before
    assert reader.topics.count() == 2


def test_topics_that_are_taken_away_are_gone(admin_client: Client) -> None:
    reader = make_reader()
    reader.topics.set(Topic.objects.all()[:2])
    form = posted_by(admin_client.get(page_of(reader)))
    del form["topics"]
    assert admin_client.post(page_of(reader), form).status_code == 302
    assert not reader.topics.exists()


def test_what_is_pasted_with_control_characters_is_stored_without(admin_client: Client) -> None:
    reader = make_reader()
    form = posted_by(admin_client.get(page_of(reader)))
    admin_client.post(page_of(reader), form | {"interests": "graph\x07 neural   networks"})
    reader.refresh_from_db()
    assert reader.interest_phrases == ["graph neural networks"]


def test_address_status_and_consent_cannot_be_edited(admin_client: Client) -> None:
    reader = make_reader(email="ada@example.org", status="pending")
    ConsentEvent.objects.create(subscriber=reader, kind="requested", wording_version="1", source="form", at=NOW)
    page = admin_client.get(page_of(reader))
    assert set(page.context["adminform"].form.fields) == {"topics", *STORED}
    assert page.context["inline_admin_formsets"] == []
    forged = {"email": "eve@example.org", "status": "active", "consent_events-0-kind": "confirmed"}
    assert admin_client.post(page_of(reader), posted_by(page) | forged).status_code == 302
    reader.refresh_from_db()
    assert (reader.email, reader.status) == ("ada@example.org", "pending")
    assert reader.consent_events.get().kind == "requested"


# --- Actions on the list ------------------------------------------------------------------------------------------


def test_readers_are_unsubscribed_for_the_record_once_their_number_is_typed(admin_client: Client) -> None:
    reader, gone, other = make_reader(), make_reader(status="unsubscribed"), make_reader()
    told = choose_action(admin_client, READERS, "unsubscribe", reader, gone, typed="unsubscribe 1")
    assert told == "Unsubscribe: done for 1 of 1."
    reader.refresh_from_db()
    other.refresh_from_db()
    assert (reader.status, other.status) == ("unsubscribed", "active")
    event = ConsentEvent.objects.get()
    assert (event.subscriber, event.kind, event.source) == (reader, "unsubscribed", "admin")


def test_suppressed_readers_have_left_and_are_never_mailed_again(admin_client: Client) -> None:
    readers, other = [make_reader(), make_reader()], make_reader()
    told = choose_action(admin_client, READERS, "suppress", *readers, typed="suppress 2")
    assert told == "Never mail again: done for 2 of 2."
    assert set(Subscriber.objects.active()) == {other}
    assert all(Suppression.objects.covers(reader.email) for reader in readers)
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"manual"}
    assert not Suppression.objects.covers(other.email)
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize("action", ["unsubscribe", "suppress"])
@pytest.mark.parametrize("typed", ["", "yes", "{action} 1", "{action} 3"])
def test_nobody_of_many_is_changed_before_their_number_is_typed(action: str, typed: str, admin_client: Client) -> None:
    readers = [make_reader(), make_reader()]
    chosen = {"action": action, "_selected_action": [str(reader.pk) for reader in readers]}
    answer = {"typed": typed.format(action=action)} if typed else {}
    page = admin_client.post(READERS, chosen | answer)
    assert page.status_code == (422 if typed else 200)
    html = page.content.decode()
    assert f"<kbd>{action} 2</kbd>" in html
    assert all(f'name="_selected_action" value="{reader.pk}"' in html for reader in readers)
    assert Subscriber.objects.active().count() == 2
    assert not Suppression.objects.exists()


def test_many_are_changed_all_or_none(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    readers = [make_reader(), make_reader()]
    asked = []

    def note_once(*_: object) -> None:
        asked.append(1)
        if len(asked) == 2:
            raise RuntimeError

    monkeypatch.setattr(reader_actions.ReaderActions, "log_change", note_once)
    with pytest.raises(RuntimeError):
        choose_action(admin_client, READERS, "suppress", *readers, typed="suppress 2")
    assert not Suppression.objects.exists()


def test_suppressing_twice_changes_nothing_more(admin_client: Client) -> None:
    reader = make_reader()
    for _ in range(2):
        told = choose_action(admin_client, READERS, "suppress", reader, typed="suppress 1")
    assert told == "Never mail again: done for 0 of 1."
    assert Suppression.objects.count() == 1
    assert ConsentEvent.objects.count() == 1
    assert LogEntry.objects.count() == 1


def test_more_readers_than_a_request_takes_are_left_alone(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_actions, "MOST_AT_ONCE", 1)
    readers = [make_reader(), make_reader()]
    for action in ("unsubscribe", "suppress"):
        assert "Nobody was changed." in choose_action(admin_client, READERS, action, *readers, typed=f"{action} 2")
    assert Subscriber.objects.active().count() == 2
    assert not Suppression.objects.exists()


# --- One at a time ------------------------------------------------------------------------------------------------


def test_who_looks_after_one_at_a_time_opens_so_many_an_hour_and_each_is_noted_by_number(
    support: Client, admin_client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(openings, "READERS_AN_HOUR", 2)
    first, second, third = make_reader(), make_reader(), make_reader()
    with caplog.at_level("INFO"):
        for reader in (first, second, first):
            assert support.get(page_of(reader)).status_code == 200
        assert caplog.text.count("opens reader") == 2
        for url in (page_of(third), f"{READERS}?q={third.pk}", f"{READERS}{third.pk}/do/erase/"):
            page = support.get(url)
            assert page.status_code == 429
            assert third.email not in page.content.decode()
    assert f"opens reader {second.pk}" in caplog.text
    assert "@" not in caplog.text
    assert support.get(page_of(first)).status_code == 200
    assert {admin_client.get(page_of(reader)).status_code for reader in (first, second, third)} == {200}


def test_who_has_no_list_stays_with_the_reader_after_saving(support: Client, admin_client: Client) -> None:
    reader = make_reader()
    for client, leads_to in ((support, page_of(reader)), (admin_client, READERS)):
        form = posted_by(client.get(page_of(reader)))
        assert client.post(page_of(reader), form)["Location"] == leads_to


@pytest.mark.parametrize("number", ["9" * 5000, "²", "٣", "-1", "0"])
def test_what_is_no_number_of_a_reader_finds_none(number: str, admin_client: Client) -> None:
    make_reader(email="somebody@example.org")
    assert found(admin_client, q=number) == []
    assert admin_client.get(f"{READERS}{number}/change/").status_code in {302, 404}
