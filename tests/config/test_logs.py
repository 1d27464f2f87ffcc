import logging

import pytest
from django.conf import settings
from django.test import Client

from config.logs import TokenFilter
from subscribers.links import preferences_url
from tests.factories import NOW, make_reader


@pytest.mark.django_db
def test_a_token_of_a_request_that_went_wrong_is_not_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    url = preferences_url(make_reader(), NOW)
    token = url.rsplit("/", 1)[1]
    caplog.handler.addFilter(TokenFilter())
    with caplog.at_level("DEBUG"):
        client.post(url.removeprefix(settings.SITE_URL), {"size": "500"})
        client.put(url.removeprefix(settings.SITE_URL))
    assert "/preferences/…" in caplog.text
    assert token not in caplog.text


def test_the_filter_stands_before_every_handler() -> None:
    handlers = settings.LOGGING["handlers"]
    assert all("tokens" in handler["filters"] for handler in handlers.values())


def test_what_is_not_a_token_stays() -> None:
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s of %s: %d", ("/papers/12/", "/search/?q=u", 3), None)
    assert TokenFilter().filter(record)
    assert record.getMessage() == "/papers/12/ of /search/?q=u: 3"
