import pytest
from django.core.checks import run_checks
from pytest_django import Settings


def warnings_about_senders() -> list[str]:
    return [str(warning.id) for warning in run_checks(include_deployment_checks=True) if warning.id == "mail.W001"]


@pytest.mark.parametrize("letters", ["digest@papers.example", "Welcome <Digest@papers.example>"])
def test_one_address_for_digests_and_confirmations_is_warned_of(letters: str, settings: Settings) -> None:
    settings.NEWSLETTER_FROM, settings.SUBSCRIBERS_FROM = "Paper Route <digest@papers.example>", letters
    assert warnings_about_senders() == ["mail.W001"]


def test_two_addresses_are_as_they_should_be(settings: Settings) -> None:
    settings.NEWSLETTER_FROM = "Paper Route <digest@papers.example>"
    settings.SUBSCRIBERS_FROM = "Paper Route <hello@papers.example>"
    assert warnings_about_senders() == []
