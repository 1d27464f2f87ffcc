import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from mail import throttle
from mail.models import Provider
from newsletter.alerts import raise_alert
from newsletter.heartbeats import beat
from newsletter.models import Alert, Delivery, DeliveryEvent, Edition, Heartbeat
from tests.admin_pages import choose_action
from tests.factories import make_delivery, make_edition, make_paper, make_reader

pytestmark = pytest.mark.django_db

EDITIONS = "/admin/newsletter/edition/"
PROVIDERS = "/admin/mail/provider/"
Status = Delivery.Status


def edition_of(*statuses: str) -> Edition:
    at = timezone.now()
    edition = make_edition(make_paper(), audience=len(statuses), day=at.date())
    for status in statuses:
        make_delivery(edition, make_reader(), status=status, due_at=at)
    return edition


def states() -> list[tuple[str, str]]:
    return sorted(Delivery.objects.values_list("status", "skip_reason"))


def test_failed_ones_are_retried(admin_client: Client) -> None:
    edition = edition_of(Status.FAILED)
    assert "Queued failed deliveries again: 1." in choose_action(admin_client, EDITIONS, "retry_failed", edition)
    assert states() == [("queued", "")]


def test_the_page_of_an_edition_says_how_it_goes_and_what_to_do(admin_client: Client) -> None:
    edition = edition_of(Status.ACCEPTED, Status.UNKNOWN, Status.QUEUED)
    raise_alert(Alert.Kind.STORM, "Too <b>many</b> failed.", timezone.now(), edition=edition)
    page = admin_client.get(f"{EDITIONS}{edition.pk}/change/").content.decode()
    assert "2 of 3 settled, 1 of them submitted to the mail provider" in page
    assert "Not sent again by itself: 1 that may have left." in page
    assert "Too &lt;b&gt;many&lt;/b&gt; failed." in page


def test_an_edition_that_is_not_there_has_no_page(admin_client: Client) -> None:
    assert admin_client.get(f"{EDITIONS}12345/change/").status_code == 404
    assert admin_client.get(f"{EDITIONS}x/change/").status_code == 404
    assert admin_client.get(f"{EDITIONS}{'9' * 5000}/change/").status_code == 404


def test_resuming_clears_what_stood(admin_client: Client) -> None:
    edition = edition_of(Status.QUEUED)
    edition.pause(timezone.now())
    raise_alert(Alert.Kind.STORM, "Too many failed.", timezone.now(), edition=edition)
    assert "Resumed it. Still to be sent: 1." in choose_action(admin_client, EDITIONS, "resume", edition)
    assert not Alert.objects.standing().exists()


def test_a_delivery_shows_what_the_provider_told_of_it(admin_client: Client) -> None:
    edition_of(Status.ACCEPTED)
    delivery = Delivery.objects.get()
    DeliveryEvent.objects.create(
        key="1", provider="postmark", kind="bounced", received_at=timezone.now(), delivery=delivery, detail="5.1.1"
    )
    page = admin_client.get(f"/admin/newsletter/delivery/{delivery.pk}/change/").content.decode()
    assert "postmark" in page
    assert "5.1.1" in page


def test_alerts_and_heartbeats_are_listed(admin_client: Client) -> None:
    raise_alert(Alert.Kind.OVERDUE, "It is late.", timezone.now(), edition=edition_of())
    beat("send", timezone.now())
    assert "It is late." in admin_client.get("/admin/newsletter/alert/").content.decode()
    alert = Alert.objects.get()
    assert "It is late." in admin_client.get(f"/admin/newsletter/alert/{alert.pk}/change/").content.decode()
    assert "send" in admin_client.get("/admin/newsletter/heartbeat/").content.decode()
    admin_client.post("/admin/newsletter/heartbeat/send/delete/", {"post": "yes"})
    assert not Heartbeat.objects.filter(queue="send").exists()


def test_all_mail_is_stopped_and_started_again(admin_client: Client) -> None:
    provider: Provider = throttle.current()
    assert "All mail is stopped." in choose_action(admin_client, PROVIDERS, "stop_all", provider)
    assert throttle.stopped().exists()
    assert "It was so before." in choose_action(admin_client, PROVIDERS, "stop_all", provider)
    assert "Mail leaves again." in choose_action(admin_client, PROVIDERS, "start_again", provider)
    assert not throttle.stopped().exists()
    assert LogEntry.objects.count() == 2
