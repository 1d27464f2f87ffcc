import logging
import sys
import time
from collections.abc import Iterable, Iterator

import pytest
from django.conf import settings
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from config.logs import PrivateFormatter, private
from config.urls import urlpatterns as shipped
from subscribers.links import preferences_url
from subscribers.models import Subscriber
from tests.factories import NOW, make_reader


def break_with_an_address(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("no such mailbox: Ada.Lovelace+news@example.org")


urlpatterns = [path("broken/", break_with_an_address), *shipped]


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What a log has of a record, as the shipped handlers write it."""
    caplog.handler.setFormatter(PrivateFormatter("{levelname} {name} {message}", style="{"))
    return caplog


@pytest.mark.django_db
def test_a_token_of_a_request_that_went_wrong_is_not_in_the_log(
    client: Client, written: pytest.LogCaptureFixture
) -> None:
    url = preferences_url(make_reader(), NOW)
    token = url.rsplit("/", 1)[1]
    with written.at_level("DEBUG"):
        client.post(url.removeprefix(settings.SITE_URL), {"size": "500"})
        client.put(url.removeprefix(settings.SITE_URL))
    assert "/preferences/…" in written.text
    assert token not in written.text


@pytest.mark.django_db
@pytest.mark.urls("tests.config.test_logs")
def test_neither_the_page_nor_the_log_of_an_error_has_the_address_in_it(
    client: Client, written: pytest.LogCaptureFixture, settings: Settings
) -> None:
    assert not settings.DEBUG
    client.raise_request_exception = False
    answer = client.get("/broken/?q=Ada.Lovelace%2Bnews%40example.org")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "Traceback" in written.text
    for text in (answer.text, written.text):
        assert "ovelace" not in text
        assert "example.org" not in text


@pytest.mark.django_db
def test_what_the_database_says_of_a_row_is_not_in_the_log(written: pytest.LogCaptureFixture) -> None:
    make_reader(email="ada@example.org")
    try:
        Subscriber.objects.create(email="ADA@example.org", created_at=NOW)
    except IntegrityError:
        logging.getLogger("newsletter").exception("It failed for %s", "ada@example.org")
    assert "It failed for …@…" in written.text
    assert "Traceback" in written.text
    assert "ada@example.org" not in written.text.lower()


def test_every_handler_writes_privately() -> None:
    formatters = settings.LOGGING["formatters"]
    written_by = [formatters[handler["formatter"]]["()"] for handler in settings.LOGGING["handlers"].values()]
    assert written_by == ["config.logs.PrivateFormatter"]
    assert settings.LOGGING["loggers"]["django.server"]["handlers"] == []


@pytest.mark.parametrize(
    "line",
    [
        "to ada@example.org",
        '<ada@example.org>, "Ada" <ada@localhost>',
        "DETAIL:  Key (lower(email::text))=(ada@example.org) already exists.",
        "GET /admin/subscribers/subscriber/?q=ada%40example.org&p=1",
        "{'ada@sub.example.org': (550, b'no')}",
        "ada+label@example.org,ada@[127.0.0.1]",
        "ADA@EXAMPLE.ORG",
    ],
)
def test_an_address_is_cut_out_wherever_it_stands(line: str) -> None:
    assert "ada" not in private(line).lower().replace('ada" <', "")


def test_what_is_neither_token_nor_address_stays() -> None:
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s of %s: %d", ("/papers/12/", "/search/?q=u", 3), None)
    formatter = PrivateFormatter("{levelname} {message}", style="{")
    assert formatter.format(record) == "INFO /papers/12/ of /search/?q=u: 3"
    assert private("  @wraps(view)\n@shared_task 5 @ 7 %20") == "  @wraps(view)\n@shared_task 5 @ 7 %20"


def test_an_exception_keeps_its_lines_and_its_type() -> None:
    try:
        raise ValueError("ada@example.org is odd")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "failed", (), sys.exc_info())
    text = PrivateFormatter().format(record)
    assert text.endswith("ValueError: …@… is odd")
    assert "test_logs.py" in text


@given(st.text(), st.emails(), st.text())
def test_no_address_is_left_in_any_text(before: str, address: str, after: str) -> None:
    assert address not in private(f"{before} {address} {after}")


def test_a_very_long_line_is_written_at_once() -> None:
    started = time.perf_counter()
    private("a" * 300_000)
    assert time.perf_counter() - started < 2


def routes(patterns: Iterable[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def test_the_token_of_every_address_that_has_one_is_cut_out() -> None:
    with_token = [route for route in routes(get_resolver().url_patterns) if "<token>" in route]
    assert len(with_token) > 10
    for route in with_token:
        line = private(f"Not Found: {route.replace('<token>', '12-0.tp0zqp.JihrJYm8tWL9ZrQUlMbL')}")
        assert "JihrJYm8tWL9ZrQUlMbL" not in line, route
