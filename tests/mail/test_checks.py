from typing import Any

import pytest
from pytest_django import Settings

from tests.found_by_checks import ids

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("letters", ["digest@papers.example", "Welcome <Digest@papers.example>"])
def test_one_address_for_digests_and_confirmations_is_warned_of(letters: str, settings: Settings) -> None:
    settings.NEWSLETTER_FROM, settings.SUBSCRIBERS_FROM = "Paper Route <digest@papers.example>", letters
    assert "mail.W001" in ids()


def test_two_addresses_are_as_they_should_be(settings: Settings) -> None:
    settings.NEWSLETTER_FROM = "Paper Route <digest@papers.example>"
    settings.SUBSCRIBERS_FROM = "Paper Route <hello@papers.example>"
    assert "mail.W001" not in ids()


@pytest.mark.parametrize(
    ("address", "is_told"),
    [
        ("No postal address yet: set POSTAL_ADDRESS", True),
        ("here", True),
        ("1 Printer's Lane, Papertown", False),
    ],
)
def test_mails_say_where_they_come_from(address: str, is_told: bool, settings: Settings) -> None:
    settings.POSTAL_ADDRESS = address
    assert ("mail.W002" in ids()) == is_told


@pytest.mark.parametrize("limit", ["MAIL_PER_SECOND", "MAIL_PER_HOUR", "MAIL_PER_DAY"])
def test_a_provider_is_given_no_more_than_a_limit(limit: str, settings: Settings) -> None:
    settings.MAIL_PROVIDER = "postmark"
    assert "mail.W003" in ids()
    setattr(settings, limit, 10)
    assert "mail.W003" not in ids()


@pytest.mark.parametrize(
    ("site", "is_told"),
    [
        ("http://localhost:8000", True),
        ("http://127.0.0.1", True),
        ("http://papers.local", True),
        ("https://papers.example", False),
    ],
)
def test_links_in_mails_lead_somewhere(site: str, is_told: bool, settings: Settings) -> None:
    settings.MAIL_PROVIDER, settings.SITE_URL = "smtp", site
    assert ("mail.W004" in ids()) == is_told


@pytest.mark.parametrize("sender", ["NEWSLETTER_FROM", "SUBSCRIBERS_FROM"])
def test_mails_come_from_a_domain_there_is(sender: str, settings: Settings) -> None:
    settings.MAIL_PROVIDER = "smtp"
    settings.NEWSLETTER_FROM, settings.SUBSCRIBERS_FROM = "digest@papers.example", "hello@papers.example"
    assert "mail.W005" not in ids()
    setattr(settings, sender, "Paper Route <digest@paper-route.localhost>")
    assert "mail.W005" in ids()


def test_mail_that_goes_to_files_needs_neither_limits_nor_an_address_of_the_site(settings: Settings) -> None:
    changed: dict[str, Any] = {"MAIL_PROVIDER": "outbox", "SITE_URL": "http://localhost:8000"}
    for name, value in changed.items():
        setattr(settings, name, value)
    assert not {"mail.W003", "mail.W004", "mail.W005"} & set(ids())
