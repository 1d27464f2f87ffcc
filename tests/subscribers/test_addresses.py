import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from subscribers.addresses import AddressRefused, clean_address, fingerprint


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("reader@example.org", "reader@example.org"),
        ("  reader@example.org\n", "reader@example.org"),
        ("Ada.Lovelace+papers@Example.ORG", "Ada.Lovelace+papers@example.org"),
        # The mail server is asked for this name; Django on its own would ask for strasse.de, which is somebody else.
        ("reader@straße.de", "reader@xn--strae-oqa.de"),
        ("reader@BÜCHER.example.com", "reader@xn--bcher-kva.example.com"),
    ],
)
def test_an_address_is_kept_as_mail_is_delivered_to_it(typed: str, cleaned: str) -> None:
    assert clean_address(typed) == cleaned


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "reader",
        "reader@",
        "@example.org",
        "reader@localhost",
        "reader@[127.0.0.1]",
        "a@example.org, b@example.org",
        "Ada <ada@example.org>",
        '"a b"@example.org',
        "reader@example.org\r\nBcc: other@example.org",
        "rea\u202eder@example.org",
        "rea\x00der@example.org",
        "jürgen@example.org",
        "x" * 250 + "@example.org",
    ],
)
def test_what_mail_cannot_be_sent_to_is_refused_with_a_sentence_for_the_person(typed: str) -> None:
    with pytest.raises(AddressRefused, match=r"^[A-Z].+\.$"):
        clean_address(typed)


@given(st.emails() | st.text() | st.builds("{}@example.org".format, st.text()))
def test_whatever_is_typed_is_refused_or_becomes_one_plain_address(typed: str) -> None:
    try:
        cleaned = clean_address(typed)
    except AddressRefused:
        return
    assert cleaned.isascii()
    assert cleaned.isprintable()
    assert not any(character in cleaned for character in ' ,<>"')
    assert clean_address(cleaned) == cleaned


def test_a_fingerprint_does_not_change_with_case_or_white_space() -> None:
    assert fingerprint("Reader@Example.org ") == fingerprint("reader@example.org")
    assert fingerprint("reader@example.org") != fingerprint("reader2@example.org")


def test_a_fingerprint_cannot_be_made_without_the_key(settings: Settings) -> None:
    ours = fingerprint("reader@example.org")
    settings.SUPPRESSION_KEY = "another"
    assert fingerprint("reader@example.org") != ours
    assert len(ours) == 64


def test_a_fingerprint_does_not_depend_on_how_an_accent_is_written() -> None:
    assert fingerprint("ju\u0308rgen@example.org") == fingerprint("jürgen@example.org")
