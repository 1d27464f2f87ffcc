import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from papers.models import Topic
from subscribers import signals
from subscribers.emails import LEASE
from subscribers.models import ConsentEvent, Letter, SignUp, Subscriber
from subscribers.optin import WORDING_VERSION, answer_sign_ups, confirm, read_confirmation, unsubscribe
from subscribers.optin import ask as note_sign_up
from subscribers.preferences import Preferences, Said, make_choices, read_preferences
from subscribers.tokens import LinkExpired, LinkInvalid
from tests.conftest import NOW, MailServer
from tests.factories import make_paper, make_reader
from tests.letters import links_in, read_mail
from tests.subscribers.asking import (
    ADDRESS,
    DAY,
    MINUTE,
    ask,
    confirmation_of,
    events,
    kinds_waiting,
    letter_to,
    send,
    send_due,
    suppress,
    token_in,
)

pytestmark = pytest.mark.django_db


# --- Asking -------------------------------------------------------------------------------------------------------


def test_signing_up_makes_one_mail_due_and_sends_nothing(mail_server: MailServer) -> None:
    reader = ask()
    assert reader.status == Subscriber.Status.PENDING
    assert list(Letter.objects.due(NOW)) == [letter_to(reader)]
    assert not SignUp.objects.exists()
    assert mail_server.received == []


def test_signing_up_is_recorded_with_the_wording_it_was_asked_in() -> None:
    event = ask().consent_events.get()
    assert (event.kind, event.source, event.at) == (ConsentEvent.Kind.REQUESTED, "form", NOW)
    assert event.wording_version == WORDING_VERSION


def test_signing_up_again_before_the_mail_left_changes_nothing(mail_server: MailServer) -> None:
    first = ask()
    second = ask(at=NOW + MINUTE)
    assert second == first
    assert letter_to(second).due_at == NOW
    assert events(second) == [("requested", "form")]
    assert send_due(NOW + 2 * MINUTE) == 1
    assert len(mail_server.received) == 1


def test_signing_up_again_within_a_day_sends_nothing_more(mail_server: MailServer) -> None:
    ask()
    send_due(NOW)
    for hours in (0, 1, 23):
        ask(at=NOW + timedelta(hours=hours))
        assert send_due(NOW + timedelta(hours=hours)) == 0
    assert len(mail_server.received) == 1


def test_signing_up_again_after_a_day_sends_the_mail_again(mail_server: MailServer) -> None:
    ask()
    send_due(NOW)
    ask(at=NOW + DAY)
    assert send_due(NOW + DAY) == 1
    assert len(mail_server.received) == 2


def test_a_sign_up_is_answered_once() -> None:
    note_sign_up(ADDRESS, source="form", at=NOW)
    assert answer_sign_ups(NOW) == 1
    assert answer_sign_ups(NOW) == 0
    assert Letter.objects.count() == 1


def test_the_proof_says_where_the_form_stood_and_whence_it_came() -> None:
    reader = ask(page="/trending/week/", truncated_ip="192.0.2.0")
    event = reader.consent_events.get()
    assert (event.page, event.truncated_ip) == ("/trending/week/", "192.0.2.0")


# --- Choosing before signing up -----------------------------------------------------------------------------------


def test_what_was_chosen_before_signing_up_is_the_reader_s() -> None:
    topic, liked, hidden = Topic.objects.all()[0], make_paper(), make_paper(is_hidden=True)
    chosen = make_choices([topic.pk, 99999], [liked.pk, hidden.pk], "graphs", "Europe/Vienna")
    reader = ask(choices=chosen)
    said = Said(liked.pk, "more", reader.feedback.get().at.toordinal())
    assert read_preferences([reader])[reader.pk] == Preferences(
        interests=("graphs",), topics=frozenset({topic.pk}), said=(said,)
    )
    assert reader.time_zone == "Europe/Vienna"


def test_a_stranger_cannot_choose_for_an_active_reader() -> None:
    reader = make_reader(email=ADDRESS, interests="graphs")
    ask(choices=make_choices([], [make_paper().pk], "casinos", "Asia/Tokyo"))
    reader.refresh_from_db()
    assert (reader.interests, reader.time_zone) == ("graphs", "UTC")
    assert not reader.feedback.exists()


@pytest.mark.parametrize(
    ("fields", "zone"),
    [
        ({"time_zone": "Asia/Tokyo", "preferences_changed_at": NOW - DAY}, "Asia/Tokyo"),
        # They chose UTC itself; or were imported with a zone.
        ({"preferences_changed_at": NOW - DAY}, "UTC"),
        ({"time_zone": "Asia/Tokyo"}, "Asia/Tokyo"),
        # What they had chosen is forgotten, or there never was a choice; or whoever it was has not confirmed it.
        ({}, "Europe/Paris"),
        ({"time_zone": "Asia/Tokyo", "preferences_changed_at": NOW - DAY, "confirmed_at": None}, "Europe/Paris"),
    ],
)
def test_who_comes_back_has_the_time_zone_they_had(fields: dict[str, Any], zone: str) -> None:
    make_reader(email=ADDRESS, status="unsubscribed", **fields)
    reader = ask(choices=make_choices([], [], "graphs", "Europe/Paris"))
    assert (reader.time_zone, reader.interests) == (zone, "graphs")


