"""What we keep about a reader is shown whole, and erased whole."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.db.models import Count
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from mail.backends import files_in_outbox
from newsletter.claiming import claim
from newsletter.delivery import send_due
from newsletter.erasure import erase
from newsletter.models import Delivery, DeliveryEvent, Edition
from newsletter.privacy import as_json, everything_about
from subscribers.models import (
    AddressChange,
    ConsentEvent,
    Feedback,
    ImportBatch,
    Letter,
    Mailbox,
    SignUp,
    Subscriber,
    Suppression,
    WantedPaper,
)
from subscribers.optin import answer_sign_ups, ask, record
from tests.conftest import MailServer
from tests.factories import NOW, make_delivery, make_edition, make_paper, make_reader
from tests.newsletter.known import ADA, MAIL_ID, make_known_reader

pytestmark = pytest.mark.django_db


def columns_of(row: models.Model) -> dict[str, Any]:
    return {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields}


# --- Everything ---------------------------------------------------------------------------------------------------

# Where what is kept about a reader stands, and under which name `everything_about` tells it.
TOLD = {
    Subscriber: "reader",
    Subscriber.topics.through: "preferences",
    Feedback: "feedback",
    WantedPaper: "wanted_papers",
    ConsentEvent: "consent",
    AddressChange: "address_change",
    Letter: "letters_waiting",
    SignUp: "sign_ups_waiting",
    Mailbox: "letters_counted",
    Delivery: "digests",
    DeliveryEvent: "digests",
    Suppression: "suppressed",
    ImportBatch: "import",
}
# Columns about the row, and secrets that are nobody's data.
NOT_TOLD = {"id", "subscriber", "import_batch", "optin_nonce", "nonce", "paper", "edition", "claim", "lease_until"}
NOT_TOLD |= {"delivery", "key", "processed_at"}
# They hold addresses of those who run the service.
NOT_READERS = {"auth.User", "account.EmailAddress", "account.EmailConfirmation"}


def may_find_people(model: type[models.Model]) -> bool:
    """Whether a column of `model` may hold something by which a person is found."""
    columns = model._meta.concrete_fields
    typed = any(isinstance(column, models.EmailField | models.GenericIPAddressField) for column in columns)
    return typed or any(word in column.name for column in columns for word in ("address", "email", "mailbox"))


def leads_to(model: type[models.Model], others: set[type[models.Model]]) -> bool:
    return any(column.related_model in others for column in model._meta.concrete_fields)


def models_about_readers() -> set[type[models.Model]]:
    """Those that may hold somebody's address, and those whose rows lead to one of these, at however many steps."""
    there = {model for model in apps.get_models(include_auto_created=True) if model._meta.label not in NOT_READERS}
    found = {model for model in there if may_find_people(model)}
    while more := {model for model in there - found if leads_to(model, found)}:
        found |= more
    return found


def test_whatever_leads_to_a_reader_is_told_and_erased() -> None:
    """A new table about readers belongs into everything_about, into erase, and into TOLD above."""
    assert models_about_readers() == TOLD.keys() - {ImportBatch}


def test_everything_that_is_kept_is_told() -> None:
    kept = everything_about(make_known_reader())
    assert all(kept[name] for name in TOLD.values() if name != "suppressed")
    text = as_json(kept)
    told = [
        *["Ada.Lovelace@example.org", "Too many emails", "engines", "looms", "Charles Babbage", "Analytical Engines"],
        *["Once a week", "Thursday", "2026-12-24", "Europe/London", "17", "A Liked Paper", "A Chosen Paper"],
        *["192.0.2.0", "/topics/", "link", "countess@example.net", "/about/", "numbers", "reading group"],
        *["benchmark", str(MAIL_ID), "More like this", "2305.03048", "cs/0112017"],
        *["0123abcd", "provider-77", "said hello", "trending: +99 upvotes", "daily 2026-11-23", "Accepted"],
    ]
    assert [word for word in told if word not in text] == []


@pytest.mark.parametrize(
    "model", [Subscriber, ConsentEvent, Letter, SignUp, AddressChange, Delivery, DeliveryEvent, Feedback, WantedPaper]
)
def test_every_column_is_told(model: type[models.Model]) -> None:
    """What stands in a column changes what is told: nothing is left out but what NOT_TOLD names."""
    reader = make_known_reader()
    told = as_json(everything_about(reader))
    row = model._default_manager.order_by("pk").first()
    assert row
    silent = []
    for field in model._meta.concrete_fields:
        if field.name in NOT_TOLD or (field.primary_key and model is not Delivery):
            continue
        value = getattr(row, field.attname)
        shown = getattr(row, f"get_{field.name}_display")() if field.choices else value
        if isinstance(shown, datetime):
            shown = shown.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        if isinstance(shown, list | dict):
            continue  # looked at above, by name
        if isinstance(shown, bool):
            shown = json.dumps(shown)
        if str(shown) not in told and shown is not None:
            silent.append(field.name)
    assert silent == []


