from collections import Counter
from datetime import datetime, timedelta
from itertools import count
from random import Random
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from newsletter.claiming import release_expired
from newsletter.erasure import erase
from newsletter.events import process_events
from newsletter.models import Delivery, DeliveryEvent, Edition
from subscribers.models import ConsentEvent, Subscriber, Suppression
from subscribers.optin import unsubscribe
from tests.factories import NOW, TODAY, make_delivery, make_edition, make_reader

pytestmark = pytest.mark.django_db

_numbers = count(1)


def make_accepted(
    reader: Subscriber | None = None, *, status: str = "accepted", days: int = 0, **facts: object
) -> Delivery:
    """A delivery of the edition of some days ago, sent then."""
    day = TODAY - timedelta(days=days)
    edition = Edition.objects.filter(period=day.isoformat()).first() or make_edition(day=day)
    due_at = NOW - timedelta(days=days)
    return make_delivery(edition, reader or make_reader(), due_at=due_at, status=status, handed_over_at=due_at, **facts)


def tell(kind: str, delivery: Delivery | None, *, at: datetime = NOW, **said: object) -> DeliveryEvent:
    """News that came and nobody has looked at; by our own reference, unless told otherwise."""
    facts: dict[str, object] = {
        "reference": str(delivery.pk) if delivery else "",
        "raw": {"Email": "reader@example.org"},
    }
    return DeliveryEvent.objects.create(
        key=str(next(_numbers)), provider="Postmark", kind=kind, happened_at=at, received_at=at, **(facts | said)
    )


def reasons() -> list[str]:
    return list(Suppression.objects.values_list("reason", flat=True))


def status_of(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.status


# --- Facts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["delivered", "bounced", "complained"])
def test_news_become_a_fact_of_the_delivery(kind: str) -> None:
    delivery = make_accepted()
    event = tell(kind, delivery)
    assert process_events(NOW) == Counter({kind: 1})
    delivery.refresh_from_db()
    event.refresh_from_db()
    assert getattr(delivery, f"{kind}_at") == NOW
    assert event.delivery == delivery
    assert delivery.status == "accepted"


def test_what_came_is_kept_only_until_it_is_looked_at() -> None:
    event = tell("delivered", make_accepted())
    process_events(NOW)
    event.refresh_from_db()
    assert event.raw == {}
    assert event.processed_at == NOW
    assert process_events(NOW) == Counter()


def test_the_provider_s_id_of_the_message_finds_the_delivery_too() -> None:
    delivery = make_accepted(provider_message_id="0102")
    tell("delivered", None, provider_message_id="0102")
    process_events(NOW)
    delivery.refresh_from_db()
    assert delivery.delivered_at == NOW


@pytest.mark.parametrize("reference", ["", "nonsense", str(uuid4())])
def test_news_of_a_message_that_is_not_ours_lead_to_nothing(reference: str) -> None:
    delivery = make_accepted()
    event = tell("complained", None, reference=reference)
    process_events(NOW)
    event.refresh_from_db()
    assert (event.delivery, event.processed_at) == (None, NOW)
    delivery.refresh_from_db()
    assert delivery.complained_at is None
    assert reasons() == []


def test_no_more_is_looked_at_than_asked_for() -> None:
    for _ in range(3):
        tell("other", None)
    assert process_events(NOW, limit=2).total() == 2
    assert DeliveryEvent.objects.waiting().count() == 1


# --- What was uncertain --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sent", "delivered", "deferred", "bounced", "complained", "unsubscribed"])
def test_what_the_provider_tells_of_it_had(kind: str) -> None:
    delivery = make_accepted(status="unknown")
    tell(kind, delivery)
    process_events(NOW)
    assert status_of(delivery) == "accepted"


@pytest.mark.parametrize("kind", ["rejected", "failed"])
def test_what_the_provider_did_not_send_has_failed(kind: str) -> None:
    delivery = make_accepted(status="unknown")
    tell(kind, delivery)
    process_events(NOW)
    assert status_of(delivery) == "failed"


def test_what_an_operator_let_be_is_settled_too() -> None:
    delivery = make_accepted(status="skipped", skip_reason="uncertain")
    tell("delivered", delivery)
    process_events(NOW)
    assert status_of(delivery) == "accepted"
    assert delivery.skip_reason == ""


def test_other_news_settle_nothing() -> None:
    delivery = make_accepted(status="unknown")
    tell("other", delivery)
    process_events(NOW)
    assert status_of(delivery) == "unknown"


@pytest.mark.parametrize(("kind", "status"), [("delivered", "accepted"), ("sent", "accepted"), ("rejected", "failed")])
def test_news_that_come_before_our_own_commit_count_when_it_never_comes(kind: str, status: str) -> None:
    lease = {"claim": uuid4(), "lease_until": NOW + timedelta(minutes=5)}
    delivery = make_accepted()
    Delivery.objects.update(status="handed_over", **lease)
    tell(kind, delivery)
    process_events(NOW)
    assert status_of(delivery) == "handed_over"
    release_expired(NOW + timedelta(minutes=6))
    process_events(NOW + timedelta(minutes=7))
    assert status_of(delivery) == status


# --- Readers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "is_permanent", "reason"),
    [("bounced", True, "hard_bounce"), ("rejected", True, "hard_bounce"), ("complained", None, "complaint")],
)
def test_who_cannot_or_will_not_have_mail_is_not_mailed_again(
    kind: str, is_permanent: bool | None, reason: str
) -> None:
    delivery = make_accepted()
    tell(kind, delivery, is_permanent=is_permanent)
    process_events(NOW)
    assert reasons() == [reason]
    reader = Subscriber.objects.get()
    assert reader.status == "unsubscribed"
    assert Suppression.objects.covers(reader.email)
    assert ConsentEvent.objects.filter(subscriber=reader, kind="unsubscribed").count() == 1


