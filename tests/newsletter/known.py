"""A reader about whom everything is known that can be."""

from datetime import date, timedelta
from uuid import UUID

from newsletter.models import Delivery, DeliveryEvent
from papers.models import Topic
from subscribers.models import (
    AddressChange,
    ConsentEvent,
    Feedback,
    ImportBatch,
    Letter,
    Mailbox,
    Subscriber,
    WantedPaper,
)
from subscribers.optin import ask, record
from subscribers.preferences import make_choices
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader

ADA = "Ada.Lovelace@example.org"
MAIL_ID = UUID("6f0e0a7e-6f8e-4a53-9a1c-1f5f1c3a8b11")


def make_known_reader() -> Subscriber:
    """A reader about whom there is a row of every kind, and one of a stranger who wants mail at the same address."""
    batch = ImportBatch.objects.create(provenance="The list of the reading group", started_at=NOW)
    reader = make_reader(
        email=ADA,
        import_batch=batch,
        leaving_reason=Subscriber.LeavingReason.TOO_MANY,
        unsubscribed_at=NOW,
        preferences_changed_at=NOW,
        interests="engines",
        muted_words="looms",
        ignored_words="benchmark",
        followed_authors="Charles Babbage",
        cadence=Subscriber.Cadence.WEEKLY,
        weekday=Subscriber.Weekday.THURSDAY,
        paused_until=date(2026, 12, 24),
        hour=9,
        time_zone="Europe/London",
        size=17,
    )
    reader.topics.add(Topic.objects.create(name="Analytical Engines", slug="engines"))
    liked, chosen = make_paper(title="A Liked Paper"), make_paper(title="A Chosen Paper")
    Feedback.objects.create(
        subscriber=reader, paper=liked, kind=Feedback.Kind.MORE, at=NOW, mail_id=MAIL_ID, is_automated=True
    )
    record(reader, ConsentEvent.Kind.CONFIRMED, "link", NOW, truncated_ip="192.0.2.0")
    WantedPaper.objects.create(subscriber=reader, arxiv_id="2305.03048", asked_at=NOW)
    ConsentEvent.objects.update(page="/topics/")
    record(reader, ConsentEvent.Kind.ADDRESS_CHANGED, "link", NOW, former_address_hash="0123abcd")
    AddressChange.objects.create(subscriber=reader, address="countess@example.net", asked_at=NOW)
    ask(
        ADA.upper(),
        source="form",
        at=NOW,
        page="/about/",
        choices=make_choices([], [liked.pk], "numbers", "", ["cs/0112017"]),
    )
    Letter.objects.create(
        subscriber=reader, kind="new_address", address="countess@example.net", asked_at=NOW, due_at=NOW
    )
    Mailbox.objects.count_letter(ADA, NOW)
    delivery = make_delivery(make_edition(chosen), reader, chosen, status="accepted", settled_at=NOW)
    Delivery.objects.filter(pk=delivery.pk).update(
        handed_over_at=NOW, detail="said hello", provider_message_id="provider-77", complained_at=NOW
    )
    DeliveryEvent.objects.create(
        delivery=delivery,
        key="event-1",
        provider="postmark",
        kind="bounced",
        is_permanent=True,
        received_at=NOW,
        processed_at=NOW,
        happened_at=NOW - timedelta(minutes=3),
        reference="reference-9",
        provider_message_id="provider-78",
        detail="smtp;550 5.1.1",
    )
    stranger = make_reader(email="stranger@example.org")
    AddressChange.objects.create(subscriber=stranger, address=ADA.lower(), asked_at=NOW)
    Letter.objects.create(subscriber=stranger, kind="new_address", address=ADA.lower(), asked_at=NOW, due_at=NOW)
    return reader
