from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from subscribers.addresses import fingerprint
from subscribers.models import ConsentEvent, Subscriber, Suppression, split_phrases
from tests.conftest import NOW
from tests.factories import make_reader

Status = Subscriber.Status
MINUTE = timedelta(minutes=1)


# --- Rules the data never breaks ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_address_belongs_to_one_reader_whatever_its_case() -> None:
    make_reader(email="ada@example.org")
    with pytest.raises(IntegrityError):
        make_reader(email="ADA@example.org")


@pytest.mark.django_db
def test_nobody_is_active_without_having_confirmed() -> None:
    with pytest.raises(IntegrityError, match="active_readers_have_confirmed"):
        make_reader(status=Status.ACTIVE, confirmed_at=None)


@pytest.mark.django_db
def test_an_hour_is_an_hour() -> None:
    make_reader(hour=0)
    make_reader(hour=23)
    with pytest.raises(IntegrityError, match="hour_is_an_hour"):
        make_reader(hour=24)


@pytest.mark.django_db
@pytest.mark.parametrize("size", [4, 21])
def test_a_digest_is_neither_too_short_nor_too_long(size: int) -> None:
    with pytest.raises(IntegrityError, match="size_is_within_limits"):
        make_reader(size=size)


@pytest.mark.django_db
@pytest.mark.parametrize("size", [5, 20])
def test_the_limits_of_a_digest_are_allowed(size: int) -> None:
    assert make_reader(size=size).size == size


@pytest.mark.parametrize("name", ["Mars/Olympus", "europe/vienna", "", "../etc/passwd"])
def test_a_time_zone_that_is_none_is_an_error_for_people(name: str) -> None:
    reader = Subscriber(email="ada@example.org", created_at=NOW, time_zone=name)
    with pytest.raises(ValidationError) as caught:
        reader.clean_fields()
    assert list(caught.value.message_dict) == ["time_zone"]


# --- Which readers ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_active_readers_are_those_who_confirmed_and_stayed() -> None:
    active = make_reader()
    make_reader(status=Status.PENDING)
    make_reader(status=Status.UNSUBSCRIBED)
    assert list(Subscriber.objects.active()) == [active]


@pytest.mark.django_db
def test_a_reader_is_found_by_address_whatever_its_case() -> None:
    reader = make_reader(email="Ada@example.org")
    make_reader(email="adam@example.org")
    assert list(Subscriber.objects.with_address("aDA@example.org")) == [reader]


# --- One reader ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_activating_twice_is_done_once() -> None:
    reader = make_reader(status=Status.PENDING)
    assert reader.activate(NOW)
    assert not reader.activate(NOW + MINUTE)
    reader.refresh_from_db()
    assert (reader.status, reader.confirmed_at) == (Status.ACTIVE, NOW)


@pytest.mark.django_db
def test_who_has_left_is_not_activated() -> None:
    reader = make_reader(status=Status.UNSUBSCRIBED)
    assert not reader.activate(NOW)
    reader.refresh_from_db()
    assert not reader.is_active


@pytest.mark.django_db
@pytest.mark.parametrize("status", [Status.PENDING, Status.ACTIVE])
def test_leaving_is_done_once_and_ends_what_was_begun(status: str) -> None:
    reader = make_reader(status=status)
    nonce = reader.optin_nonce
    assert reader.unsubscribe(NOW)
    assert not reader.unsubscribe(NOW + MINUTE)
    reader.refresh_from_db()
    assert (reader.status, reader.unsubscribed_at) == (Status.UNSUBSCRIBED, NOW)
    assert reader.optin_nonce != nonce


@pytest.mark.django_db
def test_a_stale_copy_of_a_reader_decides_nothing() -> None:
    reader = make_reader(status=Status.PENDING)
    stale = Subscriber.objects.get(pk=reader.pk)
    reader.unsubscribe(NOW)
    assert not stale.activate(NOW)
    assert not stale.unsubscribe(NOW)


@pytest.mark.django_db
def test_every_reader_has_a_nonce_of_their_own() -> None:
    assert make_reader().optin_nonce != make_reader().optin_nonce


@pytest.mark.django_db
def test_a_reader_goes_by_number_and_never_by_address() -> None:
    reader = make_reader(email="ada@example.org")
    event = ConsentEvent.objects.create(
        subscriber=reader, kind=ConsentEvent.Kind.CONFIRMED, wording_version="1", source="link", at=NOW
    )
    assert str(reader) == f"Reader {reader.pk}"
    assert "ada" not in repr(reader) + str(event) + repr(event)


# --- Phrases ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("", []),
        (" , ;\n,", []),
        ("graph neural networks, robotics", ["graph neural networks", "robotics"]),
        ("robotics\r\ngraphs;  large\tlanguage   models ", ["robotics", "graphs", "large language models"]),
        ("b, a, b", ["b", "a"]),
    ],
)
def test_phrases_are_separated_by_commas_or_lines(text: str, phrases: list[str]) -> None:
    assert split_phrases(text) == phrases
    assert Subscriber(interests=text).interest_phrases == phrases
    assert Subscriber(muted_words=text).muted_phrases == phrases


@given(st.text(st.characters() | st.sampled_from(",;\r\n \t")))
def test_phrases_are_tidy_whatever_is_typed(text: str) -> None:
    phrases = split_phrases(text)
    assert all(phrase == " ".join(phrase.split()) != "" for phrase in phrases)
    assert len(set(phrases)) == len(phrases)
    assert split_phrases(",".join(phrases)) == phrases


# --- Suppression --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_suppressed_address_is_covered_whatever_its_case() -> None:
    Suppression.objects.suppress("Ada@example.org", Suppression.Reason.COMPLAINT, NOW)
    assert Suppression.objects.covers("ada@EXAMPLE.org")
    assert not Suppression.objects.covers("adam@example.org")


@pytest.mark.django_db
def test_suppressing_twice_keeps_the_first_reason() -> None:
    Suppression.objects.suppress("ada@example.org", Suppression.Reason.COMPLAINT, NOW)
    Suppression.objects.suppress("ADA@example.org", Suppression.Reason.MANUAL, NOW + MINUTE)
    suppression = Suppression.objects.get()
    assert (suppression.reason, suppression.at) == (Suppression.Reason.COMPLAINT, NOW)


@pytest.mark.django_db
def test_a_suppression_outlives_the_reader_and_holds_no_address() -> None:
    reader = make_reader(email="ada@example.org")
    Suppression.objects.suppress(reader.email, Suppression.Reason.ERASED, NOW)
    reader.delete()
    suppression = Suppression.objects.get()
    assert suppression.address_hash == fingerprint("ada@example.org")
    assert "ada" not in str(vars(suppression)) + str(suppression)
