import re

import pytest
from pytest_django import Settings

from newsletter.dashboard.misconfiguration import findings
from tests.found_by_checks import ids
from tests.journey import ROOT

pytestmark = pytest.mark.django_db

STRONG = "k3y-0f-m4ny-r4nd0m-letters-0123456789"


def test_nobody_to_tell_is_warned_of(settings: Settings) -> None:
    settings.ADMINS = []
    assert "newsletter.W001" in ids()
    settings.ADMINS = [("", "me@papers.example")]
    assert "newsletter.W001" not in ids()


@pytest.mark.parametrize("name", ["SECRET_KEY", "LINK_KEYS", "SUPPRESSION_KEY"])
@pytest.mark.parametrize("weak", ["tiny", "a" * 64, "change-me"])
def test_a_key_that_can_be_guessed_is_named_and_not_shown(name: str, weak: str, settings: Settings) -> None:
    settings.SECRET_KEY, settings.LINK_KEYS, settings.SUPPRESSION_KEY = STRONG, [STRONG], STRONG
    assert "newsletter.W002" not in ids()
    # Of several keys the weakest counts: what it signed is believed too.
    setattr(settings, name, [STRONG, weak] if name == "LINK_KEYS" else weak)
    (finding,) = (found for found in findings() if found.id == "newsletter.W002")
    assert name in finding.msg
    assert weak not in finding.msg


def test_a_provider_without_its_key_is_warned_of(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.postmark.EmailBackend", {}
    assert "newsletter.W003" in ids()
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token"}
    assert "newsletter.W003" not in ids()


@pytest.mark.parametrize(
    ("provider", "mended"),
    [
        ("postmark", {"WEBHOOK_SECRET": "name:password"}),
        ("mailgun", {"MAILGUN_WEBHOOK_SIGNING_KEY": "key"}),
    ],
)
def test_a_webhook_that_verifies_nothing_is_warned_of(
    provider: str, mended: dict[str, str], settings: Settings
) -> None:
    settings.ANYMAIL_PROVIDER, settings.ANYMAIL = provider, {}
    assert "newsletter.W004" in ids()
    settings.ANYMAIL = mended
    assert "newsletter.W004" not in ids()


def test_amazon_s_webhook_needs_the_topic(settings: Settings) -> None:
    settings.ANYMAIL_PROVIDER, settings.AMAZON_SES_TOPIC_ARN = "amazon_ses", ""
    assert "newsletter.W004" in ids()
    settings.AMAZON_SES_TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:papers"
    assert "newsletter.W004" not in ids()


@pytest.mark.parametrize("missing", ["BOUNCE_ADDRESS", "BOUNCE_MAILBOX_URL"])
def test_bounces_that_nobody_reads_are_warned_of(missing: str, settings: Settings) -> None:
    settings.MAIL_PROVIDER = "smtp"
    settings.BOUNCE_ADDRESS, settings.BOUNCE_MAILBOX_URL = "bounces@papers.example", "imaps://u:p@papers.example"
    assert "newsletter.W005" not in ids()
    setattr(settings, missing, "")
    assert "newsletter.W005" in ids()
    settings.MAIL_PROVIDER = "postmark"
    assert "newsletter.W005" not in ids()


def test_mail_that_leaves_a_demo_is_warned_of(settings: Settings) -> None:
    settings.MAIL_PROVIDER, settings.PRODUCTION = "smtp", False
    assert "newsletter.W006" in ids()
    settings.PRODUCTION = True
    assert "newsletter.W006" not in ids()
    settings.MAIL_PROVIDER, settings.PRODUCTION = "outbox", False
    assert "newsletter.W006" not in ids()


def test_error_pages_with_details_are_warned_of(settings: Settings) -> None:
    settings.DEBUG = True
    assert "newsletter.W007" in ids()
    settings.DEBUG = False
    assert "newsletter.W007" not in ids()


def test_the_worst_comes_first_and_every_finding_says_what_to_do(settings: Settings) -> None:
    settings.ADMINS, settings.DEBUG = [], True
    found = findings()
    assert [str(finding.id) for finding in found] == sorted(str(finding.id) for finding in found)
    assert all(finding.hint for finding in found)


def test_every_id_is_explained_and_nothing_else_is() -> None:
    apps = ("mail", "newsletter", "papers", "staff")
    used = {
        found for app in apps for found in re.findall(r'id="([a-z]+\.W\d+)"', (ROOT / app / "checks.py").read_text())
    }
    explained = re.findall(r"^\| `([a-z]+\.W\d+)` \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    assert sorted(used) == sorted(explained)
    assert len(used) >= 15
