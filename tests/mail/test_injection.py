"""Nothing that ends a header, hides in it or turns its direction leaves in one, whoever carries the mail."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from mail.message import Message
from mail.outcomes import Refused
from mail.transport import Mailer
from tests.conftest import MailServer
from tests.letters import read_mail, text_of
from tests.mail.letters import LIST_MAIL, READER, make_letter
from tests.mail.providers import PROVIDERS, Provider, serve, words_in

# Anymail no longer tests SendGrid and says so; what it sends is seen here.
pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
INJECTIONS = [
    "Papers\r\nBcc: victim@example.org",
    "Papers\nBcc: victim@example.org",
    "Papers\rBcc: victim@example.org",
    "Papers\r\n\r\nA body of my own",
    "Papers\u202egnp.exe",
    "Papers\u2066 and \u2069more\u061c",
    "Papers\x00\x1b[2J\x7f\x85",
    "Papers\u0085Bcc: victim@example.org",
    "Papers\u2028Bcc: victim@example.org",
]
# Where what is said reaches a header: words are made fit.
WORDS: dict[str, Callable[[str], Message]] = {
    "subject": lambda text: make_letter(subject=text, list_mail=LIST_MAIL),
    "name": lambda text: make_letter(sender=f'"{text}" <digest@papers.example>', list_mail=LIST_MAIL),
}
# Names and links would mean something else: there is no message with them.
EXACT: dict[str, Callable[[str], Message]] = {
    "reference": lambda text: make_letter(reference=text),
    "tag": lambda text: make_letter(tag=text),
    "edition": lambda text: make_letter(list_mail=replace(LIST_MAIL, edition=text)),
    "link to leave": lambda text: make_letter(
        list_mail=replace(LIST_MAIL, unsubscribe_url=f"https://x.example/{text}")
    ),
    "link to the archive": lambda text: make_letter(
        list_mail=replace(LIST_MAIL, archive_url=f"https://x.example/{text}")
    ),
}
NO_ADDRESS = [*INJECTIONS, *(f"reader@example.org{text}" for text in INJECTIONS)]
NO_ADDRESS += ["reader@example.org\n", "a@b.example, c@d.example", "Reader <reader@example.org>"]


def send(message: Message) -> None:
    with Mailer() as mailer:
        mailer.hand_over(message)


@pytest.fixture(params=PROVIDERS, ids=lambda provider: provider.name)
def provider(request: pytest.FixtureRequest, settings: Settings, httpserver: HTTPServer) -> Provider:
    """Each provider in turn, with `httpserver` in its place."""
    chosen: Provider = request.param
    serve(chosen, settings, httpserver)
    return chosen


def test_a_provider_is_told_all_that_list_mail_must_say(provider: Provider, httpserver: HTTPServer) -> None:
    message = make_letter(list_mail=LIST_MAIL, sender="Päper Röute <digest@papers.example>")
    send(message)
    ((request, _),) = httpserver.log
    told = [word for _, word in words_in(request)]
    for name, value in message.extra_headers.items():
        assert value in told
        assert any(word.lower().removeprefix("h:") == name.lower() for word in told)
    assert {READER, message.subject, message.body, message.alternatives[0].content} <= set(told)
    assert any("Päper Röute" in word for word in told)


@pytest.mark.parametrize("place", WORDS)
def test_a_provider_is_told_words_on_one_line(place: str, provider: Provider, httpserver: HTTPServer) -> None:
    for text in INJECTIONS:
        send(WORDS[place](text))
    for request, _ in httpserver.log:
        told = [
            word for _, word in words_in(request) if word not in {"One paper.\n", "<!doctype html><p>One paper.</p>"}
        ]
        assert any("Papers" in word for word in told)
        assert not any(CONTROLS.search(word) for word in told)
        assert "victim@example.org" not in told
    assert len(httpserver.log) == len(INJECTIONS)


@pytest.mark.parametrize("to", NO_ADDRESS)
def test_a_provider_is_told_no_recipient_that_is_not_one_address(
    to: str, provider: Provider, httpserver: HTTPServer
) -> None:
    with pytest.raises(Refused, match="not one address"):
        send(make_letter(to=to))
    assert httpserver.log == []


@pytest.mark.parametrize("place", EXACT)
@pytest.mark.parametrize("text", INJECTIONS)
def test_there_is_no_message_with_a_name_or_link_that_no_header_may_hold(place: str, text: str) -> None:
    with pytest.raises(ValueError, match="no header may hold"):
        EXACT[place](text)


@pytest.mark.parametrize("place", WORDS)
@pytest.mark.parametrize("text", INJECTIONS)
def test_smtp_gets_one_line_for_each_header(place: str, text: str, mail_server: MailServer) -> None:
    send(WORDS[place](text))
    (envelope,) = mail_server.received
    assert envelope.rcpt_tos == [READER]
    content_is_as_it_should(envelope.content)


@pytest.mark.parametrize("place", WORDS)
@pytest.mark.parametrize("text", INJECTIONS)
def test_a_file_has_one_line_for_each_header(place: str, text: str, outbox: Path) -> None:
    send(WORDS[place](text))
    content_is_as_it_should((outbox / "delivery-1.eml").read_bytes())


def content_is_as_it_should(content: bytes | str | None) -> None:
    letter = read_mail(content)
    assert letter["Bcc"] is None
    assert "Papers" in str(letter["Subject"]) + str(letter["From"])
    assert not any(CONTROLS.search(str(value)) for value in letter.values())
    assert text_of(letter).splitlines() == ["One paper."]


@pytest.mark.parametrize("to", NO_ADDRESS)
def test_smtp_gets_no_recipient_that_is_not_one_address(to: str, mail_server: MailServer) -> None:
    with pytest.raises(Refused, match="not one address"):
        send(make_letter(to=to))
    assert mail_server.received == []