def test_who_leaves_at_the_provider_has_left_and_may_come_back() -> None:
    tell("unsubscribed", make_accepted())
    process_events(NOW)
    assert Subscriber.objects.get().status == "unsubscribed"
    assert reasons() == []


@pytest.mark.parametrize("kind", ["delivered", "deferred", "sent", "other", "failed", "rejected"])
def test_other_news_change_nothing_for_the_reader(kind: str) -> None:
    tell(kind, make_accepted())
    process_events(NOW)
    assert Subscriber.objects.get().is_active
    assert reasons() == []


@pytest.mark.parametrize(("soft", "is_active"), [(4, True), (5, False)])
def test_five_digests_in_a_row_that_came_back_for_now_are_enough(soft: int, is_active: bool) -> None:
    reader = make_reader(confirmed_at=NOW - timedelta(days=90))
    make_accepted(reader, days=9)
    for day in range(soft):
        tell("bounced", make_accepted(reader, days=day), is_permanent=False)
    process_events(NOW)
    reader.refresh_from_db()
    assert reader.is_active == is_active
    assert reasons() == ([] if is_active else ["hard_bounce"])


def test_one_digest_that_arrived_in_between_begins_the_count_anew() -> None:
    reader = make_reader(confirmed_at=NOW - timedelta(days=90))
    make_accepted(reader, days=3)
    for day in (0, 1, 2, 4, 5, 6):
        tell("bounced", make_accepted(reader, days=day), is_permanent=False)
    process_events(NOW)
    reader.refresh_from_db()
    assert reader.is_active


def test_the_same_soft_bounce_told_five_times_is_one() -> None:
    delivery = make_accepted()
    for _ in range(5):
        tell("bounced", delivery, is_permanent=False)
    process_events(NOW)
    assert Subscriber.objects.get().is_active


def test_what_comes_back_from_an_address_that_was_given_up_says_nothing_of_the_new_one() -> None:
    delivery = make_accepted()
    moved = NOW + timedelta(hours=1)
    assert delivery.subscriber
    ConsentEvent.objects.create(subscriber=delivery.subscriber, kind="address_changed", source="link", at=moved)
    tell("bounced", delivery, is_permanent=True)
    process_events(NOW + timedelta(hours=2))
    assert Subscriber.objects.get().is_active
    assert reasons() == []


def test_of_somebody_who_was_erased_nothing_comes_back() -> None:
    delivery = make_accepted()
    assert delivery.subscriber
    erase(delivery.subscriber, NOW)
    event = tell("complained", delivery, detail="550", provider_message_id="0102")
    process_events(NOW)
    event.refresh_from_db()
    assert (event.reference, event.provider_message_id, event.detail, event.raw) == ("", "", "", {})
    assert reasons() == ["erased"]
    assert not Subscriber.objects.exists()


def test_who_has_left_stays_as_they_left() -> None:
    delivery = make_accepted()
    assert delivery.subscriber
    unsubscribe(delivery.subscriber, source="link", at=NOW)
    tell("bounced", delivery, is_permanent=True)
    process_events(NOW + timedelta(hours=1))
    assert Subscriber.objects.get().unsubscribed_at == NOW
    assert ConsentEvent.objects.count() == 1
    assert reasons() == ["hard_bounce"]


def test_who_leaves_by_the_provider_leaves_also_when_a_mail_came_back_for_the_time_being() -> None:
    delivery = make_accepted()
    tell("bounced", delivery, is_permanent=False)
    tell("unsubscribed", delivery)
    process_events(NOW)
    assert Subscriber.objects.get().status == "unsubscribed"
    assert reasons() == []


# --- Any order, any number of times --------------------------------------------------------------------------------

STORY = [
    ("sent", None, 0),
    ("deferred", None, 1),
    ("delivered", None, 2),
    ("bounced", False, 3),
    ("rejected", True, 4),
    ("bounced", True, 5),
    ("complained", None, 6),
    ("unsubscribed", None, 7),
]


def state_after(order: list[int], batches: int, status: str) -> tuple[object, ...]:
    """What the world looks like after the news of STORY at these places, looked at in so many goes."""
    DeliveryEvent.objects.all().delete()
    Suppression.objects.all().delete()
    delivery = make_accepted(status=status)
    for number, place in enumerate(order):
        kind, is_permanent, minutes = STORY[place]
        tell(kind, delivery, at=NOW + timedelta(minutes=minutes), is_permanent=is_permanent)
        if number % batches == 0:
            process_events(NOW)
    process_events(NOW)
    delivery.refresh_from_db()
    assert delivery.subscriber
    facts = (delivery.delivered_at, delivery.bounced_at, delivery.complained_at)
    return delivery.status, facts, delivery.subscriber.status, reasons()


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.sets(st.integers(0, len(STORY) - 1), min_size=1),
    seed=st.integers(0, 1000),
    batches=st.integers(1, 5),
    status=st.sampled_from(["unknown", "accepted", "failed"]),
)
def test_in_any_order_and_told_three_times_news_lead_to_the_same(
    told: set[int], seed: int, batches: int, status: str
) -> None:
    shuffled = sorted(told) * 3
    Random(seed).shuffle(shuffled)  # noqa: S311  the same order each time
    assert state_after(shuffled, batches, status) == state_after(sorted(told), 100, status)
