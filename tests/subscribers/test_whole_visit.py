"""From the form to the goodbye, and what of it stands in the log."""

import logging
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from subscribers.links import preferences_url, unsubscribe_url
from subscribers.models import Subscriber
from subscribers.tasks import answer_sign_ups_task
from tests.conftest import MailServer
from tests.letters import links_in, read_mail
from tests.subscribers.signing_up import sign_up

pytestmark = pytest.mark.django_db


def test_no_address_stands_in_the_log_of_a_whole_visit(
    mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    browser = Client(enforce_csrf_checks=True)
    caplog.set_level(logging.DEBUG)
    sign_up(browser, "not an address but ada.lovelace@")
    sign_up(browser, website="a bot would fill this in")
    sign_up(browser)
    answer_sign_ups_task()
    reader = Subscriber.objects.get()
    (link,) = [link for link in links_in(read_mail(mail_server.received[0].content)) if "/confirm/" in link]
    browser.post(urlsplit(link).path)
    preferences = urlsplit(preferences_url(reader, timezone.now())).path
    browser.post(preferences, {"interests": "graphs"})
    browser.get(f"{preferences}x")
    browser.post(urlsplit(unsubscribe_url(reader, timezone.now())).path, {"List-Unsubscribe": "One-Click"})
    # mail.log is the test's own mail server.
    ours = [record for record in caplog.records if record.name != "mail.log"]
    said = "\n".join(logging.Formatter().format(record) for record in ours)
    assert "Not Found: /preferences/" in said
    assert "A sign-up is challenged" in said
    assert "lovelace" not in said
    assert Subscriber.objects.get().status == Subscriber.Status.UNSUBSCRIBED
