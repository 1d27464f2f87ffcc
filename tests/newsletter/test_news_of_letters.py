"""Who calls a letter spam, or has no mailbox any more, gets no other, as after a digest."""

from base64 import b64encode
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from newsletter.events import process_events
from newsletter.models import DeliveryEvent
from subscribers.models import ConsentEvent, Letter, Subscriber, Suppression
from tests.conftest import NOW, MailServer
from tests.factories import make_reader
from tests.subscribers.asking import send, send_due, write

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
_numbers = count(1)


def tell(kind: str, reference: str, **said: object) -> None:
    facts: dict[str, object] = {"happened_at": NOW, "received_at": NOW, "reference": reference} | said
    DeliveryEvent.objects.create(key=f"letter-{next(_numbers)}", provider="Postmark", kind=kind, **facts)
    process_events(NOW + HOUR)


def reference_to(reader: Subscriber, kind: str = "nothing-new", at: datetime = NOW) -> str:
    return f"{kind}-{reader.pk}-{int(at.timestamp())}"


def reasons() -> list[str]:
    return list(Suppression.objects.values_list("reason", flat=True))


def status_of(reader: Subscriber) -> str:
    reader.refresh_from_db()
    return reader.status


@pytest.mark.parametrize("kind", ["nothing-new", "welcome", "confirmation", "already-subscribed", "goodbye"])
@pytest.mark.parametrize(
    ("news", "is_permanent", "reason"),
    [("complained", None, "complaint"), ("bounced", True, "hard_bounce"), ("rejected", True, "hard_bounce")],
)
def test_who_cannot_or_will_not_have_a_letter_is_not_mailed_again(
    kind: str, news: str, is_permanent: bool | None, reason: str
) -> None:
    reader, other = make_reader(), make_reader()
    tell(news, reference_to(reader, kind), is_permanent=is_permanent)
    assert (status_of(reader), reasons()) == ("unsubscribed", [reason])
    assert Suppression.objects.covers(reader.email)
    assert status_of(other) == "active"


def test_who_leaves_at_the_provider_has_left_and_may_come_back() -> None:
    reader = make_reader()
    tell("unsubscribed", reference_to(reader))
    assert (status_of(reader), reasons()) == ("unsubscribed", [])


@pytest.mark.parametrize(
    ("news", "is_permanent"), [("bounced", False), ("bounced", None), ("delivered", None), ("rejected", False)]
)
def test_other_news_of_a_letter_change_nothing(news: str, is_permanent: bool | None) -> None:
    reader = make_reader()
    for _ in range(6):
        tell(news, reference_to(reader), is_permanent=is_permanent)
    assert (status_of(reader), reasons()) == ("active", [])


@pytest.mark.parametrize("kind", ["new-address", "address-changed"])
def test_a_letter_to_another_address_says_nothing_of_the_reader_s_own(kind: str) -> None:
    reader = make_reader()
    tell("bounced", reference_to(reader, kind), is_permanent=True)
    assert (status_of(reader), reasons()) == ("active", [])


@pytest.mark.parametrize(("moved", "status"), [(NOW + HOUR, "active"), (NOW - HOUR, "unsubscribed")])
def test_what_comes_back_from_an_address_that_was_given_up_says_nothing_of_the_new_one(
    moved: datetime, status: str
) -> None:
    reader = make_reader()
    ConsentEvent.objects.create(subscriber=reader, kind="address_changed", source="link", at=moved)
    tell("bounced", reference_to(reader), is_permanent=True)
    assert status_of(reader) == status


@pytest.mark.parametrize(
    "reference", ["{pk}", "nothing-new-{pk}", "anything-{pk}-1", "nothing-new-{pk}-1-1", "-{pk}-1"]
)
def test_what_only_looks_like_a_letter_s_reference_leads_to_nothing(reference: str) -> None:
    reader = make_reader()
    tell("complained", reference.format(pk=reader.pk))
    assert (status_of(reader), reasons()) == ("active", [])


def test_news_of_a_letter_to_somebody_who_was_erased_lead_to_nothing() -> None:
    tell("complained", "nothing-new-4711-1795590000")
    assert reasons() == []


def test_a_complaint_finds_the_reader_by_what_the_provider_was_given(esp: HTTPServer, settings: Settings) -> None:
    settings.ANYMAIL_PROVIDER, settings.ANYMAIL["WEBHOOK_SECRET"] = "postmark", "user:password"
    reader = make_reader()
    taken = {"ErrorCode": 0, "Message": "OK", "MessageID": "0102", "To": reader.email}
    esp.expect_request("/email").respond_with_json(taken)
    write("welcome", reader)
    assert send_due(NOW) == 1
    sent: dict[str, Any] = esp.log[0][0].get_json()
    complaint = {"RecordType": "SpamComplaint", "MessageID": "0102", "Metadata": sent["Metadata"], "ID": 42}
    basic = {"authorization": "Basic " + b64encode(b"user:password").decode()}
    answer = Client().post("/hooks/postmark", complaint, content_type="application/json", headers=basic)
    assert answer.status_code == 200
    process_events(NOW + HOUR)
    assert (status_of(reader), reasons()) == ("unsubscribed", ["complaint"])


def test_a_letter_refused_for_want_of_a_mailbox_is_the_last_one(mail_server: MailServer) -> None:
    mail_server.replies = ["550 5.1.1 No such user"]
    reader = make_reader()
    assert send(write("welcome", reader), NOW) is False
    process_events(NOW + HOUR)
    assert (status_of(reader), reasons()) == ("unsubscribed", ["hard_bounce"])
    assert not Letter.objects.exists()


@pytest.mark.parametrize("reply", ["550 5.7.1 Not from you", "550 no", "452 4.2.2 Full"])
def test_a_letter_refused_for_another_reason_changes_nothing_for_the_reader(
    reply: str, mail_server: MailServer
) -> None:
    mail_server.replies = [reply]
    reader = make_reader()
    assert send(write("welcome", reader), NOW) is False
    process_events(NOW + HOUR)
    assert (status_of(reader), reasons()) == ("active", [])


def test_a_new_address_that_is_none_does_not_cost_the_reader_the_old_one(mail_server: MailServer) -> None:
    mail_server.replies = ["550 5.1.1 No such user"]
    reader = make_reader()
    assert send(write("address_changed", reader, address="before@example.org"), NOW) is False
    process_events(NOW + HOUR)
    assert (status_of(reader), reasons()) == ("active", [])
