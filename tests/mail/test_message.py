import re
from email.utils import parseaddr

import pytest
from django.core import mail
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from mail.message import Body, Message, render_body
from mail.outcomes import Refused
from mail.transport import Mailer
from tests.conftest import MailServer
from tests.letters import read_mail, text_of
from tests.mail.letters import make_letter

UNSUBSCRIBE_URL = "https://papers.example/u/7.abc.sig"
LIST_HEADERS = {"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"}
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
INJECTIONS = [
    "Papers\r\nBcc: victim@example.org",
    "Papers\nBcc: victim@example.org",
    "Papers\rBcc: victim@example.org",
    "Papers\r\n\r\nA body of my own",
    "Papers\u202egnp.exe",
    "Papers\u2066 and \u2069more\u061c",
    "Papers\x00\x1b[2J\x7f\x85",
    "Papers\u2028Bcc: victim@example.org",
]


def send(message: Message) -> None:
    with Mailer() as mailer:
        mailer.hand_over(message)


def headers_of(message: Message) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in read_mail(message.message().as_bytes()).items()]


def test_a_message_says_the_same_in_text_and_html() -> None:
    letter = read_mail(make_letter().message().as_bytes())
    assert letter.get_content_type() == "multipart/alternative"
    assert text_of(letter) == "One paper.\n"
    assert "<p>One paper.</p>" in text_of(letter, "html")


def test_a_message_comes_from_its_sender_and_is_answered_elsewhere(settings: Settings) -> None:
    settings.REPLY_TO = "people@papers.example"
    headers = dict(headers_of(make_letter()))
    assert headers["From"] == "Paper Route <digest@papers.example>"
    assert headers["To"] == "reader@example.org"
    assert headers["Reply-To"] == "people@papers.example"


def test_the_reference_is_its_identity_everywhere() -> None:
    message = make_letter(reference="delivery-7")
    names = [value for name, value in headers_of(message) if name == "Message-ID"]
    assert names == ["<delivery-7@papers.example>"]
    assert message.reference == "delivery-7"
    assert message.metadata == {"reference": "delivery-7"}
    assert message.tags == ["daily"]


def test_making_a_message_again_changes_no_header_but_the_date_of_sending() -> None:
    def lasting(message: Message) -> list[tuple[str, str]]:
        return [(name, value) for name, value in headers_of(message) if name not in {"Date", "Content-Type"}]

    assert lasting(make_letter()) == lasting(make_letter())


def test_machines_are_told_not_to_answer() -> None:
    headers = dict(headers_of(make_letter()))
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "OOF, AutoReply"


def test_list_mail_can_be_left_with_one_click() -> None:
    headers = headers_of(make_letter(unsubscribe_url=UNSUBSCRIBE_URL))
    assert [name for name, _ in headers if name in LIST_HEADERS] == [
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
    ]
    assert ("List-Unsubscribe", f"<{UNSUBSCRIBE_URL}>") in headers
    assert ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") in headers
    assert dict(headers)["List-Id"].endswith("<daily.papers.example>")


def test_mail_that_is_no_list_mail_has_no_list_headers() -> None:
    assert not LIST_HEADERS & {name for name, _ in headers_of(make_letter())}


def test_a_long_unsubscribe_link_arrives_in_one_piece(mail_server: MailServer) -> None:
    url = f"https://papers.example/u/{'x' * 400}"
    send(make_letter(unsubscribe_url=url))
    letter = read_mail(mail_server.received[0].content)
    assert "".join(str(letter["List-Unsubscribe"]).split()) == f"<{url}>"


@pytest.mark.parametrize("text", INJECTIONS)
def test_smtp_gets_one_line_for_each_header(text: str, mail_server: MailServer) -> None:
    send(make_letter(subject=text, sender=f'"{text}" <digest@papers.example>'))
    envelope = mail_server.received[0]
    letter = read_mail(envelope.content)
    assert envelope.rcpt_tos == ["reader@example.org"]
    assert letter["Bcc"] is None
    assert str(letter["Subject"]).startswith("Papers")
    assert not any(CONTROLS.search(str(value)) for value in letter.values())
    assert text_of(letter).splitlines() == ["One paper."]


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_provider_gets_one_line_for_each_header(text: str, accepting_esp: HTTPServer) -> None:
    send(
        make_letter(
            subject=text,
            sender=f'"{text}" <digest@papers.example>',
            reference=text,
            unsubscribe_url=f"{UNSUBSCRIBE_URL}{text}",
        )
    )
    posted = accepting_esp.log[0][0].get_json()
    headers = {header["Name"]: header["Value"] for header in posted["Headers"]}
    assert headers.keys() >= LIST_HEADERS
    assert posted["To"] == "reader@example.org"
    assert "Bcc" not in posted
    assert posted["Subject"].startswith("Papers")
    assert parseaddr(posted["From"])[1] == "digest@papers.example"
    in_headers = [posted["Subject"], posted["From"], posted["To"], posted["ReplyTo"], *headers.values()]
    assert not any(CONTROLS.search(value) for value in in_headers)


