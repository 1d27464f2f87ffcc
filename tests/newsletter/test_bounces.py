from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from newsletter.bounces import delivery_id_of, envelope_sender

DELIVERY = UUID("0b0e7a52-7d5f-4c0e-9f57-1f4f0a7f2f11")


@pytest.fixture(autouse=True)
def _mailbox(settings: Settings) -> None:
    settings.BOUNCE_ADDRESS = "bounces@papers.example"


@given(st.uuids())
def test_a_bounce_names_its_delivery(delivery_id: UUID) -> None:
    assert delivery_id_of(envelope_sender(delivery_id)) == delivery_id


def test_the_address_stays_within_what_servers_take() -> None:
    local, domain = envelope_sender(DELIVERY).split("@")
    assert local.startswith(f"bounces+{DELIVERY.hex}-")
    assert len(local) <= 64
    assert domain == "papers.example"


def test_servers_may_change_its_case() -> None:
    assert delivery_id_of(envelope_sender(DELIVERY).upper()) == DELIVERY


def test_it_is_found_in_angle_brackets_with_a_name() -> None:
    assert delivery_id_of(f"Bounces <{envelope_sender(DELIVERY)}>") == DELIVERY


def test_a_made_up_one_names_nothing() -> None:
    other = envelope_sender(uuid4()).replace("+", "-").split("-", 2)[2]
    assert delivery_id_of(f"bounces+{DELIVERY.hex}-{other}") is None


@pytest.mark.parametrize("address", ["", "reader@example.org", "bounces@papers.example", "bounces+1-2@papers.example"])
def test_another_address_names_nothing(address: str) -> None:
    assert delivery_id_of(address) is None


def test_a_new_key_signs_and_the_old_one_still_verifies(settings: Settings) -> None:
    before = envelope_sender(DELIVERY)
    settings.LINK_KEYS = ["new", *settings.LINK_KEYS]
    assert envelope_sender(DELIVERY) != before
    assert delivery_id_of(before) == DELIVERY
    settings.LINK_KEYS = ["new"]
    assert delivery_id_of(before) is None


def test_without_a_mailbox_there_is_no_address_of_its_own(settings: Settings) -> None:
    settings.BOUNCE_ADDRESS = ""
    assert envelope_sender(DELIVERY) == ""
