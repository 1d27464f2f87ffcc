from dataclasses import replace

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from mail.headers import ListMail
from mail.message import Body, Message, render_body
from mail.transport import Mailer
from tests.conftest import MailServer
from tests.letters import read_mail, text_of
from tests.mail.letters import LIST_MAIL, make_letter

# Each once, and nothing else but what says what is in the message.
OF_ALL_MAIL = ["From", "To", "Reply-To", "Subject", "Message-ID", "Date", "Auto-Submitted"]
OF_ALL_MAIL += ["X-Auto-Response-Suppress", "Feedback-ID"]
OF_LISTS = ["List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Archive", "List-Post"]
MIME = {"MIME-Version", "Content-Type"}


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


def test_list_mail_says_which_list_it_is_of_and_how_to_leave_it(settings: Settings) -> None:
    settings.REPLY_TO = "People <people+us@papers.example>"
    headers = dict(headers_of(make_letter(list_mail=LIST_MAIL)))
    assert {name: headers[name] for name in OF_LISTS} == {
        "List-Id": "Paper Route digest <daily.papers.example>",
        "List-Unsubscribe": f"<{LIST_MAIL.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Help": "<mailto:people%2Bus@papers.example?subject=help>",
        "List-Archive": f"<{LIST_MAIL.archive_url}>",
        "List-Post": "NO",
    }


@pytest.mark.parametrize(("list_mail", "expected"), [(None, OF_ALL_MAIL), (LIST_MAIL, [*OF_ALL_MAIL, *OF_LISTS])])
def test_every_header_stands_there_once(list_mail: ListMail | None, expected: list[str]) -> None:
    message = make_letter(list_mail=list_mail)
    for content in (message.message().as_bytes(), message.mime_bytes()):
        names = [name for name in read_mail(content).keys() if name not in MIME]  # noqa: SIM118  with doubles
        assert sorted(names) == sorted(expected)


def test_complaints_are_counted_by_edition_and_list_but_not_by_reader() -> None:
    one, other = (
        make_letter(list_mail=LIST_MAIL),
        make_letter(
            to="other@example.org",
            reference="delivery-2",
            list_mail=replace(LIST_MAIL, unsubscribe_url="https://p.example/u"),
        ),
    )
    assert {message.extra_headers["Feedback-ID"] for message in (one, other)} == {
        "2026-11-23:daily:digest:papersexample"
    }


def test_complaints_about_letters_are_counted_apart() -> None:
    assert make_letter(tag="opt-in").extra_headers["Feedback-ID"] == "opt-in:none:letter:papersexample"


@pytest.mark.parametrize(
    ("domain", "sender_id"),
    [
        ("papers.example", "papersexample"),
        ("Papers.Example", "papersexample"),
        ("news.institute.university.example", "newsinstituteun"),
        ("x.io", "xio00"),
        ("bücher.example", "xnbcherkvaexamp"),
    ],
)
def test_the_sender_is_known_to_gmail_by_its_domain(domain: str, sender_id: str) -> None:
    message = make_letter(sender=f"Paper Route <digest@{domain}>")
    assert message.extra_headers["Feedback-ID"].rpartition(":")[2] == sender_id


def test_a_domain_outside_ascii_stands_in_no_header_as_it_is(mail_server: MailServer) -> None:
    send(make_letter(sender="Bücher <digest@bücher.example>", list_mail=LIST_MAIL))
    letter = read_mail(mail_server.received[0].content)
    assert letter["From"].addresses[0].addr_spec == "digest@xn--bcher-kva.example"
    assert letter["Message-ID"] == "<delivery-1@xn--bcher-kva.example>"
    assert letter["List-Id"] == "Paper Route digest <daily.xn--bcher-kva.example>"
    assert mail_server.received[0].mail_from == "digest@xn--bcher-kva.example"


def test_a_long_unsubscribe_link_arrives_in_one_piece(mail_server: MailServer) -> None:
    url = f"https://papers.example/u/{'x' * 870}"
    send(make_letter(list_mail=replace(LIST_MAIL, unsubscribe_url=url)))
    content = mail_server.received[0].content
    assert isinstance(content, bytes)
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in content


@pytest.mark.parametrize(
    "url",
    [
        f"https://papers.example/u/{'x' * 900}",
        "https://papers.example/u/a b",
        "https://papers.example/u/a>,<https://other.example/",
        "https://papers.example/u/ü",
        "https://papers.example/u/x\n",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_link_that_no_header_can_hold_is_an_error_and_no_broken_link(url: str) -> None:
    for broken in (replace(LIST_MAIL, unsubscribe_url=url), replace(LIST_MAIL, archive_url=url)):
        with pytest.raises(ValueError, match=r"^a name or link that no header may hold$"):
            make_letter(list_mail=broken)


@pytest.mark.parametrize("sender", ["Paper Route", "digest@", "@papers.example", ""])
def test_a_sender_without_an_address_is_an_error(sender: str) -> None:
    with pytest.raises(ValueError, match="without an address"):
        make_letter(sender=sender)


def test_a_provider_gets_what_smtp_gets(accepting_esp: HTTPServer) -> None:
    send(make_letter(list_mail=LIST_MAIL))
    posted = accepting_esp.log[0][0].get_json()
    headers = {header["Name"]: header["Value"] for header in posted["Headers"]}
    assert posted["Subject"] == "Papers of today"
    assert posted["From"] == "Paper Route <digest@papers.example>"
    assert posted["TextBody"] == "One paper.\n"
    assert "<p>One paper.</p>" in posted["HtmlBody"]
    assert posted["Metadata"] == {"reference": "delivery-1"}
    assert posted["Tag"] == "daily"
    assert headers["Message-ID"] == "<delivery-1@papers.example>"
    assert headers["List-Unsubscribe"] == f"<{LIST_MAIL.unsubscribe_url}>"
    assert "reader@example.org" not in str(posted["Metadata"]) + posted["Tag"]


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