def test_an_impossible_time_zone_is_left_out() -> None:
    assert ask(choices=make_choices([], [], "", "Mars/Olympus")).time_zone == "UTC"


# --- Addresses ----------------------------------------------------------------------------------------------------


def test_an_address_in_other_letters_is_the_same_reader(mail_server: MailServer) -> None:
    assert ask("Ada@example.org") == ask("ADA@example.org") == ask("ada@example.org")
    assert Subscriber.objects.get().email == "Ada@example.org"
    assert send_due(NOW) == 1
    assert mail_server.received[0].rcpt_tos == ["Ada@example.org"]


def test_an_address_with_a_wildcard_in_it_is_not_another_reader() -> None:
    assert ask("a_b@example.org") != ask("axb@example.org")
    assert ask("%@example.org") != ask("anybody@example.org")


def test_a_suppressed_address_is_passed_over(mail_server: MailServer) -> None:
    suppress(ADDRESS.upper())
    note_sign_up(ADDRESS, source="form", at=NOW)
    assert answer_sign_ups(NOW) == 1
    assert not Subscriber.objects.exists()
    assert send_due(NOW + DAY) == 0
    assert mail_server.received == []


def test_an_address_suppressed_after_signing_up_gets_nothing(mail_server: MailServer) -> None:
    reader = ask()
    suppress()
    assert not send(letter_to(reader), NOW)
    assert send_due(NOW + DAY) == 0
    assert mail_server.received == []
    assert not Letter.objects.exists()


# --- Confirming ---------------------------------------------------------------------------------------------------


def test_confirming_twice_is_one_confirmation() -> None:
    reader = ask()
    token = confirmation_of(reader)
    assert confirm(token, NOW)
    assert not confirm(token, NOW + MINUTE)
    reader.refresh_from_db()
    assert reader.confirmed_at == NOW
    assert events(reader) == [("requested", "form"), ("confirmed", "link")]


def test_confirming_makes_a_waiting_mail_needless(mail_server: MailServer) -> None:
    reader = ask()
    confirm(confirmation_of(reader), NOW)
    assert kinds_waiting(reader) == ["welcome"]
    assert send_due(NOW + DAY) == 1
    assert "Welcome" in str(read_mail(mail_server.received[0].content)["Subject"])


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """The ids of the readers of whom it was said that they confirmed."""
    ids: list[int] = []

    def hear(subscriber_id: int, **_: object) -> None:
        ids.append(subscriber_id)

    signals.confirmed.connect(hear)
    yield ids
    signals.confirmed.disconnect(hear)


