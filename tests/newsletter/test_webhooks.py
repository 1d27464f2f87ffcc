import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from newsletter import sns
from newsletter.models import DeliveryEvent

pytestmark = pytest.mark.django_db

REFERENCE = "0b0e7a52-7d5f-4c0e-9f57-1f4f0a7f2f11"
ADDRESS = "reader@example.org"


def kept() -> list[tuple[str, str, bool | None]]:
    return list(DeliveryEvent.objects.order_by("pk").values_list("kind", "reference", "is_permanent"))


# --- Postmark, which only knows a password -------------------------------------------------------------------------

DELIVERED = {
    "RecordType": "Delivery",
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Recipient": ADDRESS,
    "DeliveredAt": "2026-11-23T18:00:05Z",
    "Metadata": {"reference": REFERENCE},
}
BOUNCED = {
    "RecordType": "Bounce",
    "ID": 4323372036854775807,
    "Type": "HardBounce",
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Description": "The server was unable to deliver your message",
    "Details": f"smtp;550 5.1.1 <{ADDRESS}> does not exist",
    "Email": ADDRESS,
    "BouncedAt": "2026-11-23T18:00:09Z",
    "Metadata": {"reference": REFERENCE},
}
OPENED = DELIVERED | {"RecordType": "Open", "ReceivedAt": "2026-11-23T18:00:30Z"}


@pytest.fixture
def postmark(settings: Settings) -> None:
    settings.ANYMAIL_PROVIDER = "postmark"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "user:password"}


def post(browser: Client, provider: str, body: object, **headers: str) -> int:
    return browser.post(f"/hooks/{provider}", body, content_type="application/json", headers=headers).status_code


def tell_postmark(browser: Client, body: object, *, user: str = "user:password") -> int:
    basic = base64.b64encode(user.encode()).decode()
    return post(browser, "postmark", body, authorization=f"Basic {basic}")


@pytest.mark.usefixtures("postmark")
def test_what_postmark_tells_is_kept_until_it_is_looked_at(browser: Client) -> None:
    assert tell_postmark(browser, DELIVERED) == 200
    event = DeliveryEvent.objects.get()
    assert (event.provider, event.kind, event.reference) == ("Postmark", "delivered", REFERENCE)
    assert event.happened_at == datetime(2026, 11, 23, 18, 0, 5, tzinfo=UTC)
    assert event.raw == DELIVERED
    assert event.processed_at is None


@pytest.mark.usefixtures("postmark")
def test_a_bounce_says_whether_it_is_for_good_and_no_address(browser: Client) -> None:
    assert tell_postmark(browser, BOUNCED) == 200
    assert tell_postmark(browser, BOUNCED | {"ID": 5, "Type": "SoftBounce"}) == 200
    assert kept() == [("bounced", REFERENCE, True), ("bounced", REFERENCE, False)]
    assert not DeliveryEvent.objects.filter(detail__contains="@").exists()


@pytest.mark.usefixtures("postmark")
@pytest.mark.parametrize("body", [DELIVERED, BOUNCED])
def test_the_same_news_twice_is_once(browser: Client, body: object) -> None:
    assert [tell_postmark(browser, body) for _ in range(3)] == [200, 200, 200]
    assert DeliveryEvent.objects.count() == 1


@pytest.mark.usefixtures("postmark")
def test_who_opened_a_mail_is_not_kept(browser: Client) -> None:
    assert tell_postmark(browser, OPENED) == 200
    assert kept() == []


@pytest.mark.usefixtures("postmark")
def test_who_does_not_know_the_password_tells_nothing(browser: Client) -> None:
    assert tell_postmark(browser, BOUNCED, user="user:guessed") == 400
    assert post(browser, "postmark", BOUNCED) == 400
    assert kept() == []


