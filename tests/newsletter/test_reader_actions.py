"""What can be done about one reader: it asks first, takes a permission, and leaves a note without an address."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from newsletter.models import Delivery
from subscribers.models import ConsentEvent, Letter, Subscriber, Suppression
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.known import make_known_reader

pytestmark = pytest.mark.django_db

READERS = "/admin/subscribers/subscriber/"


def act(client: Client, reader: Subscriber, name: str, typed: str = "") -> Any:
    return client.post(f"{READERS}{reader.pk}/do/{name}/", {"typed": typed}, follow=True)


def told(page: Any) -> str:
    return " ".join(str(message) for message in page.context["messages"])


def offered(client: Client, reader: Subscriber) -> list[str]:
    page: Any = client.get(f"{READERS}{reader.pk}/change/")
    return [act.name for act in page.context["acts"]]


def notes() -> list[str]:
    return list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))


def make_digest(reader: Subscriber, **fields: Any) -> Delivery:
    """The digest of today's edition, sent an hour ago."""
    at, paper = timezone.now() - timedelta(hours=1), make_paper()
    edition = make_edition(paper, day=at.date(), closing_at=at)
    return make_delivery(edition, reader, paper, due_at=at, **({"status": "accepted", "settled_at": at} | fields))


# --- Who may do what ----------------------------------------------------------------------------------------------


def test_a_page_offers_what_fits_the_reader_and_whoever_asks(admin_client: Client, support: Client) -> None:
    pending, active, gone = make_reader(status="pending"), make_reader(), make_reader(status="unsubscribed")
    make_digest(active)
    assert offered(admin_client, pending) == ["confirm", "unsubscribe", "suppress", "export", "erase"]
    assert offered(admin_client, active) == ["send-again", "unsubscribe", "suppress", "export", "erase"]
    assert offered(support, active) == ["send-again", "unsubscribe", "suppress", "erase"]
    Suppression.objects.suppress(gone.email, Suppression.Reason.MANUAL, NOW)
    assert offered(admin_client, gone) == ["lift", "export", "erase"]
    Suppression.objects.update(reason=Suppression.Reason.COMPLAINT)
    assert offered(admin_client, gone) == ["export", "erase"]


def test_without_the_permission_nothing_is_done_or_shown(support: Client, editor: Client) -> None:
    reader = make_known_reader()
    Suppression.objects.suppress(reader.email, Suppression.Reason.MANUAL, NOW)
    url = f"{READERS}{reader.pk}/do/"
    for client, name in [(support, "export"), (support, "lift"), (editor, "erase"), (editor, "unsubscribe")]:
        for answer in (client.get(f"{url}{name}/"), act(client, reader, name, f"{name} {reader.pk}")):
            assert answer.status_code == 403
            assert "Lovelace" not in answer.content.decode()
    assert Suppression.objects.exists()
    assert Subscriber.objects.filter(pk=reader.pk).exists()


def test_what_there_is_not_is_not_found(admin_client: Client) -> None:
    assert admin_client.get(f"{READERS}4711/do/erase/").status_code == 404
    assert admin_client.get(f"{READERS}{make_reader().pk}/do/anything/").status_code == 404


def test_looking_at_the_page_that_asks_changes_nothing(admin_client: Client) -> None:
    reader = make_known_reader()
    before = Subscriber.objects.filter(pk=reader.pk).values().get()
    for name in ("confirm", "send-again", "unsubscribe", "suppress", "lift", "export", "erase"):
        assert admin_client.get(f"{READERS}{reader.pk}/do/{name}/").status_code == 200
    assert Subscriber.objects.filter(pk=reader.pk).values().get() == before
    assert notes() == []


def test_the_page_that_asks_says_there_is_no_way_back_where_there_is_none(admin_client: Client) -> None:
    reader = make_reader()
    told = {
        name: admin_client.get(f"{READERS}{reader.pk}/do/{name}/").content.decode() for name in ("erase", "suppress")
    }
    assert "There is no way back." in told["erase"]
    # The staff can lift what the staff decided.
    assert "There is no way back." not in told["suppress"]


# --- Each of them -------------------------------------------------------------------------------------------------