def test_a_confirmation_is_told_once_after_it_is_committed(
    heard: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    reader = ask()
    with django_capture_on_commit_callbacks(execute=True):
        confirm(confirmation_of(reader), NOW)
        assert heard == []
    assert heard == [reader.pk]
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        confirm(confirmation_of(reader), NOW)
    assert callbacks == []


def test_a_confirmation_link_lasts_a_week() -> None:
    token = confirmation_of(ask())
    assert read_confirmation(token, NOW + 7 * DAY)
    with pytest.raises(LinkExpired):
        read_confirmation(token, NOW + 7 * DAY + MINUTE)
    with pytest.raises(LinkExpired):
        confirm(token, NOW + 7 * DAY + MINUTE)
    assert not Subscriber.objects.active().exists()


def test_looking_at_a_confirmation_changes_nothing() -> None:
    reader = ask()
    read_confirmation(confirmation_of(reader), NOW)
    reader.refresh_from_db()
    assert reader.status == Subscriber.Status.PENDING


def test_an_address_suppressed_in_between_cannot_confirm() -> None:
    reader = ask()
    suppress()
    with pytest.raises(LinkInvalid):
        confirm(confirmation_of(reader), NOW)
    reader.refresh_from_db()
    assert reader.status == Subscriber.Status.PENDING


def test_a_confirmation_of_somebody_who_is_gone_is_invalid() -> None:
    reader = ask()
    token = confirmation_of(reader)
    reader.delete()
    with pytest.raises(LinkInvalid):
        confirm(token, NOW)


def test_one_reader_s_confirmation_confirms_nobody_else() -> None:
    ada, alan = ask("ada@example.org"), ask("alan@example.org")
    confirm(confirmation_of(ada), NOW)
    alan.refresh_from_db()
    assert not alan.is_active


# --- Leaving, and coming back -------------------------------------------------------------------------------------


def test_leaving_twice_is_leaving_once() -> None:
    reader = make_reader()
    unsubscribe(reader, source="one-click", at=NOW)
    unsubscribe(reader, source="page", at=NOW + MINUTE)
    reader.refresh_from_db()
    assert reader.status == Subscriber.Status.UNSUBSCRIBED
    assert reader.unsubscribed_at == NOW
    assert events(reader) == [("unsubscribed", "one-click")]


def test_who_left_before_confirming_gets_no_mail(mail_server: MailServer) -> None:
    reader = ask()
    unsubscribe(reader, source="page", at=NOW)
    assert send_due(NOW + DAY) == 0
    assert mail_server.received == []


def test_an_old_confirmation_link_brings_nobody_back() -> None:
    reader = ask()
    old = confirmation_of(reader)
    confirm(old, NOW)
    unsubscribe(reader, source="page", at=NOW)
    with pytest.raises(LinkInvalid):
        confirm(old, NOW + MINUTE)
    ask(at=NOW + MINUTE)
    with pytest.raises(LinkInvalid):
        confirm(old, NOW + MINUTE)
    assert not Subscriber.objects.active().exists()


def test_who_left_can_come_back_by_signing_up_and_confirming(mail_server: MailServer) -> None:
    reader = make_reader(email=ADDRESS, interests="graphs")
    unsubscribe(reader, source="page", at=NOW)
    assert ask(at=NOW + MINUTE).status == Subscriber.Status.PENDING
    assert send_due(NOW + MINUTE) == 1
    (link,) = [link for link in links_in(read_mail(mail_server.received[0].content)) if "/confirm/" in link]
    assert confirm(token_in(link), NOW + 2 * MINUTE)
    reader.refresh_from_db()
    assert reader.is_active
    assert reader.confirmed_at == NOW + 2 * MINUTE
    assert reader.interests == "graphs"


# --- Logs ---------------------------------------------------------------------------------------------------------


def test_no_address_stands_in_the_log(mail_server: MailServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mail_server.replies = [f"451 {ADDRESS} is greylisted", f"550 <{ADDRESS}> unknown", "250 OK"]
    reader = ask()
    send_due(NOW)
    send_due(NOW + LEASE)
    ask(at=NOW + 2 * DAY)
    send_due(NOW + 2 * DAY)
    confirm(confirmation_of(reader, NOW + DAY), NOW + DAY)
    unsubscribe(reader, source="page", at=NOW + DAY)
    # mail.log is the test's own mail server.
    ours = [record for record in caplog.records if record.name != "mail.log"]
    said = "\n".join(logging.Formatter().format(record) for record in ours)
    assert "(confirmation) was not accepted: SMTP 451" in said
    assert "(confirmation) was not accepted: SMTP 550" in said
    assert "visitor" not in said
    assert len(mail_server.received) == 1


# --- What others may not do with it -------------------------------------------------------------------------------


def test_leaving_does_not_keep_the_old_address_from_hearing_of_its_change() -> None:
    reader = make_reader()
    Letter.objects.create(
        subscriber=reader, kind=Letter.Kind.ADDRESS_CHANGED, address="old@example.org", asked_at=NOW, due_at=NOW
    )
    unsubscribe(reader, source="page", at=NOW)
    assert kinds_waiting(reader) == ["address_changed", "goodbye"]


def test_a_letter_to_another_address_holds_up_no_sign_up(mail_server: MailServer) -> None:
    reader = make_reader(email=ADDRESS)
    Letter.objects.create(
        subscriber=reader, kind=Letter.Kind.NEW_ADDRESS, address="new@example.org", asked_at=NOW, due_at=NOW + DAY
    )
    ask()
    assert send_due(NOW) == 1
    assert mail_server.received[0].rcpt_tos == [ADDRESS]


def test_a_letter_goes_only_to_the_address_the_reader_has_now(mail_server: MailServer) -> None:
    reader = ask()
    Subscriber.objects.filter(pk=reader.pk).update(email="moved@example.org")
    assert send_due(NOW) == 0
    assert mail_server.received == []
    assert not Letter.objects.exists()


def test_a_sign_up_that_cannot_be_answered_does_not_hold_up_the_others() -> None:
    SignUp.objects.create(address=ADDRESS, source="form", wording_version="x", choices={"topics": 5}, asked_at=NOW)
    note_sign_up("other@example.org", source="form", at=NOW)
    assert answer_sign_ups(NOW) == 1
    assert [letter.address for letter in Letter.objects.all()] == ["other@example.org"]
    assert SignUp.objects.count() == 1


def test_the_proof_names_the_wording_the_form_had() -> None:
    note_sign_up(ADDRESS, source="form", at=NOW)
    SignUp.objects.update(wording_version="2025-01")
    answer_sign_ups(NOW)
    assert ConsentEvent.objects.get().wording_version == "2025-01"
