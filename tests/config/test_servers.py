import pytest
from django.core.exceptions import ImproperlyConfigured

from config.servers import check_addresses, check_database, check_mail_server, check_redis, check_sender, check_site

NAME = "PAPER_ROUTE_SERVER"


@pytest.mark.parametrize(
    "url",
    [
        "smtp://localhost:1025",
        "smtp://127.0.0.1",
        "smtp+tls://user:password@host.example:587",
        "smtp+tls://me@host.example:password@host.example:587",
        "smtp+ssl://user:p%23w%2Fd@[2001:db8::1]:465/",
        "smtps://user@host",
    ],
)
def test_a_mail_server_is_taken(url: str) -> None:
    check_mail_server(NAME, url)


@pytest.mark.parametrize(
    "url",
    [
        "foo",
        "smtp://",
        "smtp://localhost:abc",
        "smtp://localhost:99999",
        "smtp://localhost:0",
        "http://localhost",
        "smtp+tls://us@er:hidden#hidden@host:587",
        "smtp+tls://user:hidden/hidden@host:587",
        "smtp+tls://user:hidden?hidden@host:587",
        "smtp://[hidden",
        "smtp://host/hidden",
    ],
)
def test_what_is_no_mail_server_is_told_by_name_with_nothing_of_a_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{NAME} must look like smtp\+tls://") as caught:
        check_mail_server(NAME, url)
    assert "hidden" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize(
    "url", ["postgres://u:p@host:5432/name?sslmode=require", "postgresql:///name", "sqlite:////tmp/name", "sqlite://"]
)
def test_a_database_is_taken(url: str) -> None:
    check_database(NAME, url)


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://u:hidden@host/name", "postgres://host", "postgres://u:hid#den@h/n"]
)
def test_what_is_no_database_is_told(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{NAME} must look like postgres://"):
        check_database(NAME, url)


def test_redis_is_taken_with_its_scheme_only() -> None:
    check_redis(NAME, "rediss://:p@host:6379/0")
    for url in ("localhost:6379", "host", "redis://", "http://host", "redis://host:x"):
        with pytest.raises(ImproperlyConfigured, match=rf"^{NAME} must look like redis://"):
            check_redis(NAME, url)


@pytest.mark.parametrize(
    "sender", ["a@b.org", "A B <a@b.org>", '"B, A" <a@b.org>', "Ä <a@bücher.example>", "a@localhost"]
)
def test_a_sender_is_taken(sender: str) -> None:
    check_sender(NAME, sender)


@pytest.mark.parametrize(
    "sender",
    [
        *("", "nonsense", "A <b@c", "A b@c>", "a@", "@b.org", "a@b..org", "<a@b.org> <c@d.org>"),
        *("B, A <a@b.org>", "News: today <a@b.org>", "A <ä@b.org>", "A\n<a@b.org>", "A <a@b.org>\n"),
    ],
)
def test_what_is_no_sender_is_told(sender: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{NAME} must hold one address"):
        check_sender(NAME, sender)


def test_each_of_several_addresses_must_be_one() -> None:
    check_addresses(NAME, [])
    check_addresses(NAME, ["a@b.org", "c@localhost"])
    for wrong in ("foo", "", "A <a@b.org>"):
        with pytest.raises(ImproperlyConfigured, match=rf"^{NAME} must be addresses"):
            check_addresses(NAME, ["a@b.org", wrong])


@pytest.mark.parametrize(
    "url", ["https://papers.example", "http://localhost:65535", "https://xn--ppers-fra.example", "http://[::1]:8000"]
)
def test_a_site_is_taken(url: str) -> None:
    check_site(NAME, url)


@pytest.mark.parametrize(
    "url",
    [
        *("", "papers.example", "ftp://papers.example", "https://", "https://pâpers.example", "https://a b"),
        *("https://papers.example/sub", "https://papers.example?x=1", "https://u:p@papers.example"),
        *("https://papers.example:99999", "https://papers.example#x", "https://papers.example\n"),
    ],
)
def test_what_is_more_or_less_than_a_site_is_told(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{NAME} must be an http or https address"):
        check_site(NAME, url)