def test_what_is_told_does_not_name_others() -> None:
    kept = everything_about(make_known_reader())
    assert [asked["what"] for asked in kept["asked_for_by_others"]] == [
        "Digests at this address",
        "Confirm your new address",
    ]
    assert "stranger" not in as_json(kept)


def test_a_reader_about_whom_little_is_known_is_told_that() -> None:
    kept = json.loads(as_json(everything_about(make_reader())))
    assert kept["digests"] == kept["consent"] == kept["letters_counted"] == []
    assert kept["suppressed"] is kept["address_change"] is kept["import"] is None


def test_a_suppressed_reader_is_told_so() -> None:
    reader = make_reader()
    Suppression.objects.suppress(reader.email, Suppression.Reason.COMPLAINT, NOW)
    assert everything_about(reader)["suppressed"] == {"reason": "Complaint: called our mail spam", "at": NOW}


def test_telling_more_digests_takes_no_more_queries(django_assert_max_num_queries: Any) -> None:
    reader, paper = make_reader(), make_paper()
    for days in range(20):
        make_delivery(make_edition(paper, day=NOW.date() - timedelta(days=days)), reader, paper)
    with django_assert_max_num_queries(17):
        assert len(everything_about(reader)["digests"]) == 20


# --- Erasing ------------------------------------------------------------------------------------------------------


def test_erasing_leaves_a_hash_and_an_empty_line_in_the_ledger() -> None:
    reader = make_known_reader()
    other = make_reader(email="somebody.else@example.org")
    record(other, ConsentEvent.Kind.CONFIRMED, "link", NOW)
    erase(reader, NOW)
    assert not Subscriber.objects.filter(pk=reader.pk).exists()
    for model in (SignUp, Letter, AddressChange, Mailbox, Feedback, WantedPaper):
        assert not model._default_manager.exists(), model
    assert [event.subscriber_id for event in ConsentEvent.objects.all()] == [other.pk]
    delivery = Delivery.objects.get()
    assert (delivery.subscriber_id, delivery.picks, delivery.detail, delivery.provider_message_id) == (None, [], "", "")
    assert delivery.status == "accepted"
    event = DeliveryEvent.objects.get()
    assert (event.reference, event.provider_message_id, event.detail) == ("", "", "")
    assert (event.kind, event.received_at) == ("bounced", NOW)
    assert Suppression.objects.get().reason == "erased"
    assert Suppression.objects.covers(ADA.lower())


def test_erasing_twice_is_erasing_once() -> None:
    reader = make_reader(email=ADA)
    erase(reader, NOW)
    erase(reader, NOW + timedelta(days=1))
    assert Suppression.objects.get().at == NOW


def test_who_was_suppressed_before_stays_so_for_the_first_reason() -> None:
    reader = make_reader(email=ADA)
    Suppression.objects.suppress(ADA, Suppression.Reason.COMPLAINT, NOW)
    erase(reader, NOW)
    assert Suppression.objects.get().reason == "complaint"


def test_an_erased_address_cannot_sign_up_again() -> None:
    erase(make_reader(email=ADA), NOW)
    ask(ADA.lower(), source="form", at=NOW)
    answer_sign_ups(NOW)
    assert not Subscriber.objects.exists()
    assert not Letter.objects.exists()
    assert not Mailbox.objects.exists()


def counts(edition: Edition) -> dict[str, int]:
    rows = edition.deliveries.values("status").annotate(count=Count("pk"))
    return {row["status"]: row["count"] for row in rows}


@pytest.mark.parametrize("is_paused", [False, True])
def test_a_queued_digest_of_an_erased_reader_is_skipped_and_still_counted(is_paused: bool, outbox: Path) -> None:
    paper = make_paper()
    edition = make_edition(paper, audience=2, paused_at=NOW if is_paused else None)
    erased, other = make_reader(), make_reader()
    make_delivery(edition, erased, paper)
    make_delivery(edition, other, paper)
    erase(erased, NOW)
    assert counts(edition) == {"skipped": 1, "queued": 1}
    skipped = edition.deliveries.get(status="skipped")
    assert (skipped.skip_reason, skipped.settled_at, skipped.picks) == ("erased", NOW, [])
    send_due(lambda: NOW, until=NOW + timedelta(seconds=1))
    assert sum(counts(edition).values()) == edition.audience


def test_a_claimed_digest_of_an_erased_reader_is_skipped_at_the_hand_over(outbox: Path) -> None:
    paper, reader = make_paper(), make_reader()
    make_delivery(make_edition(paper), reader, paper)

    def clock() -> datetime:
        if Delivery.objects.filter(status="claimed").exists():
            erase(reader, NOW)
        return NOW

    assert send_due(clock, until=NOW + timedelta(seconds=1)) == {"skipped": 1}
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.skip_reason, delivery.picks) == ("skipped", "erased", [])
    assert not outbox.exists()


