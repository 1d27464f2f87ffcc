"""One of each thing that is kept for a while only, as old as a test wants it."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from mail.models import HandedOver, Provider
from newsletter.models import Alert, Delivery, DeliveryEvent, Edition
from subscribers.models import (
    AddressChange,
    ConsentEvent,
    Letter,
    Mailbox,
    Subscriber,
    UsedChallenge,
    WantedPaper,
)
from subscribers.optin import ask, record
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader

REQUESTED = ConsentEvent.Kind.REQUESTED
MINUTE = timedelta(minutes=1)


def ask_long_ago(at: datetime) -> Subscriber:
    reader = make_reader(status=Subscriber.Status.PENDING)
    Subscriber.objects.filter(pk=reader.pk).update(created_at=at)
    record(reader, REQUESTED, "form", at)
    return reader


def ask_to_come_back(at: datetime) -> Subscriber:
    reader = ask_long_ago(at)
    left_at = NOW - timedelta(days=80)
    Subscriber.objects.filter(pk=reader.pk).update(unsubscribed_at=left_at, confirmed_at=left_at)
    return reader


def leave_with_wishes(at: datetime) -> Subscriber:
    return make_reader(status="unsubscribed", unsubscribed_at=at, interests="looms")


def wish_for_a_paper(at: datetime) -> None:
    WantedPaper.objects.create(subscriber=make_reader(), arxiv_id="2305.03048", asked_at=at)


def consent_from_somewhere(at: datetime) -> None:
    record(make_reader(), ConsentEvent.Kind.CONFIRMED, "link", at, truncated_ip="192.0.2.0")


def letter_that_waits(at: datetime) -> None:
    Letter.objects.create(subscriber=make_reader(), kind="new_address", address="x@example.org", asked_at=at, due_at=at)


def sign_up_that_waits(at: datetime) -> None:
    ask("x@example.org", source="form", at=at)


def change_of_address(at: datetime) -> None:
    AddressChange.objects.create(subscriber=make_reader(), address="x@example.org", asked_at=at)


def count_a_letter(at: datetime) -> None:
    Mailbox.objects.count_letter(f"x{Mailbox.objects.count()}@example.org", at)


def use_a_challenge(at: datetime) -> None:
    UsedChallenge.objects.create(signature=at.isoformat(), expires_at=at)


def deliver(at: datetime) -> Delivery:
    paper = make_paper()
    delivery = make_delivery(Edition.objects.first() or make_edition(paper), make_reader(), paper, due_at=at)
    Delivery.objects.filter(pk=delivery.pk).update(status="accepted", settled_at=at, provider_message_id="provider-77")
    return delivery


def deliver_to_nobody(at: datetime) -> Delivery:
    delivery = deliver(at)
    Delivery.objects.filter(pk=delivery.pk).update(subscriber=None)
    return delivery


def hear_of(delivery: Delivery | None, at: datetime, **fields: object) -> DeliveryEvent:
    """An event that was looked at, with all that it may say."""
    facts: dict[str, object] = {
        "key": f"event-{DeliveryEvent.objects.count()}",
        "kind": "bounced",
        "received_at": at,
        "processed_at": at,
        "reference": str(delivery.pk) if delivery else "",
        "provider_message_id": "provider-77",
        "detail": "5.1.1",
    }
    return DeliveryEvent.objects.create(delivery=delivery, **(facts | fields))


def hear_of_nothing_of_ours(at: datetime) -> DeliveryEvent:
    return hear_of(None, at)


def hand_over(at: datetime) -> None:
    provider, _ = Provider.objects.get_or_create(name="smtp")
    HandedOver.objects.create(provider=provider, minute=at, count=7)


def clear_an_alert(at: datetime) -> None:
    Alert.objects.create(kind=Alert.Kind.STORM, text="Many fail.", raised_at=at, cleared_at=at)


def log_in_until(at: datetime) -> None:
    Session.objects.create(session_key=f"until {at:%H:%M}", session_data="", expire_date=at)


# How each is made, the name in the report, and the last moment that is too long ago.
