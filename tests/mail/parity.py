"""What every form of one message must agree on."""

from django.utils.encoding import punycode

from mail.message import Message
from tests.letters import read_mail, text_of

# The longest line of a mail, without its end (RFC 5322, 2.1.1), and of quoted-printable text (RFC 2045, 6.7).
LONGEST, LONGEST_QUOTED = 998, 76
# Each form says this of itself.
OF_FORM = {"Content-Type", "MIME-Version"}


def every_form_says_the_same(message: Message) -> None:
    """SMTP and files get bytes, Amazon what Django makes of the parts, other providers the parts."""
    ((html, _),) = message.alternatives
    own, usual = message.mime_bytes(), message.message().as_bytes(linesep="\r\n")
    # Python begins a long header on a line of its own, and reads it with the blank before it.
    for content in (own, usual):
        needs_no_change_on_its_way(content)
        read = read_mail(content)
        assert text_of(read) == as_mail_has_it(str(message.body))
        assert text_of(read, "html") == as_mail_has_it(str(html))
        assert str(read["Subject"]) == message.subject
        assert str(read["To"]) == in_ascii(message.to[0])
        for name, value in message.extra_headers.items():
            assert [str(one).strip() for one in read.get_all(name) or []] == [value]
    assert headers_in(own) == headers_in(usual)


def headers_in(content: bytes) -> list[tuple[str, str]]:
    """The headers, sorted; one that stands there twice, twice."""
    return sorted((name, str(value).strip()) for name, value in read_mail(content).items() if name not in OF_FORM)


def needs_no_change_on_its_way(content: bytes) -> None:
    """ASCII without control characters, in short lines that all end in one way."""
    head, _, body = content.partition(b"\r\n\r\n")
    assert content.isascii()
    assert not set(content.replace(b"\r\n", b"")) & {*range(9), *range(10, 32), 127}
    assert max(map(len, head.split(b"\r\n"))) <= LONGEST
    assert max(map(len, body.split(b"\r\n"))) <= LONGEST_QUOTED


def as_mail_has_it(text: str) -> str:
    """`text` with the only kind of line end that text in mail can have."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def in_ascii(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{punycode(domain)}"