def test_a_claim_that_outlives_its_process_is_skipped_too(outbox: Path) -> None:
    paper, reader = make_paper(), make_reader()
    make_delivery(make_edition(paper), reader, paper)
    assert len(claim(NOW)) == 1
    erase(reader, NOW)
    Delivery.objects.update(status="queued", claim=None, lease_until=None)
    assert send_due(lambda: NOW, until=NOW + timedelta(seconds=1)) == {"skipped": 1}
    assert Delivery.objects.get().skip_reason == "erased"


def test_a_digest_that_is_leaving_while_its_reader_is_erased_is_accepted(mail_server: MailServer) -> None:
    paper, reader = make_paper(), make_reader()
    make_delivery(make_edition(paper), reader, paper)

    def clock() -> datetime:
        if Delivery.objects.filter(status="handed_over").exists():
            erase(reader, NOW)
        return NOW

    assert send_due(clock, until=NOW + timedelta(seconds=1)) == {"accepted": 1}
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.subscriber, delivery.picks) == ("accepted", None, [])


# --- Files --------------------------------------------------------------------------------------------------------


def test_the_files_of_an_erased_reader_go_and_those_of_others_stay(
    outbox: Path, settings: Settings, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.VAR_DIR = tmp_path
    reader, other, paper = make_reader(), make_reader(), make_paper()
    edition = make_edition(paper)
    mine, theirs = make_delivery(edition, reader, paper), make_delivery(edition, other, paper)
    outbox.mkdir()
    (tmp_path / "preview").mkdir()
    going = [
        *[outbox / f"{mine.pk}.eml", outbox / f"{mine.pk}.html", outbox / f".{mine.pk}.eml.0123456789abcdef"],
        *[outbox / f"confirmation-{reader.pk}-1795543200.eml", outbox / f"already-subscribed-{reader.pk}-1.html"],
        *[tmp_path / "preview" / f"reader-{reader.pk}.html", tmp_path / "preview" / f"reader-{reader.pk}.txt"],
    ]
    staying = [
        *[outbox / f"{theirs.pk}.eml", outbox / f"confirmation-{reader.pk}0-1795543200.eml"],
        *[outbox / f"confirmation-{other.pk}-{reader.pk}.eml", outbox / "0123456789abcdef0123456789abcdef.eml"],
        *[tmp_path / "preview" / f"reader-{reader.pk}1.html", tmp_path / "preview" / "readers.txt"],
    ]
    for path in going + staying:
        path.touch()
    with django_capture_on_commit_callbacks() as callbacks:
        erase(reader, NOW)
    assert all(path.exists() for path in going)
    (remove_files,) = callbacks
    remove_files()
    assert [path.name for path in going if path.exists()] == []
    assert [path.name for path in staying if not path.exists()] == []


def test_there_may_be_no_outbox_at_all(outbox: Path) -> None:
    assert files_in_outbox() == {}


# --- Commands -----------------------------------------------------------------------------------------------------


def test_everything_about_a_reader_is_exported_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    make_known_reader()
    call_command("export_reader", ADA.upper())
    shown = capsys.readouterr().out
    assert json.loads(shown)["reader"]["address"] == ADA
    call_command("export_reader", ADA, "--out", str(tmp_path / "ada.json"))
    assert (tmp_path / "ada.json").read_text() == shown
    assert (tmp_path / "ada.json").stat().st_mode & 0o777 == 0o600
    assert ADA not in capsys.readouterr().out
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_reader", ADA, "--out", str(tmp_path / "ada.json"))


def test_a_reader_is_erased_by_command_when_that_is_meant(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = make_reader(email=ADA)
    monkeypatch.setattr("builtins.input", lambda question: print(question) or "no")  # noqa: T201  shown as input does
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_reader", ADA)
    assert Subscriber.objects.filter(pk=reader.pk).exists()
    monkeypatch.setattr("builtins.input", lambda question: "erase")
    call_command("erase_reader", ADA.lower())
    assert not Subscriber.objects.exists()
    assert "ovelace" not in capsys.readouterr().out


def test_erasing_where_nobody_can_be_asked_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = make_reader(email=ADA)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="say --yes"):
        call_command("erase_reader", ADA)
    assert Subscriber.objects.filter(pk=reader.pk).exists()


@pytest.mark.parametrize("command", ["export_reader", "erase_reader"])
def test_a_command_says_when_there_is_nobody(command: str) -> None:
    with pytest.raises(CommandError, match=r"There is no reader with this address\."):
        call_command(command, ADA)