def test_a_confirmation_is_sent_again_within_the_caps_and_proves_nothing(support: Client, settings: Settings) -> None:
    settings.SUBSCRIBERS_LETTER_CAPS = [(timedelta(days=1), 1)]
    reader = make_reader(status="pending")
    assert "sent again" in told(act(support, reader, "confirm"))
    letter = Letter.objects.get()
    assert (letter.kind, letter.address, letter.subscriber) == ("confirmation", reader.email, reader)
    assert not ConsentEvent.objects.exists()
    assert "One waits" in told(act(support, reader, "confirm"))
    Letter.objects.all().delete()
    assert "share of letters" in told(act(support, reader, "confirm"))
    assert not Letter.objects.exists()
    assert notes() == ["The confirmation is sent again."]


def test_nobody_but_a_pending_reader_who_may_be_mailed_gets_a_confirmation(support: Client) -> None:
    active, pending = make_reader(), make_reader(status="pending")
    Suppression.objects.suppress(pending.email, Suppression.Reason.COMPLAINT, NOW)
    assert "has not confirmed yet" in told(act(support, active, "confirm"))
    assert "must not be mailed" in told(act(support, pending, "confirm"))
    assert not Letter.objects.exists()


def test_the_last_digest_is_sent_again_once(support: Client) -> None:
    reader = make_reader()
    digest = make_digest(reader)
    assert f"The digest {digest.edition} is sent again." in told(act(support, reader, "send-again"))
    assert "on its way" in told(act(support, reader, "send-again"))
    digest.refresh_from_db()
    assert digest.status == "queued"
    assert notes() == [f"The digest {digest.edition} is sent again."]


def test_a_digest_that_cannot_be_sent_again_says_why(support: Client) -> None:
    reader = make_reader()
    assert "no digest" in told(act(support, reader, "send-again"))
    make_delivery(make_edition(), reader, make_paper(), status="accepted")
    page = support.get(f"{READERS}{reader.pk}/change/").content.decode()
    assert "The last digest cannot be sent again: It is too old" in page


def test_a_reader_is_unsubscribed_for_the_record(support: Client) -> None:
    reader = make_reader()
    for _ in range(2):
        act(support, reader, "unsubscribe")
    event = ConsentEvent.objects.get()
    assert (event.subscriber, event.kind, event.source) == (reader, "unsubscribed", "admin")
    assert notes() == ["Unsubscribed."]


@pytest.mark.parametrize("typed", ["", "suppress", "suppress 0", "erase 1"])
def test_what_has_no_way_back_is_typed(typed: str, support: Client) -> None:
    reader = make_reader()
    for name in ("suppress", "erase"):
        page = act(support, reader, name, typed.replace("1", f"{reader.pk}1"))
        assert "Nothing was done" in page.content.decode()
    assert not Suppression.objects.exists()
    assert Subscriber.objects.get() == reader
    assert notes() == []


def test_a_reader_is_suppressed_and_only_such_a_decision_is_lifted(admin_client: Client) -> None:
    reader = make_reader()
    for _ in range(2):
        act(admin_client, reader, "suppress", f"suppress {reader.pk}")
    assert len(notes()) == 1
    assert Suppression.objects.covers(reader.email)
    assert Subscriber.objects.get().status == "unsubscribed"
    act(admin_client, reader, "lift")
    assert not Suppression.objects.covers(reader.email)
    assert Subscriber.objects.get().status == "unsubscribed"
    Suppression.objects.suppress(reader.email, Suppression.Reason.COMPLAINT, NOW)
    assert "nothing" in told(act(admin_client, reader, "lift"))
    assert Suppression.objects.covers(reader.email)


def test_everything_about_a_reader_is_downloaded_and_that_is_noted(admin_client: Client) -> None:
    reader = make_known_reader()
    answer: Any = admin_client.post(f"{READERS}{reader.pk}/do/export/")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="reader-{reader.pk}.json"'
    assert json.loads(answer.content)["reader"]["address"] == reader.email
    assert notes() == ["Everything about the reader was downloaded."]


def test_a_reader_is_erased_and_the_history_knows_a_number(support: Client, caplog: pytest.LogCaptureFixture) -> None:
    reader = make_known_reader()
    with caplog.at_level("DEBUG"):
        page = act(support, reader, "erase", f"erase {reader.pk}")
    assert page.redirect_chain == [(READERS, 302)]
    assert not Subscriber.objects.filter(pk=reader.pk).exists()
    assert Suppression.objects.get().reason == "erased"
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.object_repr) == (str(reader.pk), f"Reader {reader.pk}")
    assert "lovelace" not in f"{list(LogEntry.objects.values())} {caplog.text}".casefold()
    assert act(support, reader, "erase", f"erase {reader.pk}").status_code == 404
