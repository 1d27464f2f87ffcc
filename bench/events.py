"""What comes back: events posted to the webhook through the whole stack of the site, and what follows from them."""

import base64
import json
from collections.abc import Iterator
from functools import partial
from itertools import count
from uuid import UUID

from django.test import Client, override_settings
from django.utils import timezone

from bench.measure import report, seconds
from bench.queued import make_edition, make_readers, queue
from newsletter.events import process_events
from newsletter.models import Delivery, DeliveryEvent

READERS = 5_000
SECRET = "bench:password"  # noqa: S105  nobody else's
# Of a thousand events: so many bounces for now and for good, and complaints. Every twentieth is told twice.
SOFT, HARD, COMPLAINTS, AGAIN = 30, 10, 2, 20

numbers = count(1)


def bench_events() -> None:
    """An event for each of an edition's readers, in Postmark's form, one a request as Postmark has it."""
    edition = make_edition()
    make_readers(READERS)
    queue(edition, READERS)
    sent = Delivery.objects.filter(edition=edition)
    sent.update(status=Delivery.Status.ACCEPTED, handed_over_at=timezone.now())
    bodies = list(_bodies(list(sent.values_list("pk", flat=True))))
    with override_settings(ANYMAIL_PROVIDER="postmark", ANYMAIL={"WEBHOOK_SECRET": SECRET}):
        receiving = seconds(partial(_post, bodies))
    processing = seconds(lambda: process_events(timezone.now()))
    facts = sent.exclude(delivered_at=None, bounced_at=None, complained_at=None).count()
    if DeliveryEvent.objects.waiting().exists() or DeliveryEvent.objects.count() != READERS or facts != READERS:
        raise SystemExit("Some events led to nothing.")
    report("events_received", "events/s", len(bodies) / receiving)
    report("events_processed", "events/s", READERS / processing)
    report("events", "events/minute, received and processed by one process", 60 * READERS / (receiving + processing))


def _post(bodies: list[bytes]) -> None:
    provider = Client(headers={"authorization": f"Basic {base64.b64encode(SECRET.encode()).decode()}"})
    for body in bodies:
        answer = provider.post("/hooks/postmark", body, content_type="application/json", SERVER_NAME="localhost")
        if answer.status_code != 200:
            raise SystemExit(f"The webhook answered {answer.status_code}.")


def _bodies(delivery_ids: list[UUID]) -> Iterator[bytes]:
    for number, delivery_id in enumerate(delivery_ids):
        body = json.dumps(_event(number % 1000, delivery_id)).encode()
        yield body
        if number % AGAIN == 0:
            yield body


def _event(place: int, delivery_id: UUID) -> dict[str, object]:
    common: dict[str, object] = {
        "MessageID": str(delivery_id),
        "Metadata": {"reference": str(delivery_id)},
        "ServerID": 23,
        "MessageStream": "broadcast",
        "Tag": "digest",
    }
    if place >= SOFT + HARD + COMPLAINTS:
        delivered = {"RecordType": "Delivery", "Recipient": "reader@example.org", "Details": "250 2.0.0 OK"}
        return common | delivered | {"DeliveredAt": "2026-11-23T18:00:05Z"}
    kinds = ["SoftBounce"] * SOFT + ["HardBounce"] * HARD + ["SpamComplaint"] * COMPLAINTS
    record = "SpamComplaint" if kinds[place] == "SpamComplaint" else "Bounce"
    bounced = {"RecordType": record, "ID": next(numbers), "Type": kinds[place], "Email": "reader@example.org"}
    return common | bounced | {"Details": "smtp;550 5.1.1 no such user", "BouncedAt": "2026-11-23T18:00:09Z"}