def test_a_provider_gets_what_smtp_gets(accepting_esp: HTTPServer) -> None:
    send(make_letter(unsubscribe_url=UNSUBSCRIBE_URL))
    posted = accepting_esp.log[0][0].get_json()
    headers = {header["Name"]: header["Value"] for header in posted["Headers"]}
    assert posted["Subject"] == "Papers of today"
    assert posted["From"] == "Paper Route <digest@papers.example>"
    assert posted["TextBody"] == "One paper.\n"
    assert "<p>One paper.</p>" in posted["HtmlBody"]
    assert posted["Metadata"] == {"reference": "delivery-1"}
    assert posted["Tag"] == "daily"
    assert headers["Message-ID"] == "<delivery-1@papers.example>"
    assert headers["List-Unsubscribe"] == f"<{UNSUBSCRIBE_URL}>"
    assert "reader@example.org" not in str(posted["Metadata"]) + posted["Tag"]


def test_any_provider_gets_the_same_parameters(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    send(make_letter(subject=INJECTIONS[0], unsubscribe_url=UNSUBSCRIBE_URL))
    parameters = vars(mail.outbox[0])["anymail_test_params"]
    assert parameters["subject"] == "Papers Bcc: victim@example.org"
    assert parameters["metadata"] == {"reference": "delivery-1"}
    assert parameters["tags"] == ["daily"]
    assert parameters["extra_headers"]["List-Unsubscribe"] == f"<{UNSUBSCRIBE_URL}>"
    assert "track_opens" not in parameters
    assert "track_clicks" not in parameters


@pytest.mark.parametrize(
    "to", ["reader@example.org\r\nBcc: victim@example.org", "reader@example.org\n", "a@b.example, c@d.example"]
)
def test_smtp_gets_no_recipient_that_is_not_one_address(to: str, mail_server: MailServer) -> None:
    with pytest.raises(Refused):
        send(make_letter(to=to))
    assert mail_server.received == []


@pytest.mark.parametrize(
    "to", ["reader@example.org\r\nBcc: victim@example.org", "reader@example.org\n", "a@b.example, c@d.example"]
)
def test_a_provider_gets_no_recipient_that_is_not_one_address(to: str, accepting_esp: HTTPServer) -> None:
    with pytest.raises(Refused):
        send(make_letter(to=to))
    assert accepting_esp.log == []


def test_a_name_outside_ascii_arrives_readable(mail_server: MailServer) -> None:
    send(make_letter(subject="Études du jour: ∇-flows", sender="Päper Röute <digest@papers.example>"))
    letter = read_mail(mail_server.received[0].content)
    assert str(letter["Subject"]) == "Études du jour: ∇-flows"
    assert str(letter["From"]) == "Päper Röute <digest@papers.example>"


def test_no_line_is_longer_than_mail_may_have(mail_server: MailServer) -> None:
    message = make_letter(body=Body(subject="word " * 100, text="x" * 5000, html="<p>x</p>"))
    send(message)
    content = mail_server.received[0].content
    assert isinstance(content, bytes)
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert text_of(read_mail(content)).strip() == "x" * 5000


def test_a_mail_is_rendered_from_its_three_templates() -> None:
    context: dict[str, object] = {
        "confirm_url": "https://papers.example/confirm/7-a.b.c",
        "valid_days": 7,
        "site_url": "https://papers.example",
        "postal_address": "1 Rue de l'Étang & Cie",
    }
    body = render_body("confirmation", context)
    assert body.subject.strip()
    assert "https://papers.example/confirm/7-a.b.c" in body.text
    assert "1 Rue de l'Étang & Cie" in body.text
    assert body.text.endswith("\n")
    assert not body.text.startswith("\n")
    assert 'href="https://papers.example/confirm/7-a.b.c"' in body.html
    assert "1 Rue de l&#x27;Étang &amp; Cie" in body.html
