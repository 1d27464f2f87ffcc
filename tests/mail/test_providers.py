"""What an email provider with an HTTP interface may answer."""

import time
from datetime import timedelta

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from mail.outcomes import AccountBroken, HandOverError, NotSent, Refused, RefusedForNow, Uncertain
from mail.transport import Mailer
from tests.mail.letters import READER, closed_port, hand_over, make_letter


def test_an_accepted_message_brings_the_provider_s_id(accepting_esp: HTTPServer) -> None:
    assert hand_over() == "provider-1"
    assert len(accepting_esp.log) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, RefusedForNow),
        (503, RefusedForNow),
        (401, AccountBroken),
        (402, AccountBroken),
        (403, AccountBroken),
        (400, Refused),
        (404, AccountBroken),
        (405, AccountBroken),
        (408, RefusedForNow),
        (409, Uncertain),
        (425, RefusedForNow),
        (413, Refused),
        (422, Refused),
        (500, Uncertain),
        (502, Uncertain),
        (504, Uncertain),
    ],
)
def test_a_status_of_the_provider_has_its_meaning(status: int, expected: type[HandOverError], esp: HTTPServer) -> None:
    answer = {"ErrorCode": 10, "Message": f"Something about {READER}"}
    esp.expect_request("/email").respond_with_json(answer, status=status)
    with pytest.raises(HandOverError) as caught:
        hand_over()
    assert type(caught.value) is expected
    assert str(caught.value) == f"HTTP {status} Something about …"


@pytest.mark.parametrize("address", ["account@example.org", "sender@example.org", "token.smith@example.org"])
def test_an_address_that_a_provider_repeats_is_not_about_the_account(address: str, esp: HTTPServer) -> None:
    answer = {"ErrorCode": 0, "Message": f"invalid recipient: {address}"}
    esp.expect_request("/email").respond_with_json(answer, status=400)
    with Mailer() as mailer, pytest.raises(Refused):
        mailer.hand_over(make_letter(to=address))


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("120", 120), ("0", 0), ("9" * 5000, None), ("Thu, 31 Dec 2099 00:00:00 GMT", 3600), ("soon", None), ("", None)],
)
def test_a_provider_says_how_long_to_wait_but_not_for_ever(asked: str, seconds: int | None, esp: HTTPServer) -> None:
    esp.expect_request("/email").respond_with_json({}, status=429, headers={"Retry-After": asked})
    with pytest.raises(RefusedForNow) as caught:
        hand_over()
    assert caught.value.retry_after == (None if seconds is None else timedelta(seconds=seconds))


def test_a_missing_key_is_for_a_person_to_mend(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.postmark.EmailBackend", {}
    with pytest.raises(AccountBroken, match=r"^AnymailConfigurationError$"):
        hand_over()


def test_a_page_in_place_of_an_answer_leaves_it_uncertain(esp: HTTPServer) -> None:
    esp.expect_request("/email").respond_with_data(f"<h1>Hello {READER}</h1>", content_type="text/html")
    with pytest.raises(Uncertain, match=r"^HTTP 200$"):
        hand_over()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (406, f"Found inactive addresses: {READER}. Inactive recipients are ones that have generated a hard bounce."),
        (300, f"Invalid 'To' address: '{READER}'."),
    ],
)
def test_a_recipient_the_provider_knows_better_is_refused(code: int, text: str, esp: HTTPServer) -> None:
    esp.expect_request("/email").respond_with_json({"ErrorCode": code, "Message": text}, status=422)
    with pytest.raises(Refused, match=r": AnymailRecipientsRefused$"):
        hand_over()


def test_a_provider_out_of_reach_is_not_sent(esp: HTTPServer, settings: Settings) -> None:
    settings.ANYMAIL = settings.ANYMAIL | {"POSTMARK_API_URL": f"http://127.0.0.1:{closed_port()}/"}
    with pytest.raises(NotSent, match=r"^no connection to the provider$"):
        hand_over()


def test_a_provider_that_does_not_answer_in_time_leaves_it_uncertain(esp: HTTPServer, settings: Settings) -> None:
    def slowly(_: Request) -> Response:
        time.sleep(0.5)
        return Response("{}")

    # A server of its own, which is waited for: on the shared one the answer would fall into another test.
    with HTTPServer(host="127.0.0.1") as slow:
        slow.expect_request("/email").respond_with_handler(slowly)
        settings.ANYMAIL = settings.ANYMAIL | {"REQUESTS_TIMEOUT": 0.1, "POSTMARK_API_URL": slow.url_for("/")}
        with pytest.raises(Uncertain, match=r"^no answer$"):
            hand_over()
