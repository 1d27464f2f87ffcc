"""A reader on the way to another address."""

from subscribers.changing_address import ask_to_change
from subscribers.links import new_address_url, preferences_url
from subscribers.models import AddressChange, Subscriber
from tests.conftest import NOW
from tests.factories import make_reader
from tests.subscribers.asking import token_in
from tests.subscribers.links import path_of

OLD, NEW = "ada.lovelace@example.org", "ada@newplace.example.com"


def link_of(reader: Subscriber) -> str:
    """The token that the letter to the new address brings."""
    return token_in(new_address_url(AddressChange.objects.get(subscriber=reader), NOW))


def asking_reader(address: str = NEW, **fields: object) -> Subscriber:
    reader = make_reader(**({"email": OLD} | fields))  # type: ignore[arg-type]  # told by name
    assert ask_to_change(reader, address, NOW)
    return reader


def page_of(reader: Subscriber) -> str:
    return f"{path_of(preferences_url, reader)}/address"