@pytest.mark.usefixtures("postmark")
@pytest.mark.parametrize("body", ["", "{", "[]", "3", '"text"'])
def test_nonsense_is_refused_and_not_repeated_in_the_log(
    browser: Client, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert tell_postmark(browser, body) == 400
    assert kept() == []
    assert "refused" in caplog.text


@pytest.mark.usefixtures("postmark")
def test_only_the_configured_provider_is_listened_to(browser: Client) -> None:
    assert post(browser, "mailgun", DELIVERED) == 404
    assert post(browser, "bogus", DELIVERED) == 404


def test_a_webhook_that_nothing_verifies_is_not_served(browser: Client, settings: Settings) -> None:
    settings.ANYMAIL_PROVIDER, settings.ANYMAIL = "postmark", {}
    assert post(browser, "postmark", DELIVERED) == 404
    settings.ANYMAIL_PROVIDER = "amazon_ses"
    assert post(browser, "amazon_ses", DELIVERED) == 404
    settings.ANYMAIL_PROVIDER = "mailgun"
    assert post(browser, "mailgun", DELIVERED) == 404
    assert kept() == []


@pytest.mark.usefixtures("postmark")
def test_looking_at_a_webhook_changes_nothing(browser: Client) -> None:
    assert browser.get("/hooks/postmark").status_code == 405
    assert browser.head("/hooks/postmark").status_code == 200


# --- Mailgun, which signs ------------------------------------------------------------------------------------------


def tell_mailgun(browser: Client, key: str = "signing-key", **event: Any) -> int:
    timestamp, token = "1795456805", "token-of-this-event"
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    data = {
        "timestamp": 1795456805.1,
        "recipient": ADDRESS,
        "message": {"headers": {"message-id": "1234@papers.example"}},
        "user-variables": {"reference": REFERENCE},
    }
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return post(browser, "mailgun", {"signature": signed, "event-data": data | event})


@pytest.fixture
def mailgun(settings: Settings) -> None:
    settings.ANYMAIL_PROVIDER = "mailgun"
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": "signing-key"}


@pytest.mark.usefixtures("mailgun")
def test_what_mailgun_signs_is_kept(browser: Client) -> None:
    failure = {"event": "failed", "severity": "permanent", "reason": "bounce"}
    assert tell_mailgun(browser, **failure) == 200
    assert kept() == [("bounced", REFERENCE, True)]


@pytest.mark.usefixtures("mailgun")
def test_what_mailgun_did_not_sign_is_refused(browser: Client) -> None:
    assert tell_mailgun(browser, key="another", event="complained") == 400
    assert kept() == []


# --- Amazon, whose signatures we check -----------------------------------------------------------------------------

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CERTIFICATE = "/SimpleNotificationService-0123abc.pem"


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    made = made.serial_number(1).not_valid_before(datetime(2026, 1, 1)).not_valid_after(datetime(2030, 1, 1))  # noqa: DTZ001
    return made.sign(KEY, SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture
def amazon(settings: Settings, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A server that stands in Amazon's place; its address."""
    settings.ANYMAIL_PROVIDER, settings.ANYMAIL = "amazon_ses", {}
    settings.AMAZON_SES_TOPIC_ARN = TOPIC
    address = httpserver.url_for("").rstrip("/")
    monkeypatch.setattr(sns, "AMAZON", address)
    sns._fetch_key.cache_clear()
    httpserver.expect_request(CERTIFICATE).respond_with_data(certificate())
    return address


def signed(address: str, version: str = "2", **changes: str) -> dict[str, str]:
    """A notification of a hard bounce as Amazon sends it; changed before it is signed."""
    bounce = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": ADDRESS}]}
    metadata = {"name": "X-Metadata", "value": json.dumps({"reference": REFERENCE})}
    mail = {"messageId": "0102", "destination": [ADDRESS], "headers": [metadata]}
    message = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": json.dumps({"eventType": "Bounce", "mail": mail, "bounce": bounce}),
        "Timestamp": timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": version,
        "SigningCertURL": address + CERTIFICATE,
    } | changes
    signature = KEY.sign(sns.string_to_sign(message), PKCS1v15(), sns.HASHES.get(version, SHA256()))
    return message | {"Signature": base64.b64encode(signature).decode()}


def tell_amazon(browser: Client, message: dict[str, str]) -> int:
    kind = {"x-amz-sns-message-type": message["Type"], "x-amz-sns-message-id": message["MessageId"]}
    return browser.post("/hooks/amazon_ses", json.dumps(message), content_type="text/plain", headers=kind).status_code


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_amazon_signs_is_kept(browser: Client, amazon: str, version: str) -> None:
    assert [tell_amazon(browser, signed(amazon, version)) for _ in range(2)] == [200, 200]
    assert kept() == [("bounced", REFERENCE, True)]


def test_the_certificate_is_fetched_once(browser: Client, amazon: str, httpserver: HTTPServer) -> None:
    for number in range(3):
        assert tell_amazon(browser, signed(amazon, MessageId=str(number))) == 200
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "Signature"])
def test_what_was_changed_after_signing_is_refused(browser: Client, amazon: str, name: str) -> None:
    message = signed(amazon)
    later = (timezone.now() - timedelta(minutes=1)).isoformat()
    assert tell_amazon(browser, message | {name: later}) == 400
    assert kept() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": "arn:aws:sns:eu-west-1:999999999999:mail"},
        {"Timestamp": (timezone.now() - timedelta(hours=2)).isoformat()},
        {"Timestamp": (timezone.now() + timedelta(hours=2)).isoformat()},
        {"Timestamp": "yesterday"},
        {"Timestamp": "2026-11-23T18:00:00"},
        {"SigningCertURL": "https://example.org/SimpleNotificationService-0123abc.pem"},
    ],
    ids=["topic", "old", "future", "no time", "no zone", "certificate"],
)
def test_what_is_signed_but_not_for_us_now_is_refused(browser: Client, amazon: str, changes: dict[str, str]) -> None:
    assert tell_amazon(browser, signed(amazon, **changes)) == 400
    assert kept() == []


def test_an_unknown_signature_is_refused(browser: Client, amazon: str) -> None:
    assert tell_amazon(browser, signed(amazon, version="3")) == 400


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abc.pem",
        "https://sns.eu-west-1.amazonaws.com.example.org/SimpleNotificationService-0123abc.pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-0123abc.pem",
        "https://sns.eu-west-1.amazonaws.com@example.org/SimpleNotificationService-0123abc.pem",
        "https://sns.eu-west-1.amazonaws.com/other/../SimpleNotificationService-0123abc.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abc.pem?a=b",
    ],
)
def test_a_certificate_comes_from_amazon_only(url: str) -> None:
    said = {"Type": "Notification", "TopicArn": TOPIC, "Timestamp": timezone.now().isoformat(), "SignatureVersion": "2"}
    with pytest.raises(sns.NotFromAmazon, match="from elsewhere"):
        sns.verify(said | {"SigningCertURL": url}, TOPIC, timezone.now())


def subscription(address: str, url: str) -> dict[str, str]:
    return signed(address, Type="SubscriptionConfirmation", Token="token", SubscribeURL=url, Message="Confirm.")


def test_a_subscription_of_our_topic_is_confirmed(browser: Client, amazon: str, httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/", query_string="Action=ConfirmSubscription").respond_with_data("<ok/>")
    assert tell_amazon(browser, subscription(amazon, f"{amazon}/?Action=ConfirmSubscription")) == 200
    assert [request.path for request, _ in httpserver.log] == [CERTIFICATE, "/"]


def test_no_other_address_is_asked_to_confirm(browser: Client, amazon: str, httpserver: HTTPServer) -> None:
    assert tell_amazon(browser, subscription(amazon, "http://169.254.169.254/?Action=ConfirmSubscription")) == 400
    assert len(httpserver.log) == 1


def test_amazon_asks_again_when_the_subscription_could_not_be_confirmed(
    browser: Client, amazon: str, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/").respond_with_data("no", status=500)
    assert tell_amazon(browser, subscription(amazon, f"{amazon}/?Action=ConfirmSubscription")) == 503
